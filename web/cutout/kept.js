/**
 * Keeps photos, their files, settings and history on this device, so that a closed tab comes back as it was.
 *
 * What a tab keeps is a session. The tab holds a lock by its name for as long as it lives; one that opens takes up the
 * sessions whose lock is free. So two tabs never work on the same photos, and those of a closed one are never lost.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {{name: string, type: string, modified: number, folder: string, view: PhotoView | null, saved: boolean}} Entry
 * @typedef {{key: string, file: File, folder: string, view: PhotoView | null, saved: boolean, cutout: Blob | null, thumb: Blob | null}} Restored
 */

import { Database } from "../shell/database.js";

const VERSION = 1;
const STORES = ["records", "files", "cutouts", "thumbs", "histories", "pictures"];
const OWN_WITHIN_MS = 3000; // a tab that is reloaded may still hold its lock for a moment
const THIS_TAB = "hearth-session";

export class Kept {
  /** @param {URL} root of the site @param {() => void} full  told when the device has no room, once */
  constructor(root, full) {
    this.prefix = `hearth-session ${root.pathname} `;
    this.database = new Database(`hearth-cutout ${root.pathname}`, VERSION, STORES);
    this.full = full;
    this.session = "";
    /** @type {Map<number, {key: string, record: Entry, shown: string, stored: boolean}>} */
    this.photos = new Map();
    this.turn = Promise.resolve(); // one after the other: files are large
    this.count = 0;
  }

