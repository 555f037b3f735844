/**
 * Where the picture lies on the canvas: `scale` pixels of the canvas for one of the picture, its top left corner at x, y. The
 * picture is the photo, or what a scene's frame makes of it: straightened, cropped, of another size.
 */

import { inverse } from "./scene.js";

const MOST = 40; // pixels of the canvas for one of the picture

export class Viewport {
  constructor() {
    this.canvas = { width: 1, height: 1 };
    this.picture = { width: 1, height: 1 };
    /** From pixels of the picture to pixels of the photo, two rows. */
    this.placement = [1, 0, 0, 0, 1, 0];
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    /** Whether all of the picture is to be seen, whatever size the canvas takes. */
    this.fitted = true;
    /** Pixels of the canvas kept free around a picture that is seen whole. */
    this.free = { side: 0, top: 0, bottom: 0 };
  }

  /** @param {{width: number, height: number}} canvas @param {{side: number, top: number, bottom: number}} free */
  resize(canvas, free) {
    this.free = free;
    const middle = this.#toPicture(this.canvas.width / 2, this.canvas.height / 2);
    this.canvas = canvas;
    if (this.fitted) this.fit();
    else this.#place(middle, canvas.width / 2, canvas.height / 2);
  }

  /**
   * @param {{width: number, height: number}} picture @param {number[]} placement  of it on the photo
   * @returns {boolean} whether that is another size
   */
  show(picture, placement) {
    const another = picture.width !== this.picture.width || picture.height !== this.picture.height;
    this.picture = picture;
    this.placement = placement;
    return another;
  }

  get fitScale() {
    const { canvas, picture, free } = this;
    return Math.max(1e-3, Math.min((canvas.width - 2 * free.side) / picture.width, (canvas.height - free.top - free.bottom) / picture.height));
  }

  /** Shows all of the picture. */
  fit() {
    this.fitted = true;
    this.scale = this.fitScale;
    this.#place({ x: this.picture.width / 2, y: this.picture.height / 2 }, this.canvas.width / 2, this.canvas.height / 2);
  }

  /** Zooms to a scale; what lies at u, v of the canvas stays there. @param {number} scale @param {number} u @param {number} v */
  zoomTo(scale, u, v) {
    const place = this.#toPicture(u, v);
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

  /** Whether the picture is larger than the canvas. */
  get canPan() {
    return this.picture.width * this.scale > this.canvas.width + 1 || this.picture.height * this.scale > this.canvas.height + 1;
  }

  /** A place of the canvas, on the photo. @param {number} u @param {number} v */
  toPhoto(u, v) {
    const [a, b, c, d, e, f] = this.matrix;
    return { x: a * u + b * v + c, y: d * u + e * v + f };
  }

  /** A place of the photo, on the canvas. @param {number} x @param {number} y */
  toCanvas(x, y) {
    const [a, b, c, d, e, f] = inverse(this.matrix);
    return { x: a * x + b * y + c, y: d * x + e * y + f };
  }

  /** From pixels of the canvas to pixels of the photo, row by row. */
  get matrix() {
    const { scale, x, y, placement } = this;
    const [a, b, c, d, e, f] = placement;
    return [a / scale, b / scale, c - (a * x + b * y) / scale, d / scale, e / scale, f - (d * x + e * y) / scale, 0, 0, 1];
  }

  /** Pixels of the canvas for one of the photo. */
  get photoScale() {
    return this.scale / Math.hypot(this.placement[0], this.placement[3]);
  }

  /** What is seen of the picture, in pixels of the canvas. */
  get seen() {
    const { x, y, scale, picture, canvas } = this;
    return {
      left: Math.max(0, x),
      top: Math.max(0, y),
      right: Math.min(canvas.width, x + picture.width * scale),
      bottom: Math.min(canvas.height, y + picture.height * scale),
    };
  }

  /** A part of the canvas, on the photo. @param {import("./gl.js").Rect} rect @returns {import("./gl.js").Rect} */
  onPhoto({ left, top, right, bottom }) {
    return box([this.toPhoto(left, top), this.toPhoto(right, top), this.toPhoto(left, bottom), this.toPhoto(right, bottom)]);
  }

  /** A part of the photo, on the canvas. @param {import("./gl.js").Rect} rect @returns {import("./gl.js").Rect} */
  onCanvas({ left, top, right, bottom }) {
    return box([this.toCanvas(left, top), this.toCanvas(right, top), this.toCanvas(left, bottom), this.toCanvas(right, bottom)]);
  }

  /** A place of the canvas, on the picture. @param {number} u @param {number} v */
  #toPicture(u, v) {
    return { x: (u - this.x) / this.scale, y: (v - this.y) / this.scale };
  }

  /** Puts a place of the picture at u, v of the canvas. @param {{x: number, y: number}} place @param {number} u @param {number} v */
  #place({ x, y }, u, v) {
    this.x = u - x * this.scale;
    this.y = v - y * this.scale;
    this.#hold();
  }

  /** A picture seen whole stays in the middle, a larger one covers the canvas, any other stays on it; on whole pixels, to be sharp. */
  #hold() {
    const { canvas, picture, scale, free, fitted } = this;
    const hold = (/** @type {number} */ at, /** @type {number} */ long, /** @type {number} */ room, /** @type {number} */ before, /** @type {number} */ after) =>
      Math.round(fitted ? before + (room - before - after - long) / 2 : Math.min(Math.max(at, Math.min(0, room - long)), Math.max(0, room - long)));
    this.x = hold(this.x, picture.width * scale, canvas.width, 0, 0);
    this.y = hold(this.y, picture.height * scale, canvas.height, free.top, free.bottom);
  }
}

/** Around some places. @param {{x: number, y: number}[]} places @returns {import("./gl.js").Rect} */
function box(places) {
  const [x, y] = [places.map((place) => place.x), places.map((place) => place.y)];
  return { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) };
}
