/** The song's sound on its way into the video: copied as it is, or decoded and encoded anew. */

import {
  ALL_FORMATS,
  AudioSample,
  AudioSampleSource,
  BlobSource,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  Input,
} from "../../mediabunny.mjs";
import { soundOf } from "../decode.js";
import { SOUND_QUALITY, SOUND_RATE } from "./formats.js";

/**
 * @typedef {import("./formats.js").Codecs} Codecs
 * @typedef {import("../decode.js").Whole} Whole
 * @typedef {import("mediabunny").AudioSource} AudioSource
 *
 * @typedef {object} Soundtrack
 * @property {AudioSource} source  to be added to the output before it starts
 * @property {(until: number) => Promise<void>} feed  gives it the sound up to a time in the video, in seconds
 * @property {() => void} close
 */

const WHOLE_STEP = 8192; // samples

/**
 * @param {Blob | Whole} sound @param {Codecs} codecs
 * @param {number} from  seconds in the song at which the video begins @param {number} to
 * @returns {Promise<Soundtrack | null>} null where there is none to be had
 */
export async function openSoundtrack(sound, codecs, from, to) {
  if (!codecs.audio) return null;
  if (!(sound instanceof Blob)) return encoded(fromWhole(sound, from, to), sound.channels.length, codecs.audio, () => {});
  const input = new Input({ source: new BlobSource(sound), formats: ALL_FORMATS });
  const track = await input.getPrimaryAudioTrack();
  if (!track) return null;
  if (codecs.copied) return copied(input, track, codecs.audio);
  const samples = fromTrack(soundOf(track, from, to), from, to);
  return encoded(samples, await track.getNumberOfChannels(), codecs.audio, () => input.dispose());
}

/** @param {Input} input @param {import("mediabunny").InputAudioTrack} track @param {import("mediabunny").AudioCodec} codec @returns {Promise<Soundtrack>} */
async function copied(input, track, codec) {
  const source = new EncodedAudioPacketSource(codec);
  const packets = new EncodedPacketSink(track).packets();
  const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
  let at = -1;
  const feed = async (/** @type {number} */ until) => {
    while (at < until) {
      const { value: packet, done } = await packets.next();
      if (done) {
        at = Infinity;
        return;
      }
      await source.add(packet, at < 0 ? { decoderConfig } : undefined);
      at = Math.max(0, packet.timestamp + packet.duration);
    }
  };
  return { source, feed, close: () => input.dispose() };
}

/** @param {AsyncGenerator<AudioSample>} samples @param {number} channels @param {import("mediabunny").AudioCodec} codec @param {() => void} close @returns {Soundtrack} */
function encoded(samples, channels, codec, close) {
  const transform = { numberOfChannels: Math.min(2, channels), sampleRate: SOUND_RATE };
  const source = new AudioSampleSource({ codec, quality: SOUND_QUALITY, transform });
  let at = -1;
  const feed = async (/** @type {number} */ until) => {
    while (at < until) {
      const { value: sample, done } = await samples.next();
      if (done) {
        at = Infinity;
        return;
      }
      await source.add(sample);
      at = sample.timestamp + sample.duration;
      sample.close();
    }
  };
  return { source, feed, close };
}

/**
 * The samples between two times, the first of them at 0.
 * @param {AsyncGenerator<AudioSample>} samples @param {number} from @param {number} to
 */
async function* fromTrack(samples, from, to) {
  for await (const sample of samples) {
    const rate = sample.sampleRate;
    const start = Math.max(0, Math.round((from - sample.timestamp) * rate));
    const end = Math.min(sample.numberOfFrames, Math.round((to - sample.timestamp) * rate));
    if (end <= start) {
      sample.close();
      continue;
    }
    const part = start > 0 || end < sample.numberOfFrames ? sample.trim(start, end) : sample.clone();
    part.setTimestamp(Math.max(0, sample.timestamp + start / rate - from));
    sample.close();
    yield part;
  }
}

/** @param {Whole} whole @param {number} from @param {number} to */
async function* fromWhole({ rate, channels }, from, to) {
  const begin = Math.round(from * rate);
  const end = Math.min(channels[0].length, Math.round(to * rate));
  for (let start = begin; start < end; start += WHOLE_STEP) {
    const count = Math.min(WHOLE_STEP, end - start);
    const data = new Float32Array(count * channels.length);
    for (const [index, channel] of channels.entries()) data.set(channel.subarray(start, start + count), index * count);
    yield new AudioSample({ data, format: "f32-planar", numberOfChannels: channels.length, sampleRate: rate, timestamp: (start - begin) / rate });
  }
}
