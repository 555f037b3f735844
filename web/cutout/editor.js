/**
 * What the person edits with: settings go to Python, which decides what they are; how they paint and look stays here.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./messages.js").Look} Look
 * @typedef {{tool: "restore" | "erase", size: number, hardness: number, smart: boolean, ghost: boolean}} Brush
 *     `size` in pixels of the photo across; 0 until a brush is taken
 */

/** The smallest and the largest brush, in pixels of the photo across. */
export const [THINNEST, WIDEST] = [2, 2000];

export class Editor {
  /**
   * @param {object} to
   * @param {(message: import("./messages.js").ToWorker, transfer?: Transferable[]) => void} to.post
   * @param {() => void} to.changed
   * @param {import("./collection.js").Collection} to.collection
   * @param {(id: number) => void} to.share
   */
  constructor({ post, changed, collection, share }) {
    this.post = post;
    this.changed = changed;
    this.collection = collection;
    this.shareFile = share;
    /** @type {PhotoView | null} */
    this.photo = null;
    this.count = 0; // photos in all
    /** @type {"move" | "brush"} */
    this.tool = "move";
    /** @type {Brush} */
    this.brush = { tool: "restore", size: 0, hardness: 0.7, smart: true, ghost: true };
    /** The size of a brush that suits what is seen. */
    this.handySize = () => 60;
    this.serial = Date.now(); // of what was sent, so that a page opened again does not go on with an old one
    /** @type {Map<number, number>} photo -> number of the last thing sent that Python has not confirmed yet */
    this.sent = new Map();
    /** @type {{id: number, look: Look} | null} settings that were sent */
    this.draft = null;
  }

  /** @param {PhotoView} photo @param {number} count */
  render(photo, count) {
    this.photo = photo;
    this.count = count;
    if (this.draft && (this.draft.id !== photo.id || this.settled(photo))) this.draft = null;
  }

  /** Whether Python knows of everything that the person did to a photo. @param {PhotoView} photo */
  settled({ id, serial }) {
    if (serial >= (this.sent.get(id) ?? 0)) this.sent.delete(id);
    return !this.sent.has(id);
  }

  /** The worker was started anew: what it had not confirmed is gone. */
  forget() {
    this.sent.clear();
    this.draft = null;
  }

  /** The photo's settings: as Python has them, or as it will have them in a moment. @param {PhotoView} photo */
  look(photo) {
    return this.draft?.id === photo.id ? this.draft.look : photo.look;
  }

  /**
   * Changes settings of one part of the look.
   * @param {Partial<Look>} parts  whole parts @param {number} [gesture]  one number for what is to be undone together
   */
  setLook(parts, gesture = 0) {
    const known = this.photo && this.look(this.photo);
    if (!this.photo || !known) return;
    const look = { ...known, ...parts };
    this.draft = { id: this.photo.id, look };
    this.post({ type: "look", id: this.photo.id, look, gesture, serial: this.#number(this.photo) });
    this.changed();
  }

  /** @param {Partial<Look["mask"]>} mask @param {number} [gesture] */
  setMask(mask, gesture) {
    const known = this.photo && this.look(this.photo);
    if (known) this.setLook({ mask: { ...known.mask, ...mask } }, gesture);
  }

  /** Pictures of the person's own, for backgrounds. */
  get pictures() {
    return this.collection.backgrounds;
  }

  /** Takes a picture for backgrounds; gives its id. @param {File} file */
  addPicture(file) {
    const picture = this.collection.addBackground(file);
    this.post({ type: "add-picture", ...picture });
    return picture.id;
  }

  /** The finished file of a photo, as it was written last. @param {number} id */
  file(id) {
    return this.collection.files.get(id)?.cutout ?? null;
  }

  /** Hands the file to another app. */
  share() {
    if (this.photo) this.shareFile(this.photo.id);
  }

  /** @param {"move" | "brush"} tool */
  setTool(tool) {
    this.tool = tool;
    this.setBrush({ size: this.brush.size || this.handySize() });
  }

  /** @param {Partial<Brush>} brush */
  setBrush(brush) {
    this.brush = { ...this.brush, ...brush };
    if (this.brush.size) this.brush.size = Math.min(WIDEST, Math.max(THINNEST, this.brush.size));
    this.changed();
  }

  /** @param {ReturnType<import("./canvas/renderer.js").Renderer["finishStroke"]>} painted */
  sendStroke(painted) {
    if (!this.photo || !painted) return;
    const { tiles, data, way } = painted;
    this.post({ type: "stroke", id: this.photo.id, tool: this.brush.tool, tiles, data, way, serial: this.#number(this.photo) }, [data]);
    this.changed();
  }

  undo() {
    this.#ask("undo");
  }

  redo() {
    this.#ask("redo");
  }

  /** Back to the cutout as it was made. */
  reset() {
    this.#ask("reset");
  }

  /** The settings of this photo for all photos. */
  setForAll() {
    this.#ask("look-all");
  }

  /** @param {"undo" | "redo" | "reset" | "look-all"} type */
  #ask(type) {
    if (this.photo) this.post({ type, id: this.photo.id, serial: this.#number(this.photo) });
    this.changed();
  }

  /** Of the next thing that is sent about a photo. @param {PhotoView} photo */
  #number({ id }) {
    this.sent.set(id, ++this.serial);
    return this.serial;
  }
}
