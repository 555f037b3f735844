/**
 * Saving a video: what can be chosen, how far it is, the file in the end.
 *
 * @typedef {import("../features.js").Features} Features
 * @typedef {import("../player.js").Player} Player
 * @typedef {import("../programs.js").Looks} Looks
 * @typedef {import("../settings.js").Settings} Settings
 * @typedef {import("./formats.js").Format} Format
 * @typedef {import("./worker.js").FromExport} FromExport
 */

import { announce, byId, make, notice, setText } from "../../shell/dom.js";
import { recall, remember } from "../../shell/memory.js";
import { say } from "../../shell/words.js";
import { SHAPES } from "../settings.js";
import { RealtimeRecorder, realtimeKind } from "./realtime.js";

const SIZES = [480, 720, 1080, 1440, 2160]; // pixels of the shorter side
const RATES = [24, 25, 30, 50, 60];
const FORMATS = /** @type {Format[]} */ (["mp4", "webm", "transparent"]);
const WORKER = new URL("./worker.js", import.meta.url);
const LEAST_LEFT = 0.05; // seconds
const MOST_SHORT = 0.5; // seconds that a recording may lack at its end

export class Saver {
  /**
   * @param {object} from
   * @param {Looks} from.looks @param {Settings} from.settings @param {Player} from.player
   * @param {() => Features} from.features
   * @param {() => Promise<Blob | import("../decode.js").Whole>} from.sound  what of it can be decoded in a worker
   * @param {() => boolean} from.failed  whether the track can't be heard at all
   * @param {() => string} from.name  for the file, without its suffix
   * @param {(pixels: {width: number, height: number} | null) => void} from.hold  keeps the preview at a size while it is recorded
   */
  constructor({ looks, settings, player, features, sound, failed, name, hold }) {
    this.looks = looks;
    this.settings = settings;
    this.player = player;
    this.features = features;
    this.sound = sound;
    this.failed = failed;
    this.name = name;
    this.hold = hold;
    this.able = typeof VideoEncoder !== "undefined";
    /** @type {Worker | RealtimeRecorder | null} */
    this.working = null;
    this.beginning = false; // until it is known where to write, and the sound is there
    this.pausing = false;
    this.video = { name: "", rate: 30 }; // that is being saved, whatever is chosen meanwhile
    this.address = "";
    this.size = select("video-size", SIZES.map(String), "1080", (size) => say("video.pixels", { size }));
    this.rate = select("video-rate", RATES.map(String), "30", (rate) => rate);
    this.format = select("video-format", FORMATS, "mp4", (format) => say(`video.format.${format}`));
    byId("save").addEventListener("click", () => this.#begin());
    byId("pause-saving").addEventListener("click", () => this.#pause());
    byId("cancel-saving").addEventListener("click", () => this.#cancel());
    this.#show();
  }

  get busy() {
    return this.working !== null;
  }

  /** Width and height of the video; both even. */
  get pixels() {
    const [across, up] = SHAPES[this.settings.shape];
    const scale = Number(this.size.value) / Math.min(across, up);
    const even = (/** @type {number} */ side) => 2 * Math.round((side * scale) / 2);
    return { width: even(across), height: even(up) };
  }

  /** To be called when what is heard, or the part that is marked, changed. */
  update() {
    const { complete } = this.features();
    /** @type {HTMLButtonElement} */ (byId("save")).disabled = !complete;
    const { from, to, whole } = this.#part();
    const part = whole ? "" : say("video.part", { time: to - from });
    const hint = this.failed() ? "" : !complete ? say("video.wait") : !this.able ? say("video.real-time") : part;
    setText(byId("video-hint"), hint);
    byId("video-hint").hidden = !hint;
  }

  #part() {
    const { a, b } = this.player;
    const end = this.features().duration;
    if (a === null || b === null || b - a < LEAST_LEFT) return { from: 0, to: end, whole: true };
    return { from: a, to: Math.min(b, end), whole: false };
  }

  async #begin() {
    if (this.beginning || this.busy) return;
    if (!this.able) return this.#record();
    this.beginning = true;
    try {
      await this.#encode();
    } finally {
      this.beginning = false;
    }
  }

  async #encode() {
    const format = /** @type {Format} */ (this.format.value);
    const name = `${this.name()}.${format === "mp4" ? "mp4" : "webm"}`;
    const target = await askWhere(name);
    if (target === "none") return;
    this.video = { name, rate: Number(this.rate.value) };
    const features = { ...this.features() };
    const begin = {
      ...{ type: "begin", looks: this.looks, features, settings: { ...this.settings }, sound: await this.sound() },
      ...{ channels: 2, format, ...this.pixels, rate: Number(this.rate.value), ...this.#part(), target },
    };
    const worker = new Worker(WORKER, { type: "module" });
    this.working = worker;
    worker.onmessage = ({ data }) => this.#receive(data, name);
    worker.onerror = ({ message }) => this.#receive({ type: "refused", reason: "broke", detail: message }, name);
    worker.postMessage(begin);
    this.#progress(0, 1, 0);
    this.#show();
  }

  /** @param {FromExport} message @param {string} name */
  #receive(message, name) {
    switch (message.type) {
      case "progress":
        this.#progress(message.frame, message.frames, message.seconds);
        return;
      case "saved": {
        const speed = message.frames / this.video.rate / Math.max(message.seconds, 1e-3);
        this.#end(say(message.audio ? "video.saved" : "video.saved-silent", { name, time: message.seconds, speed }));
        if (message.file) this.#offer(message.file, name);
        return;
      }
      case "cancelled":
        this.#end(say("video.cancelled"));
        return;
      case "refused":
        console.error(message.detail);
        this.#end(say(`video.refused.${message.reason}`));
        notice(say(`video.refused.${message.reason}`));
    }
  }

