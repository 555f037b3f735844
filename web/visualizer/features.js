/**
 * What Python has heard of the track so far, as long arrays over time, and the stretch of them that one frame is drawn from.
 *
 * @typedef {import("./messages.js").Heard} Heard
 */

export const RATE = 50; // frames of the analysis a second
export const BANDS = 64;
export const TONES = 96;
export const CURVES = 16;
export const ROWS = 512; // frames of the analysis that a scene sees
export const ROW_NOW = 300;
export const WAVE = 2048; // samples that a scene sees, around the moment
export const WAVE_RATE = 11025;
const SOFT = 22; // samples on each side of the one that the soft wave is a mean around
export const MOST = 512; // notes, onsets, beats that a scene sees
const BACK = ROW_NOW / RATE;
const AHEAD = (ROWS - ROW_NOW) / RATE;
const BEATS = 14; // from this curve on they count, and -1 means unknown
const MOST_EXPECTED = 2 * 3600; // seconds that room is made for at once: a file may say anything of its length
const LONGEST_NOTE = 12; // seconds; what began earlier than that before the stretch is not looked for

export class Features {
  constructor() {
    this.duration = 0;
    this.frames = 0;
    this.complete = false;
    this.covered = 0; // seconds of which everything is known
    this.range = [60, 200]; // bytes of the spectrum that are seen as 0 and 1
    this.bands = new Uint8Array(0);
    this.tones = new Uint8Array(0);
    this.curves = new Float32Array(0);
    this.samples = new Int16Array(0);
    this.loudest = 1; // of the samples, 0..1
    this.notes = new Float32Array(0); // start, end, pitch, strength
    this.onsets = new Float32Array(0); // time, strength, 1 where the light may jump
    this.beats = new Float32Array(0); // time, place in the bar, 1 where the light may jump
    /** @type {[number, number, number][]} start, end, label */
    this.sections = [];
    this.version = 0; // goes up with every change
  }

  /** Takes what is new. @param {Heard} heard */
  take(heard) {
    const { frames, from } = heard;
    const expected = Math.min(heard.duration, MOST_EXPECTED);
    const all = Math.ceil(expected * RATE);
    this.bands = joined(this.bands, heard.bands, from * BANDS, frames * BANDS, all * BANDS, Uint8Array);
    this.tones = joined(this.tones, heard.tones, from * TONES, frames * TONES, all * TONES, Uint8Array);
    const samples = Math.ceil(expected * WAVE_RATE);
    this.samples = joined(this.samples, heard.samples, heard.sampleFrom, heard.sampleCount, samples, Int16Array);
    this.curves = new Float32Array(heard.curves);
    this.notes = new Float32Array(heard.notes);
    this.onsets = new Float32Array(heard.onsets);
    this.beats = new Float32Array(heard.beats);
    const { duration, complete, covered, range, loudest, sections } = heard;
    Object.assign(this, { frames, duration, complete, covered, range, loudest, sections, version: this.version + 1 });
  }
}

/**
 * The array with `bytes` written at `from`, made longer where they do not fit: for all that is expected, or in steps.
 * @template {Uint8Array | Int16Array} T
 * @param {T} array @param {ArrayBuffer} bytes @param {number} from @param {number} length  that is needed @param {number} expected
 * @param {new (of: any) => T} Kind
 */
function joined(array, bytes, from, length, expected, Kind) {
  let room = array;
  if (room.length < length) {
    room = new Kind(Math.max(length, expected > 1.1 * length ? expected : Math.ceil(room.length * 1.5)));
    room.set(array);
  }
  room.set(new Kind(bytes), from);
  return room;
}

/**
 * Whether features reach as far as a scene sees at a time, or at least as far as others do.
 * @param {Features} features @param {number} time @param {Features} others
 */
export function sees({ frames, complete }, time, others) {
  return complete || frames >= Math.min((time + AHEAD) * RATE, others.frames);
}

