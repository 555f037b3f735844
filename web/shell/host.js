/**
 * Hosts Pyodide in a worker: boots it, unpacks the app, opens the page of one tool in Python, and passes messages.
 *
 * @typedef {import("./messages.js").Boot} Boot
 * @typedef {import("./messages.js").ToHost} ToHost
 * @typedef {import("./messages.js").FromHost} FromHost
 */

import { loadPyodide } from "../pyodide/pyodide.mjs";

import { openGpu } from "../gpu.js";
import { Pool } from "../pool.js";
import { countBytes } from "./count.js";
import { sameOrigin } from "./origin.js";
import { release } from "./release.js";

const INDEX = new URL("../pyodide/", import.meta.url).href;
const POOL = new URL("../pool-worker.js", import.meta.url);
const APP = new URL("../hearth.whl", import.meta.url).href;
const PACKAGES = ["numpy", "pillow", "hearth-kernels"];

/** @type {Map<string, {resolve: (data: object) => void, reject: (error: Error) => void, progress: any}>} */
const awaited = new Map();
/** @type {{type: string}[]} */
const early = [];
const gpu = openGpu();
/** @type {Int32Array | null} */
let stopFlag = null;
let stopping = 0;
/** @type {any} */
let door = null;

/** @param {{type: string}} message @param {Transferable[]} [transfer] */
export function post(message, transfer = []) {
  self.postMessage(message, { transfer });
}

/** @param {FromHost} message */
const say = (message) => post(message);

/** Hands a message to Python, as JSON. @param {object} message */
export function tell(message) {
  door.receive(JSON.stringify(message));
}

/** What every tool's Python may ask for: the JavaScript half of `hearth.page.bridge.Bridge`. */
const bridge = {
  /** @param {string} view as JSON */
  show(view) {
    say({ type: "view", view: JSON.parse(view) });
  },
  /** @param {number} id  of a job */
  stopAsked(id) {
    return stopping === id || (stopFlag !== null && Atomics.load(stopFlag, 0) === id);
  },
  /** @param {string} id @param {any} progress a Python function */
  model(id, progress) {
    return new Promise((resolve, reject) => {
      awaited.set(id, { resolve, reject, progress: progress.copy() });
      say({ type: "need-model", id });
    });
  },
  /**
   * A part of a file, waited for: Python asks for it in the middle of a computation.
   * @param {Blob} file @param {number} start @param {number} end
   */
  readPart(file, start, end) {
    return new Uint8Array(new FileReaderSync().readAsArrayBuffer(file.slice(start, end)));
  },
  /** @param {Uint8Array<ArrayBuffer>} bytes  that Python has */
  release(bytes) {
    release(bytes.buffer);
  },
  /** @param {string} id */
  dropModel(id) {
    settle(id)?.reject(new Error("not needed any more"));
    say({ type: "drop-model", id });
  },
};

/** @param {string} id */
function settle(id) {
  const waiting = awaited.get(id);
  awaited.delete(id);
  waiting?.progress.destroy();
  return waiting;
}

/**
 * Takes messages from now on: those about models itself, all others by `receive`, which may `tell` Python.
 * @param {string} tool  the name of its folders: `hearth.page.<tool>` and `web/<tool>`
 * @param {object} own  what the tool's Python may ask for beside `bridge`
 * @param {(message: any) => void} receive
 */
export function host(tool, own, receive) {
  /** @param {any} message */
  const take = (message) => {
    if (!takeOwn(message)) receive(message);
  };
  self.onmessage = ({ data }) => {
    if (data.type === "boot") {
      boot(data, tool, { ...bridge, ...own }, take).catch((error) => say({ type: "broken", reason: String(error?.message ?? error) }));
    } else if (data.type === "kernels") compileAhead(data.url);
    else if (door) take(data);
    else early.push(data);
  };
}

/** Compiles kernels that Python will ask for; what does not come is compiled then. @param {string} url */
async function compileAhead(url) {
  const opened = await gpu;
  if (!opened) return;
  try {
    opened.begin(await (await fetch(url)).json());
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error; // no connection, or something else
  }
}

/** @param {ToHost} message @returns {boolean} whether Python need not hear of it */
function takeOwn(message) {
  switch (message.type) {
    case "model-progress":
      awaited.get(message.id)?.progress(message.loaded, message.total);
      return true;
    case "model":
      settle(message.id)?.resolve({ file: message.file, checked: message.checked });
      return true;
    case "model-failed":
      settle(message.id)?.reject(new Error(message.reason));
      return true;
    case "start":
      stopping = message.stopping;
      return false;
    case "stop":
      stopping = message.id;
      return false;
    case "retry":
      if (stopping === message.id) stopping = 0;
      return false;
    default:
      return false;
  }
}

/** @param {string} url @param {string} [integrity]  that its bytes must have, else it throws a TypeError */
const fetched = async (url, integrity) => (await fetch(url, { integrity })).arrayBuffer();

/**
 * The wheels that Python needs, by name. They are only unpacked: `loadPackage` would compile each of their libraries at
 * once, of which few are ever used; Python loads those that it imports.
 * @returns {Promise<[string, ArrayBuffer][]>}
 */
async function fetchPackages() {
  const lock = await (await fetch(new URL("pyodide-lock.json", INDEX))).json();
  return Promise.all(
    PACKAGES.map(async (name) => {
      const { file_name, sha256 } = lock.packages[name];
      const hash = sha256.match(/../g).map((/** @type {string} */ byte) => parseInt(byte, 16));
      return [name, await fetched(new URL(file_name, INDEX).href, `sha256-${btoa(String.fromCharCode(...hash))}`)];
    }),
  );
}

/** @param {Boot} message @param {string} tool @param {object} bridge @param {(message: any) => void} take */
async function boot({ cold, stop, notes }, tool, bridge, take) {
  stopFlag = stop && new Int32Array(stop);
  const uncount = cold ? countBytes((loaded) => say({ type: "booting", loaded })) : () => {};
  const wheel = fetched(APP);
  const packages = fetchPackages();
  const pyodide = await loadPyodide({ indexURL: INDEX });
  for (const [name, data] of await packages) {
    pyodide.unpackArchive(data, "wheel");
    release(data);
    pyodide.loadedPackages[name] = "default channel"; // what needs them need not load them again
  }
  const app = await wheel;
  pyodide.unpackArchive(app, "wheel");
  release(app);
  uncount();
  pyodide.registerJsModule("hearth_pool", {
    /** @param {Uint8Array<ArrayBuffer>} code @param {number} threads */
    open: (code, threads) => new Pool(code, threads, () => pyodide._module.HEAPU8, sameOrigin(POOL)),
  });
  pyodide.registerJsModule("hearth_gpu", {
    gpu: await gpu,
    notes: {
      /** @param {string} key */
      recall: (key) => notes[key],
      /** @param {string} key @param {string} text */
      remember: (key, text) => say({ type: "note", key, text }),
    },
  });
  door = pyodide.pyimport("hearth.page.browser").open_door(bridge, tool);
  for (const message of early.splice(0)) take(message);
  say({ type: "ready" });
}
