/**
 * The photos that the person gave, their files and pictures for backgrounds: held here, and kept on the device.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 *
 * @typedef {object} Files  What belongs to one photo, beside what Python knows of it.
 * @property {File} file  as it was given
 * @property {string} folder  in which it was given
 * @property {Blob | null} cutout  the finished file
 * @property {boolean} saved  whether the person has that
 * @property {PhotoView | null} view  how it stood when the page was closed; null for a new one
 */

import { Kept } from "./kept.js";
import { notice } from "../shell/dom.js";
import { say } from "../shell/words.js";

const BACKGROUNDS = 8; // pictures for backgrounds that are kept, the last ones

export class Collection {
  /** @param {URL} root of the site @param {import("./pictures.js").Pictures} pictures */
  constructor(root, pictures) {
    this.pictures = pictures;
    this.kept = new Kept(root, () => notice(say("kept.no-room")));
    /** @type {Map<number, Files>} in the order in which they came */
    this.files = new Map();
    /** @type {{id: string, file: Blob}[]} */
    this.backgrounds = [];
    this.lastId = 0;
    pictures.made = (id, thumb) => this.kept.thumb(id, thumb);
  }

  /** Brings back what a closed tab left; gives how many photos that were. */
  async restore() {
    const restored = await this.kept.begin();
    for (const photo of restored) {
      const id = ++this.lastId;
      const { file, folder, cutout, saved, view } = photo;
      this.files.set(id, { file, folder, cutout, saved, view: view && { ...view, id } });
      this.kept.restore(id, photo);
      this.pictures.addThumb(id, photo.thumb ?? file);
    }
    this.backgrounds = [...(await this.kept.pictures())].map(([id, file]) => ({ id, file }));
    return restored.length;
  }

  /**
   * @param {File[]} files @param {string[]} folders  one a file @param {boolean} soon  whether Python takes the first at once
   * @returns {{id: number, file: File}[]}
   */
  add(files, folders, soon) {
    return files.map((file, index) => {
      const id = ++this.lastId;
      const folder = folders[index];
      this.files.set(id, { file, folder, cutout: null, saved: false, view: null });
      this.kept.add(id, file, folder);
      this.pictures.addThumb(id, file, soon && index === 0);
      return { id, file };
    });
  }

  /** What a new worker has to know of the photos. @param {PhotoView[]} seen  those that the last one told of */
  async described(seen) {
    const known = new Map(seen.map((view) => [view.id, view]));
    return Promise.all(
      [...this.files].map(async ([id, { file, view }]) => {
        const last = known.get(id) ?? view;
        const history = last?.touched || last?.undo || last?.redo ? await this.kept.historyOf(id) : undefined;
        return { id, file, view: view ?? undefined, history };
      }),
    );
  }

  /** Takes a finished file; from the moment on that it lies on the disk, it needs no memory. @param {number} id @param {Blob} cutout */
  async take(id, cutout) {
    const files = this.files.get(id);
    if (!files) return;
    Object.assign(files, { cutout, saved: false });
    const stored = await this.kept.cutout(id, cutout);
    if (files.cutout === cutout) files.cutout = stored;
  }

  /** @param {number} id */
  saved(id) {
    const files = this.files.get(id);
    if (files) files.saved = true;
    this.kept.saved(id);
  }

  /** @param {number} id */
  remove(id) {
    this.files.delete(id);
    this.pictures.remove(id);
    this.kept.remove(id);
  }

  /** Takes a picture for backgrounds. @param {File} file */
  addBackground(file) {
    const picture = { id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`, file };
    this.kept.picture(picture.id, file);
    this.backgrounds = [...this.backgrounds, picture];
    return picture;
  }

  /** Forgets pictures for backgrounds that no photo uses, but for the last few. @param {PhotoView[]} photos */
  tidy(photos) {
    const used = new Set(photos.map(({ look }) => look?.scene.background.picture));
    const spare = this.backgrounds.slice(0, -BACKGROUNDS).filter(({ id }) => !used.has(id));
    if (!spare.length) return;
    this.backgrounds = this.backgrounds.filter((picture) => !spare.includes(picture));
    this.kept.dropPictures(spare.map(({ id }) => id));
  }
}