  /** @param {number} frame @param {number} frames @param {number} seconds */
  #progress(frame, frames, seconds) {
    const bar = byId("saving-progress");
    /** @type {HTMLElement} */ (bar.firstElementChild).style.setProperty("--done", String(frame / frames));
    bar.ariaValueNow = String(Math.round((100 * frame) / frames));
    const { name, rate } = this.video;
    const speed = frame / rate / Math.max(seconds, 1e-3);
    setText(byId("saving-state"), frame ? say("video.now", { name, done: frame / frames, left: ((frames - frame) / frame) * seconds, speed }) : say("video.begins"));
  }

  #pause() {
    this.pausing = !this.pausing;
    if (this.working instanceof Worker) this.working.postMessage({ type: this.pausing ? "pause" : "resume" });
    else if (this.pausing) this.working?.pause();
    else this.working?.resume();
    this.#show();
  }

  /** Another song plays: what is recorded of this one ends, and is saved. What a worker saves goes on. */
  interrupt() {
    if (this.working instanceof RealtimeRecorder) this.working.leave();
  }

  #cancel() {
    if (this.working instanceof Worker) this.working.postMessage({ type: "cancel" });
    else {
      this.working?.cancel();
      this.#end(say("video.cancelled"));
    }
  }

  /** @param {string} sentence */
  #end(sentence) {
    if (this.working instanceof Worker) this.working.terminate();
    else this.hold(null);
    this.working = null;
    this.pausing = false;
    setText(byId("saving-state"), sentence);
    announce(sentence);
    this.#show();
  }

  /** @param {Blob} file @param {string} name */
  #offer(file, name) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = URL.createObjectURL(file);
    const link = /** @type {HTMLAnchorElement} */ (byId("video-link"));
    Object.assign(link, { href: this.address, download: name, hidden: false });
    link.click();
  }

  #record() {
    if (!realtimeKind()) return notice(say("video.refused.no-codec"));
    const canvas = /** @type {HTMLCanvasElement} */ (byId("picture"));
    const name = `${this.name()}.${realtimeKind().includes("mp4") ? "mp4" : "webm"}`;
    this.hold(this.pixels);
    const part = this.#part();
    const [seconds, rate] = [part.to - part.from, Number(this.rate.value)];
    this.video = { name, rate };
    this.working = new RealtimeRecorder(canvas, this.player, rate, part, {
      progress: (fraction) => this.#progress(fraction * seconds * rate, seconds * rate, fraction * seconds),
      saved: (file, recorded) => {
        // A device too slow to draw a frame before the song is over has recorded nothing.
        if (!file.size) return this.#receive({ type: "refused", reason: "broke", detail: "nothing was recorded" }, name);
        const short = recorded < seconds - MOST_SHORT;
        const sentence = say(short ? "video.cut-short" : "video.recorded", { name, time: recorded });
        this.#end(sentence);
        if (short) notice(sentence);
        this.#offer(file, name);
      },
    });
    this.#show();
  }

  #show() {
    const { busy } = this;
    byId("save").hidden = busy;
    byId("pause-saving").hidden = byId("cancel-saving").hidden = !busy;
    byId("saving").hidden = !busy && !byId("saving-state").textContent;
    byId("saving-progress").hidden = !busy;
    if (busy) byId("video-link").hidden = true;
    setText(byId("pause-saving"), say(this.pausing ? "video.resume" : "video.pause"));
    this.update();
  }
}

/**
 * Where to write the file: "none" where the person turned away, null where the browser asks nobody.
 * @param {string} suggestedName
 * @returns {Promise<FileSystemFileHandle | null | "none">}
 */
async function askWhere(suggestedName) {
  const ask = /** @type {any} */ (globalThis).showSaveFilePicker;
  if (!ask) return null;
  try {
    return await ask({ suggestedName });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return error.name === "AbortError" ? "none" : null;
  }
}

/** @param {string} id @param {string[]} values @param {string} usual @param {(value: string) => string} words */
function select(id, values, usual, words) {
  const element = /** @type {HTMLSelectElement} */ (byId(id));
  const options = values.map((value) => Object.assign(make("option", "", words(value)), { value }));
  element.append(...options);
  const kept = recall(id);
  element.value = kept && values.includes(kept) ? kept : usual;
  element.addEventListener("change", () => remember(id, element.value));
  return element;
}
