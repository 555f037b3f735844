/**
 * The whole track at a glance: its waveform, beats, parts, how far it is heard; a slider to go anywhere.
 *
 * @typedef {import("./features.js").Features} Features
 * @typedef {import("./player.js").Player} Player
 */

import { byId } from "../shell/dom.js";
import { say } from "../shell/words.js";
import { clock } from "./clock.js";
import { RATE } from "./features.js";

const LEVEL = 0; // the column of the curves
const COLUMNS = 16;
const BAR = 3; // pixels of a bar and its gap

export class Overview {
  /** @param {Player} player @param {() => Features} features */
  constructor(player, features) {
    this.player = player;
    this.features = features;
    this.slider = byId("overview");
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("waveform"));
    this.drawn = "";
    this.#pointer();
    this.#keyboard();
    new ResizeObserver(() => this.render()).observe(this.slider);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.drawn = "";
      this.render();
    });
  }

  /** Seconds, also before the audio knows. */
  get duration() {
    return this.player.duration || this.features().duration;
  }

  render() {
    const { duration, canvas } = this;
    const features = this.features();
    const { time, a, b } = this.player;
    const scale = devicePixelRatio;
    const [width, height] = [Math.round(this.slider.clientWidth * scale), Math.round(this.slider.clientHeight * scale)];
    const at = duration ? Math.round((time / duration) * width) : 0;
    const key = [features.version, width, height, at, a, b, duration].join();
    if (key === this.drawn || !width) return;
    this.drawn = key;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.#paint(features, width, height, at, duration, scale);
    this.slider.ariaValueMax = String(Math.round(duration));
    this.slider.ariaValueNow = String(Math.round(time));
    this.slider.setAttribute("aria-valuetext", say("song.clock", { time: clock(time), length: clock(duration) }));
  }

  /** @param {Features} features @param {number} width @param {number} height @param {number} at @param {number} duration @param {number} scale */
  #paint(features, width, height, at, duration, scale) {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const style = getComputedStyle(this.slider);
    const [played, coming, soft] = ["--played", "--coming", "--mark"].map((name) => style.getPropertyValue(name));
    context.clearRect(0, 0, width, height);
    if (!duration) return;
    const x = (/** @type {number} */ seconds) => (seconds / duration) * width;
    const foot = 9 * scale; // where the parts are
    for (const [start, end, label] of features.sections) {
      context.fillStyle = `oklch(0.68 0.11 ${(40 + label * 67) % 360} / 0.8)`;
      context.beginPath();
      context.roundRect(x(start) + scale, height - 4 * scale, Math.max(scale, x(end) - x(start) - 2 * scale), 4 * scale, 2 * scale);
      context.fill();
    }
    const beats = features.beats;
    if (beats.length / 4 < width / (4 * scale)) {
      context.fillStyle = soft;
      for (let index = 0; index < beats.length; index += 4) {
        const first = beats[index + 1] === 1;
        context.fillRect(x(beats[index]), height - foot - (first ? 5 : 3) * scale, scale, (first ? 5 : 3) * scale);
      }
    }
    const middle = (height - foot) / 2;
    const step = BAR * scale;
    for (let left = 0; left < width; left += step) {
      const [from, to] = [left, left + step].map((pixel) => Math.floor((pixel / width) * duration * RATE));
      let level = 0;
      for (let frame = from; frame <= to && frame < features.frames; frame++) level = Math.max(level, features.curves[frame * COLUMNS + LEVEL]);
      const half = Math.max(scale, level * level * (middle - scale));
      context.fillStyle = left + step / 2 < at ? played : coming;
      context.globalAlpha = from < features.frames ? 1 : 0.35;
      context.beginPath();
      context.roundRect(left, middle - half, step - scale, 2 * half, scale);
      context.fill();
    }
    context.globalAlpha = 1;
    const { a, b } = this.player;
    if (a !== null) {
      context.fillStyle = style.getPropertyValue("--part");
      context.fillRect(x(a), 0, Math.max(2 * scale, x(b ?? a) - x(a)), height - foot);
    }
    context.fillStyle = style.getPropertyValue("--needle");
    context.fillRect(at - scale, 0, 2 * scale, height - foot + 2 * scale);
  }

  #pointer() {
    const go = (/** @type {PointerEvent} */ event) => {
      const { left, width } = this.slider.getBoundingClientRect();
      this.player.seek(((event.clientX - left) / width) * this.duration);
    };
    this.slider.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.slider.setPointerCapture(event.pointerId);
      go(event);
    });
    this.slider.addEventListener("pointermove", (event) => {
      if (this.slider.hasPointerCapture(event.pointerId)) go(event);
    });
  }

  #keyboard() {
    this.slider.addEventListener("keydown", (event) => {
      const steps = { PageUp: 30, PageDown: -30, ArrowUp: 5, ArrowDown: -5 };
      const step = steps[/** @type {keyof typeof steps} */ (event.key)];
      if (step === undefined) return;
      event.preventDefault();
      this.player.seek(this.player.time + step);
    });
  }
}
