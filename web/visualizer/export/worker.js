/**
 * Draws a video frame by frame and writes it, as fast as the device can, beside the page. The frames are those of the
 * preview: the same renderer, features and settings.
 *
 * @typedef {import("./formats.js").Format} Format
 * @typedef {import("../decode.js").Whole} Whole
 *
 * @typedef {object} Begin
 * @property {"begin"} type
 * @property {import("../programs.js").Looks} looks
 * @property {import("../features.js").Features} features  without its methods
 * @property {import("../settings.js").Settings} settings
 * @property {Blob | Whole} sound
 * @property {number} channels  of the sound
 * @property {Format} format
 * @property {number} width @property {number} height @property {number} rate  frames a second
 * @property {number} from  seconds in the song @property {number} to
 * @property {boolean} whole  whether that is all of it
 * @property {FileSystemFileHandle | null} target  where the person wants it; null for a file to be given over
 *
 * @typedef {Begin | {type: "pause" | "resume" | "cancel"}} ToExport
 * @typedef {{type: "progress", frame: number, frames: number, seconds: number}} Progress  `seconds` of work so far
 * @typedef {{type: "saved", file: Blob | null, frames: number, seconds: number, video: string, audio: string}} Saved
 * @typedef {{type: "cancelled"} | {type: "refused", reason: "no-codec" | "no-room" | "no-webgl" | "broke", detail: string}} Ended
 * @typedef {Progress | Saved | Ended} FromExport
 */

import { ALL_FORMATS, BlobSource, BufferTarget, CanvasSource, Input, Output, StreamTarget } from "../../mediabunny.mjs";
import { Features } from "../features.js";
import { NoWebGL, Renderer } from "../renderer.js";
import { quality } from "./bitrate.js";
import { codecs, container, suffix } from "./formats.js";
import { registerRunUp } from "./run-up.js";
import { openSoundtrack } from "./soundtrack.js";
import { TransparentVideo } from "./transparent.js";

const AHEAD = 1; // seconds that the sound goes before the picture
const REPORT_MS = 120;
const RESTORED_MS = 20_000; // how long the graphics card may take to come back

let cancelled = false;
/** @type {(() => void) | null} */
let resume = null;
/** @type {Promise<void> | null} */
let paused = null;

/** @param {FromExport} message */
const say = (message) => self.postMessage(message);

self.onmessage = ({ data }) => {
  const message = /** @type {ToExport} */ (data);
  if (message.type === "begin") save(message).catch(refuse);
  if (message.type === "pause") paused ??= new Promise((resolve) => (resume = resolve));
  if (message.type === "cancel") cancelled = true;
  if (message.type !== "pause") {
    resume?.();
    paused = null;
  }
};

/** @param {unknown} error */
function refuse(error) {
  const noRoom = error instanceof DOMException && error.name === "QuotaExceededError";
  say({ type: "refused", reason: noRoom ? "no-room" : error instanceof NoWebGL ? "no-webgl" : "broke", detail: String(error) });
}

