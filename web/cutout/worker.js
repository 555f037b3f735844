/**
 * The cutout's worker: holds the files that were dropped and gives Python what it asks of them.
 *
 * @typedef {import("./messages.js").ToWorker} ToWorker
 * @typedef {import("./messages.js").FromWorker} FromWorker
 */

import { host, post, tell } from "../shell/host.js";

/** @type {Map<number, File>} */
const files = new Map();

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
const say = (message, transfer) => post(message, transfer);

/** The JavaScript half of `hearth.page.cutout.bridge.CutoutBridge`. */
const bridge = {
  /** @param {number} id @param {"before" | "after"} kind @param {number} width @param {number} height @param {Uint8Array} rgba */
  picture(id, kind, width, height, rgba) {
    const buffer = /** @type {ArrayBuffer} */ (rgba.buffer);
    say({ type: "picture", id, kind, width, height, rgba: buffer }, [buffer]);
  },
  /** @param {number} id @param {string} name @param {Uint8Array} png */
  deliver(id, name, png) {
    const buffer = /** @type {ArrayBuffer} */ (png.buffer);
    say({ type: "cutout", id, name, png: buffer }, [buffer]);
  },
  /** @param {number} id */
  size(id) {
    return fileOf(id).size;
  },
  /** @param {number} id */
  async read(id) {
    return new Uint8Array(await fileOf(id).arrayBuffer());
  },
  /** @param {number} id @param {boolean} toScreen */
  async decode(id, toScreen) {
    const bitmap = await createImageBitmap(fileOf(id), {
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
      colorSpaceConversion: toScreen ? "default" : "none",
    });
    const { width, height } = bitmap;
    // Python looks at the size first: the canvas takes the same memory once more.
    const pixels = () => {
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      context?.drawImage(bitmap, 0, 0);
      bitmap.close();
      return context?.getImageData(0, 0, width, height).data;
    };
    return { width, height, pixels, close: () => bitmap.close() };
  },
};

/** @param {number} id */
function fileOf(id) {
  const file = files.get(id);
  if (!file) throw new Error(`there is no file ${id}`);
  return file;
}

/** @param {ToWorker} message */
function receive(message) {
  if (message.type === "add") {
    for (const { id, file } of message.photos) files.set(id, file);
    tell({ type: "add", photos: message.photos.map(({ id, file }) => ({ id, name: file.name })) });
    return;
  }
  if (message.type === "remove") files.delete(message.id);
  tell(message);
}

host("cutout", bridge, receive);
