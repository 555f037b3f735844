/**
 * A video without a ground: VP9 for the colours, and another VP9 stream for how opaque each pixel is, packed together as
 * WebM has it.
 *
 * @typedef {import("../renderer.js").Renderer} Renderer
 */

import { EncodedPacket, EncodedVideoPacketSource } from "../../mediabunny.mjs";
import { QUANTIZERS } from "./bitrate.js";

const CODEC = "vp09.00.51.08";
const KEY_SECONDS = 2;
const MOST_WAITING = 4; // frames in an encoder

/** @param {import("./bitrate.js").Picture} picture */
export async function canBeTransparent(picture) {
  return typeof VideoEncoder !== "undefined" && (await VideoEncoder.isConfigSupported(config(picture))).supported === true;
}

/** @param {import("./bitrate.js").Picture} picture @returns {VideoEncoderConfig} */
function config({ width, height, rate }) {
  return { codec: CODEC, width, height, framerate: rate, bitrateMode: "quantizer", latencyMode: "quality" };
}

export class TransparentVideo {
  /** @param {Renderer} renderer @param {import("./bitrate.js").Picture} picture */
  constructor(renderer, picture) {
    this.renderer = renderer;
    this.picture = picture;
    this.source = new EncodedVideoPacketSource("vp9");
    /** @type {{chunk: EncodedVideoChunk, meta?: EncodedVideoChunkMetadata}[]} */
    this.colours = [];
    /** @type {Uint8Array[]} */
    this.alphas = [];
    /** @type {unknown} */
    this.failure = null;
    this.frames = 0;
    const error = (/** @type {unknown} */ failure) => (this.failure = failure);
    this.colour = new VideoEncoder({ output: (chunk, meta) => this.colours.push({ chunk, meta }), error });
    this.alpha = new VideoEncoder({ output: (chunk) => this.alphas.push(bytes(chunk)), error });
    this.colour.configure(config(picture));
    this.alpha.configure(config(picture));
  }

  /** Adds what the renderer drew last. @param {number} timestamp in seconds @param {number} duration */
  async add(timestamp, duration) {
    const { width, height, rate } = this.picture;
    const { colour, opacity } = split(this.renderer.pixels(), width, height);
    const times = { timestamp: Math.round(timestamp * 1e6), duration: Math.round(duration * 1e6), codedWidth: width, codedHeight: height };
    const keyFrame = this.frames++ % Math.round(KEY_SECONDS * rate) === 0;
    for (const [encoder, data, format] of /** @type {const} */ ([
      [this.colour, colour, "RGBX"],
      [this.alpha, opacity, "I420"],
    ])) {
      const frame = new VideoFrame(data, { ...times, format });
      encoder.encode(frame, /** @type {VideoEncoderEncodeOptions} */ ({ keyFrame, vp9: { quantizer: QUANTIZERS.vp9 } }));
      frame.close();
    }
    while (Math.max(this.colour.encodeQueueSize, this.alpha.encodeQueueSize) > MOST_WAITING && !this.failure) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await this.#write();
  }

  async finish() {
    await Promise.all([this.colour.flush(), this.alpha.flush()]);
    await this.#write();
    this.close();
  }

  close() {
    for (const encoder of [this.colour, this.alpha]) if (encoder.state !== "closed") encoder.close();
  }

  /** Passes on the frames of which both halves are there. */
  async #write() {
    if (this.failure) throw this.failure;
    while (this.colours.length && this.alphas.length) {
      const { chunk, meta } = /** @type {{chunk: EncodedVideoChunk, meta?: EncodedVideoChunkMetadata}} */ (this.colours.shift());
      await this.source.add(EncodedPacket.fromEncodedChunk(chunk, { alpha: this.alphas.shift() }), meta);
    }
  }
}

/** @param {EncodedVideoChunk} chunk */
function bytes(chunk) {
  const data = new Uint8Array(chunk.byteLength);
  chunk.copyTo(data);
  return data;
}

/**
 * The colours from the top, and the opacity as the light of a grey picture.
 * @param {Uint8Array} pixels  RGBA from the bottom @param {number} width @param {number} height  both even
 */
function split(pixels, width, height) {
  const colour = new Uint8Array(width * height * 4);
  const opacity = new Uint8Array((width * height * 3) / 2).fill(128);
  for (let row = 0; row < height; row++) {
    const from = (height - 1 - row) * width * 4;
    colour.set(pixels.subarray(from, from + width * 4), row * width * 4);
    for (let x = 0; x < width; x++) opacity[row * width + x] = pixels[from + x * 4 + 3]; // all of 0 to 255, other than light
  }
  return { colour, opacity };
}