  /** Begins a session of its own; gives what closed tabs left behind, in its order. @returns {Promise<Restored[]>} */
  async begin() {
    if (!("locks" in navigator) || !(await this.database.open())) return [];
    const records = await this.database.all("records");
    const own = recallSession();
    /** @type {string[]} */
    const left = [];
    for (const session of new Set([...records.keys()].map(sessionOf))) {
      if (await this.#hold(session, session === own ? OWN_WITHIN_MS : 0)) left.push(session);
    }
    this.session = left.includes(own) ? own : `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    if (this.session !== own) await this.#hold(this.session, 0);
    rememberSession(this.session);
    const [files, cutouts, thumbs] = await Promise.all(["files", "cutouts", "thumbs"].map((store) => this.database.all(store)));
    const restored = [];
    const lost = [];
    for (const key of [...records.keys()].filter((key) => left.includes(sessionOf(key))).sort(inOrder)) {
      const { name, type, modified, folder, view, saved } = records.get(key);
      const blob = files.get(key);
      this.count = Math.max(this.count, numberOf(key));
      if (!blob) lost.push(key); // the tab was closed while it was being stored
      else restored.push({ key, file: new File([blob], name, { type, lastModified: modified }), folder, view, saved, cutout: cutouts.get(key) ?? null, thumb: thumbs.get(key) ?? null });
    }
    if (lost.length) this.database.delete(lost);
    return restored;
  }

  /** Takes up a photo that `begin` gave. @param {number} id @param {Restored} restored */
  restore(id, { key, file, folder, view, saved }) {
    const record = { name: file.name, type: file.type, modified: file.lastModified, folder, view, saved };
    this.photos.set(id, { key, record, shown: shown(view), stored: true });
  }

  /** Keeps a new photo. @param {number} id @param {File} file @param {string} folder */
  add(id, file, folder) {
    if (!this.session) return;
    const key = `${this.session} ${++this.count}`;
    const record = { name: file.name, type: file.type, modified: file.lastModified, folder, view: null, saved: false };
    this.photos.set(id, { key, record, shown: "", stored: false });
    this.#later(async () => {
      if (!this.photos.has(id)) return;
      const stored = (await this.#put("files", key, file)) && (await this.#put("records", key, record));
      const photo = this.photos.get(id); // none where it was removed meanwhile
      if (photo && stored) photo.stored = true;
      else await this.database.delete([key]);
      if (!stored) this.photos.delete(id);
    });
  }

  /** Keeps where photos stand. Progress is not worth a write. @param {PhotoView[]} photos */
  see(photos) {
    for (const view of photos) {
      const photo = this.photos.get(view.id);
      const now = shown(view);
      if (!photo || photo.shown === now || view.state === "working") continue;
      photo.shown = now;
      photo.record.view = { ...view, stages: [] };
      this.#store(view.id);
    }
  }

  /** Whether a photo is kept, so that closing the page loses nothing. @param {number} id */
  holds(id) {
    return this.photos.get(id)?.stored === true;
  }

  /** @param {number} id */
  saved(id) {
    const photo = this.photos.get(id);
    if (!photo) return;
    photo.record.saved = true;
    this.#store(id);
  }

  /**
   * Keeps a photo's file; gives the same bytes from the disk, so that those in memory can go.
   * @param {number} id @param {Blob} cutout @returns {Promise<Blob>}
   */
  async cutout(id, cutout) {
    const key = this.photos.get(id)?.key;
    if (!key || !(await this.#put("cutouts", key, cutout))) return cutout;
    const photo = this.photos.get(id);
    if (photo) photo.record.saved = false;
    else await this.database.delete([key]);
    return (await this.database.get("cutouts", key)) ?? cutout;
  }

  /** @param {number} id @param {Blob} thumb */
  thumb(id, thumb) {
    const key = this.photos.get(id)?.key;
    if (key) this.#later(() => this.#put("thumbs", key, thumb));
  }

  /** Keeps what was done to a photo, as Python wrote it. @param {number} id @param {ArrayBuffer} history */
  history(id, history) {
    const key = this.photos.get(id)?.key;
    if (key) this.#later(() => this.#put("histories", key, history));
  }

  /** @param {number} id @returns {Promise<ArrayBuffer | undefined>} */
  async historyOf(id) {
    await this.turn;
    const key = this.photos.get(id)?.key;
    return key ? this.database.get("histories", key) : undefined;
  }

  /** Keeps a picture for backgrounds. @param {string} id @param {File} file */
  picture(id, file) {
    return this.#put("pictures", id, file);
  }

  /** The pictures for backgrounds, by their ids. @returns {Promise<Map<string, Blob>>} */
  pictures() {
    return this.database.all("pictures");
  }

  /** @param {string[]} ids */
  dropPictures(ids) {
    return this.database.delete(ids);
  }

  /** @param {number} id */
  remove(id) {
    const key = this.photos.get(id)?.key;
    this.photos.delete(id);
    if (key) this.#later(() => this.database.delete([key]));
  }

  /** How much lies here, by kind, photos of other tabs too. */
  async measure() {
    await this.turn;
    const sizes = { photos: 0, files: 0, cutouts: 0, rest: 0 };
    for (const [store, sum] of /** @type {const} */ ([["files", "files"], ["cutouts", "cutouts"], ["thumbs", "rest"], ["histories", "rest"], ["pictures", "rest"]])) {
      const values = await this.database.all(store);
      if (store === "files") sizes.photos = values.size;
      for (const value of values.values()) sizes[sum] += value.size ?? value.byteLength ?? 0;
    }
    return sizes;
  }

  /** Deletes all of it; nothing is kept any more until the page is opened again. */
  async destroy() {
    await this.turn;
    this.photos.clear();
    this.session = "";
    await this.database.destroy();
  }

  /** @param {number} id */
  #store(id) {
    this.#later(async () => {
      const photo = this.photos.get(id);
      if (photo) await this.#put("records", photo.key, photo.record);
    });
  }

  /** @param {() => Promise<any>} work */
  #later(work) {
    this.turn = this.turn.then(work).catch(console.error);
  }

  /** @param {string} store @param {string} key @param {any} value */
  async #put(store, key, value) {
    const stored = await this.database.put(store, key, value);
    if (!stored && this.session) this.full();
    if (!stored) this.full = () => {};
    return stored;
  }

  /**
   * Takes a session's lock for as long as this page lives; false where another tab has it.
   * @param {string} session @param {number} patience  milliseconds
   * @returns {Promise<boolean>}
   */
  #hold(session, patience) {
    return new Promise((resolve) => {
      const options = patience ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
      const held = navigator.locks.request(this.prefix + session, options, (lock) => {
        resolve(lock !== null);
        return lock ? new Promise(() => {}) : null;
      });
      held.catch(() => resolve(false));
    });
  }
}

/** What of a photo's state is worth keeping, as text. @param {PhotoView | null} view */
function shown(view) {
  return view ? JSON.stringify({ ...view, stages: [], can_redo: false, writing: false }) : "";
}

/** @param {string} key */
const sessionOf = (key) => key.split(" ")[0];

/** @param {string} key */
const numberOf = (key) => Number(key.split(" ")[1]);

/** @param {string} a @param {string} b */
function inOrder(a, b) {
  return sessionOf(a) === sessionOf(b) ? numberOf(a) - numberOf(b) : sessionOf(a) < sessionOf(b) ? -1 : 1;
}

function recallSession() {
  try {
    return sessionStorage.getItem(THIS_TAB) ?? "";
  } catch (error) {
    if (error instanceof DOMException) return "";
    throw error;
  }
}

/** @param {string} session */
function rememberSession(session) {
  try {
    sessionStorage.setItem(THIS_TAB, session);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
