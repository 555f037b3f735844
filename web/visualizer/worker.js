/**
 * The visualizer's worker: holds the track's file, decodes it piece by piece as Python asks for it, and passes on what Python
 * hears.
 *
 * @typedef {import("./messages.js").ToWorker} ToWorker
 * @typedef {import("./messages.js").FromWorker} FromWorker
 * @typedef {import("./decode.js").Sound} Sound
 * @typedef {import("./decode.js").Whole} Whole
 */

import { host, post, tell } from "../shell/host.js";

/** @type {{id: number, file: File} | null} */
let track = null;
/** @type {Sound | null} */
let sound = null;
/** @type {Map<number, (whole: Whole | null) => void>} */
const awaited = new Map();

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
const say = (message, transfer) => post(message, transfer);

/** The JavaScript half of `hearth.page.visualizer.bridge.VisualizerBridge`. */
const bridge = {
  /** @param {number} id */
  async open(id) {
    sound?.close();
    sound = null;
    if (track?.id !== id) throw new Error(`there is no track ${id}`);
    const { openSound, readTags, SoundFailed } = await import("./decode.js");
    readTags(track.file).then((tags) => say({ type: "tags", id, ...tags }));
    try {
      const opened = await openSound(track.file, () => wholeOf(id));
      sound = opened;
      return { rate: opened.rate, channels: opened.channels, duration: opened.duration, problem: "", detail: "" };
    } catch (error) {
      if (!(error instanceof SoundFailed)) throw error;
      return { rate: 0, channels: 0, duration: 0, problem: error.problem, detail: error.detail };
    }
  },
  async piece() {
    return (await sound?.piece()) ?? undefined; // which is None to Python, as null is not
  },
  lost: () => sound?.lost() ?? 0,
  /** @param {string} text  what is not arrays, as JSON @param {Record<string, {buffer: ArrayBuffer}>} arrays */
  heard(text, arrays) {
    const buffers = Object.entries(arrays).map(([name, { buffer }]) => /** @type {[string, ArrayBuffer]} */ ([name, buffer]));
    say({ type: "heard", ...JSON.parse(text), ...Object.fromEntries(buffers) }, buffers.map(([, buffer]) => buffer));
  },
};

/** Asks the page to decode the file whole; only there is Web Audio. @param {number} id @returns {Promise<Whole | null>} */
function wholeOf(id) {
  return new Promise((resolve) => {
    awaited.set(id, resolve);
    say({ type: "decode", id });
  });
}

/** @param {ToWorker} message */
function receive(message) {
  if (message.type === "decoded") {
    awaited.get(message.id)?.(message.whole);
    awaited.delete(message.id);
    return;
  }
  if (message.type === "open") {
    track = message;
    tell({ type: "open", id: message.id, name: message.file.name });
    return;
  }
  tell(message);
}

host("visualizer", bridge, receive);
