/**
 * The pictures shown: a small one of each photo for good, the large pair of the last few seen. A pair that was let go is
 * made again from the files.
 *
 * @typedef {{before: ImageBitmap | null, after: ImageBitmap | null}} Pair
 */

const THUMB_SIDE = 640; // pixels; also stands in on the stage until Python has read the photo
const LARGE_SIDE = 2048;
const PAIRS_KEPT = 6;

export class Pictures {
  /** @param {() => void} changed  called when a picture came */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<number, ImageBitmap>} */
    this.thumbs = new Map();
    /** @type {Map<number, Pair>} in the order of last use */
    this.pairs = new Map();
    this.turn = Promise.resolve();
  }

  /**
   * Makes the small picture of a file, one file after the other. What the browser cannot decode, Python may.
   * @param {number} id @param {File} file
   */
  addThumb(id, file) {
    this.turn = this.turn.then(async () => {
      const thumb = await decode(file, THUMB_SIDE);
      if (!thumb || this.thumbs.has(id)) return;
      this.thumbs.set(id, thumb);
      this.changed();
    });
  }

  /**
   * @param {number} id @param {"before" | "after"} kind
   * @param {{width: number, height: number, rgba: ArrayBuffer}} picture
   */
  async put(id, kind, { width, height, rgba }) {
    const bitmap = await createImageBitmap(new ImageData(new Uint8ClampedArray(rgba), width, height));
    const pair = this.#use(id, this.pairs.get(id) ?? { before: null, after: null });
    pair[kind] = bitmap;
    if (kind === "before" && !this.thumbs.has(id)) this.thumbs.set(id, bitmap);
    this.changed();
  }

  /**
   * The large pair of a photo, as far as it is there.
   * @param {number} id @param {{file: File, cutout: Blob | null}} files
   * @returns {Pair}
   */
  pair(id, { file, cutout }) {
    const known = this.pairs.get(id);
    if (known) return this.#use(id, known);
    const pair = this.#use(id, { before: null, after: null });
    Promise.all([decode(file, LARGE_SIDE), cutout && decode(cutout, LARGE_SIDE)]).then(([before, after]) => {
      pair.before ??= before ?? this.thumbs.get(id) ?? null;
      pair.after ??= after;
      this.changed();
    });
    return pair;
  }

  /** @param {number} id */
  remove(id) {
    this.thumbs.delete(id);
    this.pairs.delete(id);
  }

  /** @param {number} id @param {Pair} pair */
  #use(id, pair) {
    this.pairs.delete(id);
    this.pairs.set(id, pair);
    for (const oldest of this.pairs.keys()) {
      if (this.pairs.size <= PAIRS_KEPT) break;
      this.pairs.delete(oldest);
    }
    return pair;
  }
}

/**
 * The picture in a file with its long side at most `side` pixels, decoded off the main thread.
 * @param {Blob} file @param {number} side
 */
async function decode(file, side) {
  try {
    const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = side / Math.max(whole.width, whole.height);
    if (scale >= 1) return whole;
    const width = Math.max(1, Math.round(whole.width * scale));
    const height = Math.max(1, Math.round(whole.height * scale));
    const small = await createImageBitmap(whole, { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" });
    whole.close();
    return small;
  } catch (error) {
    if (error instanceof DOMException) return null; // not a picture to this browser, or the file is gone
    throw error;
  }
}
