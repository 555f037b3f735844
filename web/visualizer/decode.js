/**
 * Sound out of a file, piece by piece, so that an hour takes no more memory than a minute. What WebCodecs can't decode, the
 * page decodes whole by Web Audio.
 */

import { ALL_FORMATS, AudioSampleSink, BlobSource, Input, UnsupportedInputFormatError } from "../mediabunny.mjs";

const PIECE_SECONDS = [0.5, 1, 2, 4, 8]; // the first ones are short: there is something to see soon
const STRETCH = 0.5; // seconds that are decoded by themselves once a file has proved damaged
const MOST_LOST = 30; // seconds in a row without a sample, after which nothing more is looked for
const GAP = 0.05; // seconds between two samples that count as silence, not as rounding
const LONGEST_GAP = 60; // seconds: what is later than that has a wrong time
const LISTS_BYTES = 1 << 20; // looked through at both ends
const PROTECTED = ["enca", "drms"]; // what MP4 files say instead of a codec where the sound is encrypted

/**
 * @typedef {object} Sound
 * @property {number} rate  samples a second
 * @property {number} channels
 * @property {number} duration  seconds, as the file says; 0 where it does not
 * @property {() => Promise<Float32Array<ArrayBuffer> | null>} piece  the next samples, channel by channel within each moment
 * @property {() => number} lost  seconds so far that could not be decoded and are silent
 * @property {() => void} close
 *
 * @typedef {"empty" | "no-sound" | "unknown-format" | "unknown-codec" | "protected" | "damaged"} Problem
 *
 * @typedef {{rate: number, channels: Float32Array<ArrayBuffer>[]}} Whole  decoded by Web Audio
 */

/** The sound can't be had; Python says it in a sentence. */
export class SoundFailed extends Error {
  /** @param {Problem} problem @param {string} [detail] */
  constructor(problem, detail = "") {
    super(problem);
    this.problem = problem;
    this.detail = detail;
  }
}

/**
 * @param {Blob} file
 * @param {() => Promise<Whole | null>} decodeWhole  by Web Audio; null where that can't either
 * @returns {Promise<Sound>} Throws SoundFailed.
 */
export async function openSound(file, decodeWhole) {
  if (!file.size) throw new SoundFailed("empty");
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new SoundFailed((await input.getTracks()).length ? "no-sound" : "damaged");
    if (PROTECTED.includes(String(await track.getInternalCodecId()))) throw new SoundFailed("protected");
    if (typeof AudioDecoder === "undefined" || !(await track.canDecode())) {
      const codec = (await track.getCodec()) ?? String((await track.getInternalCodecId()) ?? "");
      return whole(await decodeWhole(), new SoundFailed("unknown-codec", codec));
    }
    const sound = await streamed(input, track);
    if (sound) return sound;
    // Not a single sample: either there is none, or the decoder lost its way (192 kHz in eight channels, as FLAC).
    input.dispose();
    return whole(await decodeWhole() ?? { rate: await track.getSampleRate(), channels: [new Float32Array(0)] }, new SoundFailed("damaged"));
  } catch (error) {
    input.dispose();
    if (error instanceof SoundFailed) throw error;
    if (error instanceof UnsupportedInputFormatError) return whole(await decodeWhole(), new SoundFailed("unknown-format"));
    return whole(await decodeWhole(), new SoundFailed((await isProtected(file)) ? "protected" : "damaged", String(error)));
  }
}

/** Whether a file that can't be decoded is an MP4 whose lists, first or last in it, speak of encryption. @param {Blob} file */
async function isProtected(file) {
  const ends = [file.slice(0, LISTS_BYTES), file.slice(Math.max(0, file.size - LISTS_BYTES))];
  const [first, last] = await Promise.all(ends.map(async (end) => new TextDecoder("latin1").decode(await end.arrayBuffer())));
  return first.startsWith("ftyp", 4) && /enca|drms|sinf/.test(first + last);
}

/** Null where nothing comes. @param {Input} input @param {import("mediabunny").InputAudioTrack} track @returns {Promise<Sound | null>} */
async function streamed(input, track) {
  const rate = await track.getSampleRate();
  const duration = (await track.getDurationFromMetadata()) ?? 0;
  let lost = 0; // samples
  /** @type {unknown} */
  let failure = null; // told once what came before it is given
  const samples = soundOf(track);
  /** @type {import("mediabunny").AudioSample | undefined} */
  let first = (await samples.next()).value ?? undefined;
  if (!first) return null;
  const channels = first.numberOfChannels;
  let taken = 0; // pieces
  let at = 0; // samples given so far
  const next = async () => {
    try {
      return (await samples.next()).value;
    } catch (error) {
      failure = error;
    }
  };
  /** @type {Sound["piece"]} */
  const piece = async () => {
    if (failure) throw failure;
    const wanted = PIECE_SECONDS[Math.min(taken++, PIECE_SECONDS.length - 1)] * rate;
    /** @type {Float32Array<ArrayBuffer>[]} */
    const parts = [];
    let count = 0;
    while (count < wanted) {
      const sample = first ?? (await next());
      first = undefined;
      if (!sample) break;
      const part = placed(sample, at + count, channels, rate);
      if (at + count > 0) lost += Math.max(0, part.length / channels - sample.numberOfFrames);
      sample.close();
      parts.push(part);
      count += part.length / channels;
    }
    at += count;
    if (failure && !count) throw failure;
    return count ? joined(parts) : null;
  };
  const close = () => {
    input.dispose();
    samples.return(undefined).catch(() => {}); // which gives back what was decoded ahead
  };
  return { rate, channels, duration, piece, lost: () => lost / rate, close };
}

