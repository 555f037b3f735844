/** Where the photo lies on the canvas: `scale` pixels of the canvas for one of the photo, its top left corner at x, y. */

const MOST = 40; // pixels of the canvas for one of the photo

export class Viewport {
  constructor() {
    this.canvas = { width: 1, height: 1 };
    this.photo = { width: 1, height: 1 };
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    /** Whether all of the photo is to be seen, whatever size the canvas takes. */
    this.fitted = true;
    /** Pixels of the canvas kept free around a photo that is seen whole. */
    this.free = { side: 0, top: 0, bottom: 0 };
  }

  /** @param {{width: number, height: number}} canvas @param {{side: number, top: number, bottom: number}} free */
  resize(canvas, free) {
    this.free = free;
    const middle = this.toPhoto(this.canvas.width / 2, this.canvas.height / 2);
    this.canvas = canvas;
    if (this.fitted) this.fit();
    else this.#place(middle, canvas.width / 2, canvas.height / 2);
  }

  /** @param {{width: number, height: number}} photo @returns {boolean} whether that is another size */
  show(photo) {
    const another = photo.width !== this.photo.width || photo.height !== this.photo.height;
    this.photo = photo;
    return another;
  }

  get fitScale() {
    const { canvas, photo, free } = this;
    return Math.max(1e-3, Math.min((canvas.width - 2 * free.side) / photo.width, (canvas.height - free.top - free.bottom) / photo.height));
  }

  /** Shows all of the photo. */
  fit() {
    this.fitted = true;
    this.scale = this.fitScale;
    this.#place({ x: this.photo.width / 2, y: this.photo.height / 2 }, this.canvas.width / 2, this.canvas.height / 2);
  }

  /** Zooms to a scale; what lies at u, v of the canvas stays there. @param {number} scale @param {number} u @param {number} v */
  zoomTo(scale, u, v) {
    const place = this.toPhoto(u, v);
    const least = Math.min(this.fitScale, 1);
    this.scale = Math.min(Math.max(scale, least), Math.max(MOST, this.fitScale));
    this.fitted = this.scale === this.fitScale;
    if (this.fitted) this.fit();
    else this.#place(place, u, v);
  }

  /** @param {number} du @param {number} dv  pixels of the canvas */
  pan(du, dv) {
    if (!this.canPan) return;
    this.x += du;
    this.y += dv;
    this.#hold();
  }

  /** Whether the photo is larger than the canvas. */
  get canPan() {
    return this.photo.width * this.scale > this.canvas.width + 1 || this.photo.height * this.scale > this.canvas.height + 1;
  }

  /** A place of the canvas, on the photo. @param {number} u @param {number} v */
  toPhoto(u, v) {
    return { x: (u - this.x) / this.scale, y: (v - this.y) / this.scale };
  }

  /** From pixels of the canvas to pixels of the photo, row by row. */
  get matrix() {
    const { scale, x, y } = this;
    return [1 / scale, 0, -x / scale, 0, 1 / scale, -y / scale, 0, 0, 1];
  }

  /** What is seen of the photo, in pixels of the canvas. */
  get seen() {
    const { x, y, scale, photo, canvas } = this;
    return {
      left: Math.max(0, x),
      top: Math.max(0, y),
      right: Math.min(canvas.width, x + photo.width * scale),
      bottom: Math.min(canvas.height, y + photo.height * scale),
    };
  }

  /** A part of the photo, on the canvas. @param {import("./gl.js").Rect} rect @returns {import("./gl.js").Rect} */
  onCanvas({ left, top, right, bottom }) {
    const { x, y, scale } = this;
    return { left: x + left * scale, top: y + top * scale, right: x + right * scale, bottom: y + bottom * scale };
  }

  /** Puts a place of the photo at u, v of the canvas. @param {{x: number, y: number}} place @param {number} u @param {number} v */
  #place({ x, y }, u, v) {
    this.x = u - x * this.scale;
    this.y = v - y * this.scale;
    this.#hold();
  }

  /** A photo seen whole stays in the middle, a larger one covers the canvas, any other stays on it; on whole pixels, to be sharp. */
  #hold() {
    const { canvas, photo, scale, free, fitted } = this;
    const hold = (/** @type {number} */ at, /** @type {number} */ long, /** @type {number} */ room, /** @type {number} */ before, /** @type {number} */ after) =>
      Math.round(fitted ? before + (room - before - after - long) / 2 : Math.min(Math.max(at, Math.min(0, room - long)), Math.max(0, room - long)));
    this.x = hold(this.x, photo.width * scale, canvas.width, 0, 0);
    this.y = hold(this.y, photo.height * scale, canvas.height, free.top, free.bottom);
  }
}
