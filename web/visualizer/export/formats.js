/** The kinds of files that this browser can write, and with what codecs. */

import {
  canEncodeAudio,
  canEncodeVideo,
  Mp4OutputFormat,
  QUALITY_HIGH,
  WebMOutputFormat,
} from "../../mediabunny.mjs";
import { quality } from "./bitrate.js";
import { canBeTransparent } from "./transparent.js";

/**
 * @typedef {"mp4" | "webm" | "transparent"} Format
 * @typedef {import("mediabunny").VideoCodec} VideoCodec
 * @typedef {import("mediabunny").AudioCodec} AudioCodec
 * @typedef {{video: VideoCodec, audio: AudioCodec | null, copied: boolean}} Codecs  `copied` where the sound stays as it is;
 *     `audio` is null where it can't come along
 */

/** Those that most players take come first. @type {Record<Format, {video: VideoCodec[], copied: AudioCodec[], made: AudioCodec[]}>} */
const CHOICES = {
  mp4: { video: ["avc", "hevc", "av1", "vp9"], copied: ["aac", "mp3"], made: ["aac", "opus"] },
  webm: { video: ["vp9", "av1", "vp8"], copied: ["opus", "vorbis"], made: ["opus"] },
  transparent: { video: ["vp9"], copied: ["opus", "vorbis"], made: ["opus"] },
};

export const FORMATS = /** @type {Format[]} */ (Object.keys(CHOICES));
export const SOUND_QUALITY = QUALITY_HIGH;
export const SOUND_RATE = 48000;

/** @param {Format} format @param {boolean} streamed  whether it is written as it comes, which leaves MP4's index for the end */
export const container = (format, streamed) =>
  format === "mp4" ? new Mp4OutputFormat({ fastStart: streamed ? false : "in-memory" }) : new WebMOutputFormat();

/** @param {Format} format */
export const suffix = (format) => (format === "mp4" ? "mp4" : "webm");

/**
 * The codecs for a file, or null where this browser can't write it.
 * @param {Format} format
 * @param {import("./bitrate.js").Picture} picture
 * @param {{codec: AudioCodec | null, channels: number, whole: boolean}} sound  of the track; `whole` unless a part is saved
 * @returns {Promise<Codecs | null>}
 */
export async function codecs(format, picture, { codec, channels, whole }) {
  const choice = CHOICES[format];
  const { width, height, rate: frameRate } = picture;
  const video = await first(choice.video, (name) => canEncodeVideo(name, { width, height, frameRate, quality: quality(picture, name) }));
  if (!video || (format === "transparent" && !(await canBeTransparent(picture)))) return null;
  if (whole && codec && choice.copied.includes(codec)) return { video, audio: codec, copied: true };
  const made = { numberOfChannels: Math.min(2, channels), sampleRate: SOUND_RATE, quality: SOUND_QUALITY };
  const audio = await first(choice.made, (name) => canEncodeAudio(name, made));
  return { video, audio, copied: false };
}

/** @template T @param {T[]} all @param {(one: T) => Promise<boolean>} fits @returns {Promise<T | null>} */
async function first(all, fits) {
  for (const one of all) if (await fits(one)) return one;
  return null;
}
