/**
 * The pictures shown: a small one of each photo for good, the large pair of the last few seen. A pair that was let go is
 * made again from the files.
 *
 * @typedef {{before: ImageBitmap | null, after: ImageBitmap | null}} Pair
 */

import { release } from "../shell/release.js";
import { turnToDecode } from "./turns.js";

const THUMB_SIDE = 320; // pixels; also stands in on the stage until the large one is there
const LARGE_SIDE = 2048;
const KEPT_PAIRS = 2; // at least: that of the photo which is seen, and of the one worked on
const KEPT_BYTES = 48e6; // up to these there may be more

export class Pictures {
  /** @param {() => void} changed  called when a picture came */
  constructor(changed) {
    this.changed = changed;
    /** @type {Set<number>} */
    this.wanted = new Set(); // photos not removed yet: what is made for others is thrown away
    /** @type {Map<number, ImageBitmap>} */
    this.thumbs = new Map();
    /** @type {Map<number, Pair>} in the order of last use */
    this.pairs = new Map();
    this.turn = Promise.resolve();
    this.expected = { id: 0, end: () => {} }; // the photo that Python shows next
    /** @type {Map<number, Promise<void>>} pairs that are being made from the files */
    this.coming = new Map();
    /** Told of every small picture that was made of a photo. @type {(id: number, thumb: Blob) => void} */
    this.made = () => {};
  }

  /**
   * Makes the small picture of a file, one file after the other. What the browser cannot decode, Python may.
   * @param {number} id @param {Blob} file  the photo, or a small picture that was made before
   * @param {boolean} [soon]  Python takes the photo at once: what it shows serves here too, so that one decoding is enough
   */
  addThumb(id, file, soon = false) {
    this.wanted.add(id);
    const shown = soon && new Promise((end) => (this.expected = { id, end: () => end(undefined) }));
    const make = async () => {
      await shown;
      await this.coming.get(id);
      if (!this.wanted.has(id)) return;
      const large = this.pairs.get(id)?.before ?? this.thumbs.get(id);
      const thumb = large ? await reduced(large, THUMB_SIDE) : await decode(file, THUMB_SIDE);
      const stoodIn = this.thumbs.get(id);
      if (!this.wanted.has(id) || (stoodIn && stoodIn !== large)) thumb?.close();
      else if (thumb) {
        this.thumbs.set(id, thumb);
        if (stoodIn !== this.pairs.get(id)?.before) stoodIn?.close();
        if (file instanceof File) this.made(id, await asFile(thumb));
      }
      this.changed();
    };
    this.turn = this.turn.then(make).catch(console.error); // one that fails does not hold up the next
  }

  /**
   * @param {number} id @param {"before" | "after"} kind
   * @param {{width: number, height: number, rgba: ArrayBuffer}} picture
   */
  async put(id, kind, { width, height, rgba }) {
    const bitmap = await createImageBitmap(new ImageData(new Uint8ClampedArray(rgba), width, height));
    release(rgba);
    if (!this.wanted.has(id)) return bitmap.close();
    const pair = this.#use(id, this.pairs.get(id) ?? { before: null, after: null });
    this.#close(id, pair[kind]);
    pair[kind] = bitmap;
    if (kind === "before" && !this.thumbs.has(id)) this.thumbs.set(id, bitmap);
    if (id === this.expected.id) this.expectNothing();
    this.changed();
  }

  /** Python may have ended with a photo and not shown it. @param {import("./messages.js").PhotoView[]} photos */
  see(photos) {
    const state = photos.find(({ id }) => id === this.expected.id)?.state; // none where it does not know of it yet
    if (state && !["waiting", "working"].includes(state)) this.expectNothing();
  }

  /** What Python was to show has come, or will not. */
  expectNothing() {
    this.expected.end();
    this.expected.id = 0;
  }

  /**
   * The large pair of a photo, as far as it is there.
   * @param {number} id @param {{file: File, cutout: Blob | null}} files
   * @returns {Pair}
   */
  pair(id, { file, cutout }) {
    const known = this.pairs.get(id);
    if (known) return this.#use(id, known);
    if (id === this.expected.id) return { before: null, after: null };
    const pair = this.#use(id, { before: null, after: null });
    const made = this.#make(id, pair, file, cutout).catch(console.error);
    this.coming.set(id, made);
    made.then(() => this.coming.get(id) === made && this.coming.delete(id));
    return pair;
  }

  /** @param {number} id @param {Pair} pair @param {File} file @param {Blob | null} cutout */
  async #make(id, pair, file, cutout) {
    const [before, after] = await Promise.all([decode(file, LARGE_SIDE), cutout && decode(cutout, LARGE_SIDE)]);
    if (this.pairs.get(id) !== pair) {
      before?.close();
      after?.close();
      return;
    }
    if (pair.before) before?.close();
    if (pair.after) after?.close();
    pair.before ??= before ?? this.thumbs.get(id) ?? null;
    pair.after ??= after;
    this.changed();
  }

  /** @param {number} id */
  remove(id) {
    this.wanted.delete(id);
    if (id === this.expected.id) this.expectNothing();
    this.#letGo(id);
    this.thumbs.get(id)?.close();
    this.thumbs.delete(id);
  }

  /** @param {number} id */
  #letGo(id) {
    const pair = this.pairs.get(id);
    this.pairs.delete(id);
    this.#close(id, pair?.before ?? null);
    this.#close(id, pair?.after ?? null);
  }

  /** Frees a picture's memory, but for one that is the small picture too. @param {number} id @param {ImageBitmap | null} bitmap */
  #close(id, bitmap) {
    if (bitmap !== this.thumbs.get(id)) bitmap?.close();
  }

  /** @param {number} id @param {Pair} pair */
  #use(id, pair) {
    this.pairs.delete(id);
    this.pairs.set(id, pair);
    let bytes = 0;
    for (const [newer, [other, { before, after }]] of [...this.pairs].reverse().entries()) {
      bytes += bytesOf(before) + bytesOf(after);
      if (bytes > KEPT_BYTES && newer >= KEPT_PAIRS) this.#letGo(other);
    }
    return pair;
  }
}

/** @param {ImageBitmap | null} bitmap */
function bytesOf(bitmap) {
  return bitmap ? 4 * bitmap.width * bitmap.height : 0;
}

/** @param {ImageBitmap} bitmap */
function asFile(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
}

/** A copy with its long side at most `side` pixels. @param {ImageBitmap} whole @param {number} side */
function reduced(whole, side) {
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  const width = Math.max(1, Math.round(whole.width * scale));
  const height = Math.max(1, Math.round(whole.height * scale));
  return createImageBitmap(whole, { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" });
}

/**
 * The picture in a file with its long side at most `side` pixels, decoded off the main thread.
 * @param {Blob} file @param {number} side
 */
async function decode(file, side) {
  const end = await turnToDecode();
  try {
    const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
    if (Math.max(whole.width, whole.height) <= side) return whole;
    const small = await reduced(whole, side);
    whole.close();
    return small;
  } catch (error) {
    if (error instanceof DOMException) return null; // not a picture to this browser, or the file is gone
    throw error;
  } finally {
    end();
  }
}
