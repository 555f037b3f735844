/**
 * Hosts Pyodide: boots it, unpacks the app, and passes messages between the page and `hearth.page`.
 *
 * @typedef {import("./messages.js").ToWorker} ToWorker
 * @typedef {import("./messages.js").FromWorker} FromWorker
 */

import { loadPyodide } from "./pyodide/pyodide.mjs";

import { countBytes } from "./count.js";
import { openGpu } from "./gpu.js";
import { Pool } from "./pool.js";

const INDEX = new URL("./pyodide/", import.meta.url).href;
const APP = new URL("./hearth.whl", import.meta.url).href;

/** @type {Map<number, File>} */
const files = new Map();
/** @type {Map<string, {resolve: (data: object) => void, reject: (error: Error) => void, progress: any}>} */
const awaited = new Map();
/** @type {ToWorker[]} */
const early = [];
/** @type {Int32Array | null} */
let stopFlag = null;
let stopping = 0;
/** @type {any} */
let page = null;

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
function post(message, transfer = []) {
  self.postMessage(message, { transfer });
}

/** What Python may ask for: the JavaScript half of `hearth.page.bridge.Bridge`. */
const bridge = {
  /** @param {string} view as JSON */
  show(view) {
    post({ type: "view", view: JSON.parse(view) });
  },
  /** @param {number} id @param {"before" | "after"} kind @param {number} width @param {number} height @param {Uint8Array} rgba */
  picture(id, kind, width, height, rgba) {
    const buffer = /** @type {ArrayBuffer} */ (rgba.buffer);
    post({ type: "picture", id, kind, width, height, rgba: buffer }, [buffer]);
  },
  /** @param {number} id @param {string} name @param {Uint8Array} png */
  deliver(id, name, png) {
    const buffer = /** @type {ArrayBuffer} */ (png.buffer);
    post({ type: "cutout", id, name, png: buffer }, [buffer]);
  },
  /** @param {number} id */
  stopAsked(id) {
    return stopping === id || (stopFlag !== null && Atomics.load(stopFlag, 0) === id);
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
  /** @param {string} id @param {any} progress a Python function */
  model(id, progress) {
    return new Promise((resolve, reject) => {
      awaited.set(id, { resolve, reject, progress: progress.copy() });
      post({ type: "need-model", id });
    });
  },
  /** @param {string} id */
  dropModel(id) {
    settle(id)?.reject(new Error("not needed any more"));
    post({ type: "drop-model", id });
  },
};

/** @param {number} id */
function fileOf(id) {
  const file = files.get(id);
  if (!file) throw new Error(`there is no file ${id}`);
  return file;
}

/** @param {string} id */
function settle(id) {
  const waiting = awaited.get(id);
  awaited.delete(id);
  waiting?.progress.destroy();
  return waiting;
}

/** @param {ToWorker} message */
function receive(message) {
  switch (message.type) {
    case "model-progress":
      awaited.get(message.id)?.progress(message.loaded, message.total);
      return;
    case "model":
      settle(message.id)?.resolve({ data: new Uint8Array(message.data), checked: message.checked });
      return;
    case "model-failed":
      settle(message.id)?.reject(new Error(message.reason));
      return;
    case "start":
      stopping = message.stopping;
      break;
    case "stop":
      stopping = message.id;
      break;
    case "retry":
      if (stopping === message.id) stopping = 0;
      break;
    case "remove":
      files.delete(message.id);
      break;
    case "add":
      for (const { id, file } of message.photos) files.set(id, file);
      tell({ type: "add", photos: message.photos.map(({ id, file }) => ({ id, name: file.name })) });
      return;
  }
  tell(message);
}

/** @param {object} message */
function tell(message) {
  page.receive(JSON.stringify(message));
}

/** @param {import("./messages.js").Boot} message */
async function boot({ cold, stop }) {
  stopFlag = stop && new Int32Array(stop);
  const uncount = cold ? countBytes((loaded) => post({ type: "booting", loaded })) : () => {};
  const gpu = openGpu();
  const wheel = fetch(APP).then((response) => response.arrayBuffer());
  const pyodide = await loadPyodide({ indexURL: INDEX, packages: ["numpy", "pillow", "hearth-kernels"] });
  pyodide.unpackArchive(await wheel, "wheel");
  uncount();
  pyodide.registerJsModule("hearth_pool", {
    /** @param {Uint8Array<ArrayBuffer>} code @param {number} threads */
    open: (code, threads) => new Pool(code, threads, () => pyodide._module.HEAPU8),
  });
  pyodide.registerJsModule("hearth_gpu", { gpu: await gpu });
  page = pyodide.pyimport("hearth.page.browser").open_page(bridge);
  for (const message of early.splice(0)) receive(message);
  post({ type: "ready" });
}

self.onmessage = (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  if (data.type === "boot") boot(data).catch((error) => post({ type: "broken", reason: String(error?.message ?? error) }));
  else if (page) receive(data);
  else early.push(data);
};
