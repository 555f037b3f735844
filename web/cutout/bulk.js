/**
 * What is done with the files of many photos: written where they are out of date, then saved or handed over.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 */

import { saveArchive, saveFolder } from "./saver.js";
import { announce, notice } from "../shell/dom.js";
import { say } from "../shell/words.js";

const ARCHIVE = "cutouts.zip";

export class Bulk {
  /**
   * @param {object} to
   * @param {(message: import("./messages.js").ToWorker) => void} to.post
   * @param {import("./collection.js").Collection} to.collection
   * @param {() => PhotoView[]} to.photos
   * @param {() => void} to.changed
   */
  constructor({ post, collection, photos, changed }) {
    this.post = post;
    this.collection = collection;
    this.photos = photos;
    this.changed = changed;
    this.saving = ""; // how far it is, in words
    /** @type {Map<number, {begun: boolean, settle: (fresh: boolean) => void}>} photos whose file is waited for */
    this.waiting = new Map();
  }

  /** @param {number[]} ids */
  archive(ids) {
    return this.#save(ids, (files) => saveArchive(files, ARCHIVE));
  }

  /** @param {number[]} ids */
  folder(ids) {
    return this.#save(ids, saveFolder);
  }

  /** Hands one file to another app. @param {number} id */
  async share(id) {
    if (!(await this.#fresh(id))) return notice(say("save.not-written", { count: 1 }));
    const photo = this.#photo(id);
    const cutout = this.collection.files.get(id)?.cutout;
    if (!photo || !cutout) return;
    const file = new File([cutout], photo.file_name, { type: cutout.type });
    try {
      if (!navigator.canShare?.({ files: [file] })) return notice(say("save.not-shared"));
      await navigator.share({ files: [file] });
      this.collection.saved(id);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      // A press counts only for some seconds, which writing the file may have taken.
      if (error.name !== "AbortError") notice(say(error.name === "NotAllowedError" ? "save.share-now" : "save.not-shared"));
    }
  }

  /** To be called with every view. @param {PhotoView[]} photos */
  see(photos) {
    for (const [id, waiting] of this.waiting) {
      const photo = photos.find((one) => one.id === id);
      waiting.begun ||= photo?.writing ?? false;
      if (photo && !photo.fresh && (photo.writing || !waiting.begun)) continue;
      this.waiting.delete(id);
      waiting.settle(photo?.fresh ?? false);
    }
  }

  /** @param {number[]} ids @param {(files: import("./saver.js").Coming) => Promise<boolean>} save */
  async #save(ids, save) {
    const done = this.photos().filter(({ id, state }) => ids.includes(id) && state === "done");
    /** @type {number[]} */
    const left = [];
    this.#tell(say("save.begins"));
    try {
      const saved = await save(this.#files(done.map(({ id }) => id), left));
      const words = left.length ? say("save.not-written", { count: left.length }) : say("save.saved", { count: done.length });
      if (saved) notice(words);
      if (saved) announce(words);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      notice(say("save.failed", { reason: error.message }));
    } finally {
      this.#tell("");
    }
  }

  /** @param {number[]} ids @param {number[]} left  filled with those whose file could not be written */
  async *#files(ids, left) {
    for (const [index, id] of ids.entries()) {
      this.#tell(say("save.now", { at: index + 1, count: ids.length }));
      const fresh = await this.#fresh(id);
      const files = this.collection.files.get(id);
      const photo = this.#photo(id);
      if (!fresh) left.push(id);
      if (!fresh || !files?.cutout || !photo) continue;
      yield { name: photo.file_name, folder: files.folder, blob: files.cutout };
      this.collection.saved(id);
    }
  }

  /** Whether a photo's file is what the settings make, after it was written again where it was not. @param {number} id */
  #fresh(id) {
    if (this.#photo(id)?.fresh) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.waiting.set(id, { begun: false, settle: resolve });
      this.post({ type: "export", id });
    });
  }

  /** @param {number} id */
  #photo(id) {
    return this.photos().find((photo) => photo.id === id);
  }

  /** @param {string} words */
  #tell(words) {
    this.saving = words;
    this.changed();
  }
}
