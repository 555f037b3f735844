/**
 * The microphone, seen as it is heard: what Web Audio's analyser gives goes into the same features as a track's, so that the
 * same scenes draw it. It is recorded meanwhile, to become a track.
 */

import { Ear, SIZE } from "./ear.js";
import { RATE } from "./features.js";

export class Live {
  /** @param {MediaStream} stream @param {boolean} guarded  whether flashes are held back @param {() => void} gone  when the microphone is taken away */
  constructor(stream, guarded, gone) {
    this.stream = stream;
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: SIZE, smoothingTimeConstant: 0 });
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.ear = new Ear(this.context.sampleRate, guarded);
    this.spectrum = new Float32Array(SIZE / 2);
    this.samples = new Float32Array(SIZE);
    this.started = performance.now();
    /** @type {Blob[]} */
    this.parts = [];
    this.recorder = new MediaRecorder(stream);
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.stopped = new Promise((resolve) => (this.recorder.onstop = resolve)); // also by itself, with the microphone
    this.recorder.start(1000);
    for (const track of stream.getTracks()) track.addEventListener("ended", gone);
  }

  /** Asks the person for the microphone. Throws DOMException where it may not be used. @param {boolean} guarded @param {() => void} gone */
  static async open(guarded, gone) {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return new Live(await navigator.mediaDevices.getUserMedia({ audio }), guarded, gone);
  }

  get features() {
    return this.ear.features;
  }

  /** Seconds since it began. */
  get time() {
    return (performance.now() - this.started) / 1000;
  }

  /** Takes what is heard now. */
  listen() {
    this.analyser.getFloatFrequencyData(this.spectrum);
    this.analyser.getFloatTimeDomainData(this.samples);
    const frames = Math.floor(this.time * RATE) + 1;
    while (this.features.frames < frames) this.ear.hear(this.spectrum, this.samples, SIZE - 1);
  }

  /** Ends it. @returns {Promise<File>} what was recorded */
  async close() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await this.stopped;
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
    const type = this.recorder.mimeType.split(";")[0];
    return new File(this.parts, `recording.${type.includes("mp4") ? "m4a" : "webm"}`, { type });
  }
}