/** One frame's stretch of the features, ready for textures. */
export class Stretch {
  constructor() {
    this.bands = new Uint8Array(ROWS * BANDS);
    this.tones = new Uint8Array(ROWS * TONES);
    this.curves = new Float32Array(ROWS * CURVES);
    this.wave = new Float32Array(WAVE * 2); // a sample, and the mean around it
    this.now = new Float32Array(CURVES);
    this.passed = 0;
    this.notes = new Float32Array(MOST * 4);
    this.onsets = new Float32Array(MOST * 4);
    this.beats = new Float32Array(MOST * 4);
    this.counts = [0, 0, 0];
  }

  /** Fills it for a time in seconds: the same features and time, the same content. @param {Features} features @param {number} time */
  fill(features, time) {
    const exact = time * RATE;
    const frame = Math.floor(exact);
    this.passed = exact - frame;
    this.#rows(features, frame - ROW_NOW);
    this.#now(features, frame);
    this.#wave(features, time);
    this.counts = [
      this.#notes(features.notes, time),
      moments(features.onsets, time, this.onsets),
      moments(features.beats, time, this.beats),
    ];
  }

  /** @param {Features} features @param {number} first  the frame of the first row; may lie before the track */
  #rows({ bands, tones, curves, frames }, first) {
    const start = Math.max(0, first);
    const end = Math.max(start, Math.min(frames, first + ROWS));
    for (const [target, source, width] of /** @type {[any, any, number][]} */ ([
      [this.bands, bands, BANDS],
      [this.tones, tones, TONES],
      [this.curves, curves, CURVES],
    ])) {
      target.fill(0);
      target.set(source.subarray(start * width, end * width), (start - first) * width);
    }
  }

  /** @param {Features} features @param {number} frame */
  #now({ curves, frames }, frame) {
    for (let index = 0; index < CURVES; index++) {
      const nothing = index >= BEATS ? -1 : 0;
      const here = frame >= 0 && frame < frames ? curves[frame * CURVES + index] : nothing;
      const next = frame >= -1 && frame + 1 < frames ? curves[(frame + 1) * CURVES + index] : here;
      const counted = index >= BEATS && (here < 0 || next < here);
      this.now[index] = counted ? here : here + (next - here) * this.passed;
    }
  }

  /** @param {Features} features @param {number} time */
  #wave({ samples, frames, loudest }, time) {
    const first = Math.round(time * WAVE_RATE) - WAVE / 2;
    const count = Math.min(samples.length, Math.round((frames / RATE) * WAVE_RATE));
    const scale = 1 / (32768 * Math.max(loudest, 0.02));
    for (let index = 0; index < WAVE; index++) {
      const at = first + index;
      this.wave[2 * index] = at >= 0 && at < count ? samples[at] * scale : 0;
    }
    let sum = 0; // of the samples from `index - SOFT` to `index + SOFT`
    for (let index = -SOFT; index < WAVE; index++) {
      if (index + SOFT < WAVE) sum += this.wave[2 * (index + SOFT)];
      if (index > SOFT) sum -= this.wave[2 * (index - SOFT - 1)];
      if (index >= 0) this.wave[2 * index + 1] = sum / (2 * SOFT + 1);
    }
  }

  /** @param {Float32Array} all @param {number} time */
  #notes(all, time) {
    let count = 0;
    const begin = firstFrom(all, time - BACK - LONGEST_NOTE);
    for (let at = begin; at < all.length && all[at] < time + AHEAD && count < MOST; at += 4) {
      if (all[at + 1] < time - BACK) continue;
      this.notes.set([all[at] - time, all[at + 1] - time, all[at + 2], all[at + 3]], count * 4);
      count++;
    }
    return count;
  }
}

/**
 * Onsets or beats in sight, their times counted from now.
 * @param {Float32Array} all @param {number} time @param {Float32Array} target
 */
function moments(all, time, target) {
  let count = 0;
  for (let at = firstFrom(all, time - BACK); at < all.length && all[at] < time + AHEAD && count < MOST; at += 4) {
    target.set([all[at] - time, all[at + 1], at / 4, all[at + 2]], count * 4);
    count++;
  }
  return count;
}

/** Where the first group of four begins whose time is not before `time`. @param {Float32Array} all @param {number} time */
function firstFrom(all, time) {
  let low = 0;
  let high = all.length / 4;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle * 4] < time) low = middle + 1;
    else high = middle;
  }
  return low * 4;
}
