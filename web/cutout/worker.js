/**
 * The cutout's worker: holds the files that were dropped and gives Python what it asks of them.
 *
 * @typedef {import("./messages.js").ToWorker} ToWorker
 * @typedef {import("./messages.js").FromWorker} FromWorker
 */

import { host, post, tell } from "../shell/host.js";
import { release } from "../shell/release.js";
import { turnToDecode } from "./turns.js";

const STRIP = 64; // rows of a photo

/** @type {Map<number, File>} */
const files = new Map();
/** @type {Map<string, Blob>} pictures of the person's own, for backgrounds */
const pictures = new Map();
/** @type {Map<number, Uint8Array>} what was stored for photos, until Python takes it */
const histories = new Map();
let painted = new ArrayBuffer(0); // of the stroke that Python is told of

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
const say = (message, transfer) => post(message, transfer);

/** The JavaScript half of `hearth.page.cutout.bridge.CutoutBridge`. */
const bridge = {
  /** @param {number} id @param {"before" | "after"} kind @param {number} width @param {number} height @param {Uint8Array} rgba */
  picture(id, kind, width, height, rgba) {
    const buffer = /** @type {ArrayBuffer} */ (rgba.buffer);
    say({ type: "picture", id, kind, width, height, rgba: buffer }, [buffer]);
  },
  /** @param {"layers" | "near" | "scene"} type @param {number} id @param {string} sizes as JSON @param {Record<string, Uint8Array>} data */
  layers(type, id, sizes, data) {
    const buffers = Object.entries(data).map(([name, { buffer }]) => [name, buffer]);
    const transfer = buffers.map(([, buffer]) => /** @type {ArrayBuffer} */ (buffer));
    say({ type, id, ...JSON.parse(sizes), data: Object.fromEntries(buffers) }, transfer);
  },
  /** @param {number} id @param {[number, number][]} tiles @param {Uint8Array} pixels */
  tiles(id, tiles, pixels) {
    const data = /** @type {ArrayBuffer} */ (pixels.buffer);
    say({ type: "tiles", id, tiles, data }, [data]);
  },
  painted() {
    return new Uint8Array(painted);
  },
  /** A part of a file, which the browser holds from now on. @param {Uint8Array<ArrayBuffer>} bytes */
  part(bytes) {
    const blob = new Blob([bytes]);
    release(bytes.buffer);
    return blob;
  },
  /** @param {number} id @param {string} name @param {string} kind @param {Blob[]} parts */
  deliver(id, name, kind, parts) {
    say({ type: "cutout", id, name, kind, file: new Blob(parts, { type: kind }) });
  },
  /** A picture that Python fills from the top, for the browser to write. @param {number} width @param {number} height */
  sheet(width, height) {
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    let filled = 0;
    const rows = (/** @type {Uint8Array<ArrayBuffer>} */ rgba) => {
      const pixels = new ImageData(new Uint8ClampedArray(rgba.buffer), width);
      context?.putImageData(pixels, 0, filled);
      filled += pixels.height;
      release(rgba.buffer);
    };
    const encoded = async (/** @type {string} */ kind, /** @type {number} */ quality) => {
      const blob = await canvas.convertToBlob({ type: kind, quality: quality / 100 });
      canvas.width = canvas.height = 0;
      if (blob.type !== kind) throw new Error(`this browser writes no ${kind}`);
      return blob;
    };
    return { rows, encoded };
  },
  /** @param {string} id */
  async readPicture(id) {
    return new Uint8Array(await pictureOf(id).arrayBuffer());
  },
  /** @param {string} id */
  decodePicture(id) {
    return decode(pictureOf(id));
  },
  /** @param {number} id @param {Uint8Array} history */
  keep(id, history) {
    const data = /** @type {ArrayBuffer} */ (history.buffer);
    say({ type: "history", id, data }, [data]);
  },
  /** @param {number} id */
  kept(id) {
    const history = histories.get(id);
    histories.delete(id);
    return history;
  },
  /** @param {string} report as JSON */
  inspected(report) {
    const known = JSON.parse(report);
    files.delete(known.id);
    say({ type: "inspected", report: known });
  },
  /** @param {number} id @param {string} verdict as JSON */
  checked(id, verdict) {
    files.delete(id);
    say({ type: "checked", id, verdict: JSON.parse(verdict) });
  },
  /** @param {number} id */
  size(id) {
    return fileOf(id).size;
  },
  /** @param {number} id */
  async read(id) {
    return new Uint8Array(await fileOf(id).arrayBuffer());
  },
  /** @param {number} id @param {boolean} opaque @param {[number, number][]} without  parts of the file that are left out */
  decode(id, opaque, without) {
    return decode(leftOut(fileOf(id), without), opaque);
  },
};

/** A file without some parts of it, in their order. @param {Blob} file @param {[number, number][]} parts */
function leftOut(file, parts) {
  const from = [0, ...parts.map(([, to]) => to)];
  return new Blob(from.map((start, index) => file.slice(start, parts[index]?.[0])));
}

/** @param {Blob} file @param {boolean} [opaque]  whether nothing in it can be transparent */
async function decode(file, opaque = false) {
  const end = await turnToDecode();
  try {
    const bitmap = await createImageBitmap(file, {
      imageOrientation: "from-image",
      premultiplyAlpha: opaque ? "default" : "none", // which makes a second copy, as "none" for the colours does
    });
    const { width, height } = bitmap;
    // Python takes the pixels strip by strip into its own memory: beside that there is the bitmap alone.
    const context = new OffscreenCanvas(width, Math.min(height, STRIP)).getContext("2d", { willReadFrequently: true });
    let strip = new Uint8ClampedArray(); // the last one: Python has it by the time it asks for the next
    const rows = (/** @type {number} */ top) => {
      release(strip.buffer);
      context?.clearRect(0, 0, width, STRIP);
      context?.drawImage(bitmap, 0, -top);
      strip = context?.getImageData(0, 0, width, Math.min(STRIP, height - top)).data ?? strip;
      return strip;
    };
    const close = () => {
      release(strip.buffer);
      bitmap.close();
      end();
    };
    return { width, height, strip: STRIP, rows, close };
  } catch (error) {
    end();
    throw error;
  }
}

/** @param {string} id */
function pictureOf(id) {
  const picture = pictures.get(id);
  if (!picture) throw new DOMException(`there is no picture ${id}`, "NotFoundError");
  return picture;
}

/** @param {number} id */
function fileOf(id) {
  const file = files.get(id);
  if (!file) throw new Error(`there is no file ${id}`);
  return file;
}

/** @param {ToWorker} message */
function receive(message) {
  if (message.type === "add") {
    for (const { id, file, history } of message.photos) {
      files.set(id, file);
      if (history) histories.set(id, new Uint8Array(history));
    }
    tell({
      type: "add",
      photos: message.photos.map(({ id, file, view, look, history }) => ({ id, name: file.name, view, look, kept: Boolean(history) })),
    });
    return;
  }
  if (message.type === "add-picture") {
    pictures.set(message.id, message.file);
    return;
  }
  if (message.type === "inspect") {
    const { id, file } = message;
    files.set(id, file);
    tell({ type: "inspect", model: { id, name: file.name, bytes: file.size } });
    return;
  }
  if (message.type === "check") {
    files.set(message.id, message.file);
    tell({ type: "check", id: message.id });
    return;
  }
  if (message.type === "remove") files.delete(message.id);
  if (message.type === "stroke") {
    painted = message.data; // Python asks for it while it takes the message
    tell({ ...message, data: null });
  } else {
    tell(message);
  }
}

host("cutout", bridge, receive);
