/** What `renderer.js` does, as far as a browser without WebGL 2 can: the pictures before and after, without brushes. */

export class PlainRenderer {
  /** @param {CanvasRenderingContext2D} context */
  constructor(context) {
    this.context = context;
    /** @type {import("../pictures.js").Pair} */
    this.pair = { before: null, after: null };
    this.size = { width: 1, height: 1 };
  }

  /** @param {import("../pictures.js").Pair} pair @param {{width: number, height: number}} size */
  takePair(pair, size) {
    this.pair = pair;
    this.size = size;
  }

  get whole() {
    return this.pair.after !== null;
  }

  /** @param {import("./renderer.js").Seen} seen */
  draw({ toPhoto, scale, split, checks, checkSize }) {
    const { context, pair, size } = this;
    const { width, height } = context.canvas;
    context.reset();
    const x = -toPhoto[2] * scale;
    const y = -toPhoto[5] * scale;
    const box = /** @type {const} */ ([x, y, size.width * scale, size.height * scale]);
    context.imageSmoothingEnabled = scale < 1;
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    const [before, after] = [there(pair.before), there(pair.after)];
    if (after) {
      for (let row = 0; row * checkSize < height; row++) {
        for (let column = 0; column * checkSize < width; column++) {
          const [r, g, b] = checks[(row + column) % 2].map((part) => Math.round(255 * part));
          context.fillStyle = `rgb(${r} ${g} ${b})`;
          context.fillRect(column * checkSize, row * checkSize, checkSize, checkSize);
        }
      }
      context.drawImage(after, ...box);
    }
    context.beginPath();
    context.rect(0, 0, after ? split : width, height);
    context.clip();
    if (before) context.drawImage(before, ...box);
    context.restore();
  }
}

/** A picture, unless it was let go since: then it has no pixels. @param {ImageBitmap | null} picture */
const there = (picture) => (picture?.width ? picture : null);
