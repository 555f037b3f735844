/**
 * The microphone, seen as it is heard: what Web Audio's analyser gives goes into the same features as a track's, so that the
 * same scenes draw it. It is recorded meanwhile, to become a track.
 */

import { BANDS, CURVES, Features, RATE, TONES, WAVE_RATE } from "./features.js";

const SIZE = 4096; // samples of the analyser
const DECIBELS = 90; // that a byte of the spectrum spans, as in a track's analysis
const SEEN = 160; // bytes of the spectrum that are seen
const APART = 0.35; // seconds between two flashes, at least
const [FALL, FALL_GUARDED] = [2.5, 0.6]; // of the full height a second
const RISE = 0.05; // of the spectrum, which counts as something setting in
const LOUD_FADES = 0.02; // a second
const [LEVEL, BASS, MID, TREBLE, ONSET, PULSE, FLASH, LOUD, ENERGY, BEATS, BARS] = [0, 1, 2, 3, 4, 5, 7, 12, 13, 14, 15];

export class Live {
  /** @param {MediaStream} stream @param {boolean} guarded  whether flashes are held back */
  constructor(stream, guarded) {
    this.stream = stream;
    this.fall = (guarded ? FALL_GUARDED : FALL) / RATE;
    this.features = new Features();
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: SIZE, smoothingTimeConstant: 0 });
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.spectrum = new Float32Array(SIZE / 2);
    this.samples = new Float32Array(SIZE);
    const spacing = this.context.sampleRate / SIZE;
    this.bands = edges(BANDS, 30, 16000, mel, fromMel).map((hz) => hz / spacing);
    this.tones = Array.from({ length: TONES + 2 }, (_, index) => (32.7 * 2 ** ((index - 1) / 12)) / spacing);
    this.borders = [250, 4000].map((hz) => Math.round(hz / spacing));
    this.before = new Float32Array(BANDS);
    this.highs = new Float32Array(4).fill(1e-3);
    this.rows = new Float32Array(CURVES);
    this.room = new Float32Array(60 * RATE * CURVES);
    this.flashed = -1;
    /** @type {number[]} */
    this.onsets = [];
    this.started = performance.now();
    /** @type {Blob[]} */
    this.parts = [];
    this.recorder = new MediaRecorder(stream);
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.recorder.start(1000);
  }

  /** Asks the person for the microphone. Throws DOMException where it may not be used. @param {boolean} guarded */
  static async open(guarded) {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return new Live(await navigator.mediaDevices.getUserMedia({ audio }), guarded);
  }

  /** Seconds since it began. */
  get time() {
    return (performance.now() - this.started) / 1000;
  }

  /** Takes what is heard now. */
  listen() {
    this.analyser.getFloatFrequencyData(this.spectrum);
    this.analyser.getFloatTimeDomainData(this.samples);
    const { features } = this;
    const frames = Math.floor(this.time * RATE) + 1;
    for (let frame = features.frames; frame < frames; frame++) this.#frame(frame);
    features.duration = frames / RATE;
  }

  /** Ends it. @returns {Promise<File>} what was recorded */
  async close() {
    const stopped = new Promise((resolve) => (this.recorder.onstop = resolve));
    this.recorder.stop();
    await stopped;
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
    const type = this.recorder.mimeType.split(";")[0];
    return new File(this.parts, `recording.${type.includes("mp4") ? "m4a" : "webm"}`, { type });
  }

  /** @param {number} frame */
  #frame(frame) {
    const bytes = (/** @type {number[]} */ edges) => summed(this.spectrum, edges);
    const bands = this.#released(bytes(this.bands), this.features.bands, frame, BANDS);
    const tones = this.#released(bytes(this.tones), this.features.tones, frame, TONES);
    const from = Math.round((frame * WAVE_RATE) / RATE);
    const to = Math.round(((frame + 1) * WAVE_RATE) / RATE);
    const step = this.context.sampleRate / WAVE_RATE;
    const newest = (/** @type {number} */ index) => this.samples[SIZE - 1 - Math.round((to - from - 1 - index) * step)];
    const wave = Int16Array.from({ length: to - from }, (_, index) => newest(index) * 32767);
    this.#curves(frame, bands);
    const top = Math.max(this.features.range[1] - LOUD_FADES, 120, ...bands.map((value) => value + 8));
    this.features.take({
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

  /** @param {number} frame @param {Uint8Array} bands */
  #curves(frame, bands) {
    const { rows, fall } = this;
    const loudness = Math.sqrt(this.samples.reduce((sum, value) => sum + value * value, 0) / SIZE);
    const [low, high] = this.borders;
    const parts = [loudness, ...[[1, low], [low, high], [high, SIZE / 2]].map(([from, to]) => power(this.spectrum, from, to))];
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

/** Levels of bands as bytes, the loudest bin of each. @param {Float32Array} spectrum  decibels @param {number[]} edges  in bins */
function summed(spectrum, edges) {
  const bytes = new Uint8Array(edges.length - 2);
  for (let band = 0; band < bytes.length; band++) {
    const from = Math.floor((edges[band] + edges[band + 1]) / 2);
    const to = Math.max(from + 1, Math.ceil((edges[band + 1] + edges[band + 2]) / 2));
    let loudest = -Infinity;
    for (let bin = from; bin < to && bin < spectrum.length; bin++) loudest = Math.max(loudest, spectrum[bin]);
    bytes[band] = Math.max(0, Math.min(255, (loudest / DECIBELS + 1) * 255));
  }
  return bytes;
}

/** The amplitude between two bins. @param {Float32Array} spectrum @param {number} from @param {number} to */
function power(spectrum, from, to) {
  let sum = 0;
  for (let bin = from; bin < to; bin++) sum += 10 ** (spectrum[bin] / 10);
  return Math.sqrt(sum);
}

const mel = (/** @type {number} */ hz) => 2595 * Math.log10(1 + hz / 700);
const fromMel = (/** @type {number} */ mels) => 700 * (10 ** (mels / 2595) - 1);

/** @param {number} count @param {number} low @param {number} high @param {(hz: number) => number} to @param {(value: number) => number} back */
function edges(count, low, high, to, back) {
  const [from, until] = [to(low), to(high)];
  return Array.from({ length: count + 2 }, (_, index) => back(from + ((until - from) * index) / (count + 1)));
}
