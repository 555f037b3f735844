/**
 * Hears the first seconds of a track with the transform of `fourier.js`. What goes wrong here is not told: Python opens the
 * same file, and says it.
 *
 * @typedef {{id: number, file?: File, guard?: boolean}} Look  without a file: the one before is not needed any more
 */

import { openSound } from "./decode.js";
import { Ear, SIZE } from "./ear.js";
import { BANDS, RATE, TONES } from "./features.js";
import { Fourier } from "./fourier.js";

const SECONDS = 30; // of the track: more than is played until Python is up
const HALF = SIZE / 2;
const fourier = new Fourier(SIZE);
const spectrum = new Float32Array(HALF);
let current = 0;

self.onmessage = ({ data }) => {
  const { id, file, guard = true } = /** @type {Look} */ (data);
  current = id;
  if (file) hearBeginning(id, file, guard).catch(() => {});
};

/** @param {number} id @param {File} file @param {boolean} guard */
async function hearBeginning(id, file, guard) {
  const sound = await openSound(file, async () => null);
  try {
    const ear = new Ear(sound.rate, guard);
    const hop = sound.rate / RATE;
    let held = new Float32Array(HALF); // mono; the first frame's window begins before the track
    let start = -HALF; // the sample of the track that it begins with
    while (ear.features.frames < SECONDS * RATE) {
      const piece = await sound.piece();
      if (!piece || current !== id) return;
      held = withMono(held, piece, sound.channels);
      const window = () => Math.round(ear.features.frames * hop) - HALF - start;
      for (let at = window(); at + SIZE <= held.length; at = window()) {
        const samples = held.subarray(at, at + SIZE);
        fourier.decibels(samples, spectrum);
        ear.hear(spectrum, samples, HALF + Math.round(hop) - 1);
      }
      tell(id, ear, sound.duration);
      const rest = Math.min(window(), held.length);
      held = held.slice(rest);
      start += rest;
    }
  } finally {
    sound.close();
  }
}

/** @param {Float32Array} held @param {Float32Array} piece @param {number} channels */
function withMono(held, piece, channels) {
  const all = new Float32Array(held.length + piece.length / channels);
  all.set(held);
  for (let index = held.length, at = 0; index < all.length; index++) {
    let sum = 0;
    for (const end = at + channels; at < end; at++) sum += piece[at];
    all[index] = sum / channels;
  }
  return all;
}

/** @param {number} id @param {Ear} ear @param {number} duration */
function tell(id, { features, onsets, room }, duration) {
  const { frames, range, loudest, samples } = features;
  const sampleCount = samples.length;
  /** @type {import("./messages.js").Heard} */
  const heard = {
    ...{ type: "heard", id, from: 0, frames, sampleFrom: 0, sampleCount, duration, complete: false, covered: 0 },
    ...{ range: /** @type {[number, number]} */ (range), loudest, sections: [], loudness: 0 },
    ...{ bands: features.bands.slice(0, frames * BANDS).buffer, tones: features.tones.slice(0, frames * TONES).buffer },
    ...{ samples: samples.slice().buffer, curves: room.slice().buffer, onsets: new Float32Array(onsets).buffer },
    ...{ notes: new ArrayBuffer(0), beats: new ArrayBuffer(0) },
  };
  self.postMessage(heard, { transfer: [heard.bands, heard.tones, heard.samples, heard.curves] });
}
