/**
 * Hears as the sound comes, frame by frame and without Python: what a spectrum and its samples tell becomes the same features
 * as a track's, so that the same scenes draw it. For the microphone, and for the first seconds of a track.
 */

import { Bands, melEdges, toneEdges } from "./bands.js";
import { BANDS, CURVES, Features, RATE, TONES, WAVE_RATE } from "./features.js";

export const SIZE = 4096; // samples of a window
const DECIBELS = 90; // that a byte of the spectrum spans, as in a track's analysis
const SEEN = 160; // bytes of the spectrum that are seen
const APART = 0.35; // seconds between two flashes, at least
const [FALL, FALL_GUARDED] = [2.5, 0.6]; // of the full height a second
const RISE = 0.05; // of the spectrum, which counts as something setting in
const LOUD_FADES = 0.02; // a second
const [LEVEL, BASS, MID, TREBLE, ONSET, PULSE, FLASH, LOUD, ENERGY, BEATS, BARS] = [0, 1, 2, 3, 4, 5, 7, 12, 13, 14, 15];

export class Ear {
  /** @param {number} rate  of the samples @param {boolean} guarded  whether flashes are held back */
  constructor(rate, guarded) {
    this.rate = rate;
    this.fall = (guarded ? FALL_GUARDED : FALL) / RATE;
    this.features = new Features();
    const spacing = rate / SIZE;
    this.bands = new Bands(melEdges(BANDS, 30, 16000), SIZE / 2, spacing);
    this.tones = new Bands(toneEdges(TONES, 32.7), SIZE / 2, spacing);
    this.power = new Float32Array(SIZE / 2);
    this.borders = [250, 4000].map((hz) => Math.min(SIZE / 2, Math.round(hz / spacing)));
    this.before = new Float32Array(BANDS);
    this.highs = new Float32Array(4).fill(1e-3);
    this.rows = new Float32Array(CURVES);
    this.room = new Float32Array(60 * RATE * CURVES);
    this.flashed = -1;
    /** @type {number[]} */
    this.onsets = [];
  }

  /**
   * Takes the next frame.
   * @param {Float32Array} spectrum  decibels of SIZE / 2 bins @param {Float32Array} samples  the window of SIZE around it
   * @param {number} last  the sample of the window at which the frame ends
   */
  hear(spectrum, samples, last) {
    const { features } = this;
    const frame = features.frames;
    for (let bin = 0; bin < spectrum.length; bin++) this.power[bin] = 10 ** (spectrum[bin] / 10);
    const bands = this.#released(bytes(this.bands.sums(this.power)), features.bands, frame, BANDS);
    const tones = this.#released(bytes(this.tones.sums(this.power)), features.tones, frame, TONES);
    const from = Math.round((frame * WAVE_RATE) / RATE);
    const to = Math.round(((frame + 1) * WAVE_RATE) / RATE);
    const step = this.rate / WAVE_RATE;
    const newest = (/** @type {number} */ index) => samples[Math.max(0, last - Math.round((to - from - 1 - index) * step))];
    const wave = Int16Array.from({ length: to - from }, (_, index) => newest(index) * 32767);
    this.#curves(frame, bands, samples);
    const top = Math.max(features.range[1] - LOUD_FADES, 120, ...bands.map((value) => value + 8));
    features.take({
      ...{ type: "heard", id: 0, from: frame, frames: frame + 1, duration: (frame + 1) / RATE, complete: false, covered: 0 },
      ...{ sampleFrom: from, sampleCount: to },
      ...{ range: [top - SEEN, top], loudest: Math.max(0.05, this.highs[0] * 2), sections: [], loudness: 0 },
      ...{ bands: bands.buffer, tones: tones.buffer, samples: wave.buffer, curves: this.#grown(frame) },
      ...{ notes: new ArrayBuffer(0), beats: new ArrayBuffer(0), onsets: new Float32Array(this.onsets).buffer },
    });
  }

  /** All curves, in room for more of them. @param {number} frame */
  #grown(frame) {
    if (this.room.length < (frame + 1) * CURVES) {
      const longer = new Float32Array(this.room.length * 2);
      longer.set(this.room);
      this.room = longer;
    }
    this.room.set(this.rows, frame * CURVES);
    return this.room.buffer;
  }

  /** The new values, or what the frame before has fallen to. @param {Uint8Array<ArrayBuffer>} values @param {Uint8Array} all @param {number} frame @param {number} width */
  #released(values, all, frame, width) {
    const fall = Math.max(1, Math.round(this.fall * SEEN));
    for (let index = 0; frame > 0 && index < width; index++) {
      values[index] = Math.max(values[index], all[(frame - 1) * width + index] - fall);
    }
    return values;
  }

  /** @param {number} frame @param {Uint8Array} bands @param {Float32Array} samples */
  #curves(frame, bands, samples) {
    const { rows, fall } = this;
    const loudness = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / SIZE);
    const [low, high] = this.borders;
    const parts = [loudness, ...[[1, low], [low, high], [high, SIZE / 2]].map(([from, to]) => amplitude(this.power, from, to))];
    for (const [index, value] of parts.entries()) {
      this.highs[index] = Math.max(this.highs[index] * (1 - LOUD_FADES / RATE), value);
      rows[[LEVEL, BASS, MID, TREBLE][index]] = Math.max(value / this.highs[index], rows[[LEVEL, BASS, MID, TREBLE][index]] - fall);
    }
    let rise = 0;
    for (let index = 0; index < BANDS; index++) {
      rise += Math.max(0, bands[index] - this.before[index]) / 255 / BANDS;
      this.before[index] = bands[index];
    }
    const time = frame / RATE;
    rows[ONSET] = Math.max(Math.min(1, rise / (3 * RISE)), rows[ONSET] - fall);
    rows[FLASH] *= Math.exp(-1 / (0.18 * RATE));
    if (rise > RISE && time - this.flashed >= APART) {
      this.flashed = time;
      rows[FLASH] = 1;
      this.onsets.push(time, 1, 1, 0);
    }
    rows[PULSE] = rows[FLASH];
    rows[LOUD] += (rows[LEVEL] - rows[LOUD]) * 0.1;
    rows[ENERGY] += (rows[LEVEL] - rows[ENERGY]) * 0.01;
    rows[BEATS] = rows[BARS] = -1;
  }
}

/** Power as bytes of decibels. @param {number[]} levels */
const bytes = (levels) => Uint8Array.from(levels, (power) => Math.max(0, Math.min(255, ((10 * Math.log10(power + 1e-12)) / DECIBELS + 1) * 255)));

/** Between two bins. @param {Float32Array} power @param {number} from @param {number} to */
function amplitude(power, from, to) {
  let sum = 0;
  for (let bin = from; bin < to; bin++) sum += power[bin];
  return Math.sqrt(sum);
}