/**
 * A track's samples in order. Where some can't be decoded, those after them still are: with a decoder of its own for every
 * half second, as one that has failed is of no more use. Throws where nothing comes for long.
 * @param {import("mediabunny").InputAudioTrack} track @param {number} [from]  seconds @param {number} [to]
 * @returns {AsyncGenerator<import("mediabunny").AudioSample, void>}
 */
export async function* soundOf(track, from = -Infinity, to = Infinity) {
  const sink = new AudioSampleSink(track);
  let at = from; // seconds that are done
  let failure = null;
  try {
    for await (const sample of sink.samples(from === -Infinity ? undefined : from, to)) {
      at = sample.timestamp + sample.duration;
      yield sample;
    }
    return;
  } catch (error) {
    if (at === -Infinity) throw error; // not a single sample
    failure = error;
  }
  const end = Math.min(to, (await track.getDurationFromMetadata()) ?? Infinity);
  for (let lost = 0; at < end - STRETCH; lost += STRETCH) {
    if (lost >= MOST_LOST) throw failure;
    const stretch = Math.min(at + STRETCH, end);
    try {
      for await (const sample of sink.samples(at, stretch)) {
        if (sample.timestamp + sample.duration / 2 < at) {
          sample.close(); // the end of what is done
          continue;
        }
        lost = -STRETCH;
        at = sample.timestamp + sample.duration;
        yield sample;
      }
    } catch (error) {
      failure = error;
    }
    at = Math.max(at, stretch);
  }
}

/**
 * A sample's sound from where it belongs in time: encoders put a lead before the beginning, files may start late or have gaps.
 * @param {import("mediabunny").AudioSample} sample @param {number} at  samples given so far @param {number} channels @param {number} rate
 */
function placed(sample, at, channels, rate) {
  const all = new Float32Array(sample.numberOfFrames * sample.numberOfChannels);
  sample.copyTo(all, { planeIndex: 0, format: "f32" });
  const start = Math.round(sample.timestamp * rate);
  const matching = sample.numberOfChannels === channels ? all : refitted(all, sample.numberOfChannels, channels);
  const late = at > 0 ? start - at : start;
  if (at > 0 && (late < GAP * rate || late > LONGEST_GAP * rate)) return matching;
  if (start < 0) return matching.slice(Math.min(-start, sample.numberOfFrames) * channels);
  const after = new Float32Array(late * channels + matching.length);
  after.set(matching, late * channels);
  return after;
}

/** Another number of channels in the middle of a track: those that are missing repeat the last. @param {Float32Array} from @param {number} had @param {number} channels */
function refitted(from, had, channels) {
  const to = new Float32Array((from.length / had) * channels);
  for (let index = 0; index < to.length; index++) {
    to[index] = from[Math.floor(index / channels) * had + Math.min(index % channels, had - 1)];
  }
  return to;
}

/** @param {Float32Array<ArrayBuffer>[]} parts */
function joined(parts) {
  if (parts.length === 1) return parts[0];
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Whole | null} decoded @param {SoundFailed} failure @returns {Sound} */
function whole(decoded, failure) {
  if (!decoded) throw failure;
  const { rate, channels } = decoded;
  const length = channels[0].length;
  let taken = 0;
  let at = 0;
  /** @type {Sound["piece"]} */
  const piece = async () => {
    const wanted = PIECE_SECONDS[Math.min(taken++, PIECE_SECONDS.length - 1)] * rate;
    const count = Math.min(wanted, length - at);
    if (!count) return null;
    const all = new Float32Array(count * channels.length);
    for (const [index, channel] of channels.entries()) {
      for (let i = 0; i < count; i++) all[i * channels.length + index] = channel[at + i];
    }
    at += count;
    return all;
  };
  return { rate, channels: channels.length, duration: length / rate, piece, lost: () => 0, close: () => {} };
}

/**
 * What a file says about itself.
 * @param {Blob} file
 * @returns {Promise<{title: string, artist: string, cover: Blob | null}>}
 */
export async function readTags(file) {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const { title, artist, images } = await input.getMetadataTags();
    const image = images?.find(({ kind }) => kind === "coverFront") ?? images?.[0];
    const cover = image ? new Blob([new Uint8Array(image.data)], { type: image.mimeType }) : null;
    return { title: title ?? "", artist: artist ?? "", cover };
  } catch {
    return { title: "", artist: "", cover: null }; // says nothing that can be read: the file's name will do
  } finally {
    input.dispose();
  }
}