/** @param {Begin} begin */
async function save({ looks, features: plain, settings, sound, channels, format, width, height, rate, from, to, whole, target }) {
  const picture = { width, height, rate, grain: settings.grain };
  const chosen = await codecs(format, picture, { codec: await codecOf(sound), channels, whole });
  if (!chosen) return say({ type: "refused", reason: "no-codec", detail: format });
  registerRunUp();
  const features = Object.assign(new Features(), plain);
  const canvas = new OffscreenCanvas(width, height);
  let lost = false;
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // so that it comes back
    lost = true;
  });
  let renderer = new Renderer(canvas, looks);
  const place = await openPlace(target, format);
  const output = new Output({ format: container(format, place.handle !== null), target: place.target });
  const transparent = format === "transparent" ? new TransparentVideo(renderer, picture) : null;
  const opaque = transparent ? null : new CanvasSource(canvas, { codec: chosen.video, quality: quality(picture, chosen.video), latencyMode: "quality" });
  output.addVideoTrack(/** @type {import("mediabunny").VideoSource} */ (transparent?.source ?? opaque), {
    frameRate: rate,
    canBeTransparent: transparent !== null,
  });
  const soundtrack = await openSoundtrack(sound, chosen, from, to);
  if (soundtrack) output.addAudioTrack(soundtrack.source);
  await output.start();
  const frames = Math.max(1, Math.round((to - from) * rate));
  const clock = new Clock();
  for (let frame = 0; frame < frames; frame++) {
    if (paused) await clock.without(paused);
    if (cancelled) break;
    await soundtrack?.feed(frame / rate + AHEAD);
    const draw = () => renderer.draw(features, { ...settings, transparent: transparent !== null }, from + frame / rate);
    for (draw(); lost || renderer.gl.isContextLost(); draw()) {
      if (renderer.gl.isContextLost()) await restored(canvas);
      lost = false;
      renderer = new Renderer(canvas, looks);
      if (transparent) transparent.renderer = renderer;
    }
    await (transparent ?? opaque)?.add(frame / rate, 1 / rate);
    if (clock.due()) say({ type: "progress", frame: frame + 1, frames, seconds: clock.seconds });
  }
  if (!cancelled) {
    await soundtrack?.feed(Infinity);
    await transparent?.finish();
  }
  soundtrack?.close();
  transparent?.close();
  if (cancelled) {
    await output.cancel();
    await place.drop();
    return say({ type: "cancelled" });
  }
  await output.finalize();
  const file = await place.file();
  say({ type: "saved", file, frames, seconds: clock.seconds, video: chosen.video, audio: chosen.audio ?? "" });
}

/** Waits for a graphics card that was reset. Throws NoWebGL where it does not come back. @param {OffscreenCanvas} canvas */
const restored = (canvas) =>
  new Promise((resolve, reject) => {
    canvas.addEventListener("webglcontextrestored", resolve, { once: true });
    setTimeout(() => reject(new NoWebGL()), RESTORED_MS);
  });

/** @param {Blob | Whole} sound */
async function codecOf(sound) {
  if (!(sound instanceof Blob)) return null;
  const input = new Input({ source: new BlobSource(sound), formats: ALL_FORMATS });
  const codec = (await (await input.getPrimaryAudioTrack())?.getCodec()) ?? null;
  input.dispose();
  return codec;
}

/**
 * Where the file is written: where the person wants it, else in the page's own storage, else in memory.
 * @param {FileSystemFileHandle | null} target @param {Format} format
 */
async function openPlace(target, format) {
  const handle = target ?? (await ownFile(format));
  const type = format === "mp4" ? "video/mp4" : "video/webm";
  if (!handle) {
    const buffer = new BufferTarget();
    return { handle, target: buffer, file: async () => new Blob([/** @type {ArrayBuffer} */ (buffer.buffer)], { type }), drop: async () => {} };
  }
  const writable = await handle.createWritable();
  return {
    handle,
    target: new StreamTarget(writable, { chunked: true }),
    file: async () => (target ? null : new Blob([await handle.getFile()], { type })),
    drop: async () => {
      await writable.abort().catch(() => {}); // closed by the library already
    },
  };
}

/** A file in the page's own storage, the one of last time replaced. @param {Format} format */
async function ownFile(format) {
  try {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle(`video.${suffix(format)}`, { create: true });
    return "createWritable" in handle ? handle : null;
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return null; // forbidden, or not known here
    throw error;
  }
}

/** Counts the time of the work, without pauses. */
class Clock {
  constructor() {
    this.started = performance.now();
    this.reported = 0;
  }

  get seconds() {
    return (performance.now() - this.started) / 1000;
  }

  due() {
    const now = performance.now();
    if (now - this.reported < REPORT_MS) return false;
    this.reported = now;
    return true;
  }

  /** @param {Promise<void>} pause */
  async without(pause) {
    const begun = performance.now();
    await pause;
    this.started += performance.now() - begun;
  }
}
