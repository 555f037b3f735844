/**
 * Plays the track: position, volume, repeating all or a part, the keys of the keyboard and of the device.
 */

import { byId, setText } from "../shell/dom.js";
import { recall, remember } from "../shell/memory.js";
import { say } from "../shell/words.js";
import { clock } from "./clock.js";

const STEP = 5; // seconds for an arrow key

export class Player {
  /** @param {{changed: () => void, failed: () => void}} to  `changed` whenever it plays, stops or jumps */
  constructor({ changed, failed }) {
    this.changed = changed;
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.address = "";
    this.known = 0; // seconds, of a file that does not say how long it is
    /** @type {MediaStream | null} */
    this.stream = null;
    this.artwork = ""; // the cover's address
    this.looping = false;
    /** @type {number | null} */
    this.a = null; // the part that is repeated, seconds
    /** @type {number | null} */
    this.b = null;
    for (const event of ["play", "pause", "seeked", "loadedmetadata", "ended"]) {
      this.audio.addEventListener(event, () => {
        this.#show();
        changed();
      });
    }
    this.audio.addEventListener("error", () => {
      if (this.address) failed();
    });
    this.audio.addEventListener("ended", () => this.#atEnd());
    this.#controls();
    this.#keys();
    this.#session();
  }

  get opened() {
    return this.address !== "";
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : this.known;
  }

  get playing() {
    return !this.audio.paused && !this.audio.ended;
  }

  /** The position in seconds; jumps back first where a repeated part has ended. */
  get time() {
    const { audio, a, b } = this;
    if (this.playing && a !== null && b !== null && audio.currentTime >= b) audio.currentTime = a;
    return audio.currentTime;
  }

  /** @param {Blob} file */
  open(file) {
    this.close();
    this.address = URL.createObjectURL(file);
    this.audio.src = this.address;
    this.play();
  }

  close() {
    this.audio.pause();
    this.a = this.b = null;
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = "";
  }

  async play() {
    try {
      await this.audio.play();
    } catch (error) {
      // Not allowed without a click, interrupted by a pause, or not a file that can be played: the last is told by `error`.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else this.play();
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.audio.currentTime = Math.max(0, Math.min(seconds, this.duration || Infinity)); // as long as the length is not known
    this.changed();
  }

  /** Repeats nothing for a while. @returns {(same: boolean) => void} to be called when that is over, whether with the same song */
  onceThrough() {
    const { a, b, looping } = this;
    Object.assign(this, { a: null, b: null, looping: false });
    this.#show();
    return (same) => {
      Object.assign(this, same ? { a, b, looping } : { looping });
      this.#show();
      this.changed();
    };
  }

  /** The sound as a stream, to be recorded; it is heard as before. */
  soundStream() {
    if (!this.stream) {
      const context = new AudioContext();
      const source = context.createMediaElementSource(this.audio);
      const target = context.createMediaStreamDestination();
      source.connect(target);
      source.connect(context.destination);
      this.stream = target.stream;
    }
    return this.stream;
  }

  /** @param {string} title @param {string} artist @param {Blob | null} cover */
  describe(title, artist, cover) {
    if (!("mediaSession" in navigator)) return;
    if (this.artwork) URL.revokeObjectURL(this.artwork);
    this.artwork = cover ? URL.createObjectURL(cover) : "";
    const artwork = this.artwork ? [{ src: this.artwork }] : [];
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist, album: "", artwork });
  }

  #atEnd() {
    if (!this.looping) return;
    this.seek(this.a ?? 0);
    this.play();
  }

  #controls() {
    for (const id of ["play", "big-play"]) byId(id).addEventListener("click", () => this.toggle());
    byId("loop").addEventListener("click", () => this.#loop());
    byId("ends").addEventListener("click", () => this.#markNext());
    const volume = /** @type {HTMLInputElement} */ (byId("volume"));
    volume.value = recall("volume") ?? "1";
    this.audio.volume = Number(volume.value);
    volume.addEventListener("input", () => {
      this.audio.volume = Number(volume.value);
      remember("volume", volume.value);
    });
  }

  #loop() {
    this.looping = !this.looping;
    if (!this.looping) this.a = this.b = null;
    this.#show();
    this.changed();
  }

  /** The first press marks the beginning of a part, the second its end, the third ends it. */
  #markNext() {
    if (this.a === null) this.#mark("a");
    else if (this.b === null) this.#mark("b");
    else {
      this.a = this.b = null;
      this.#show();
      this.changed();
    }
  }

  /** @param {"a" | "b"} end */
  #mark(end) {
    this[end] = this.audio.currentTime;
    this.looping = true;
    if (this.a !== null && this.b !== null && this.b <= this.a) [this.a, this.b] = [this.b, this.a];
    if (this.a !== null && this.b !== null && this.b - this.a < 0.1) this.b = null;
    this.#show();
    this.changed();
  }

  #keys() {
    addEventListener("keydown", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const writing = target.closest("input:not([type=checkbox], [type=radio]), select, textarea");
      if (!this.address || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      const pressing = target.closest("button, a, summary, [type=radio], [type=checkbox]");
      const act = this.#action(event.key, Boolean(pressing));
      if (!act) return;
      event.preventDefault();
      act();
    });
  }

  /** @param {string} key @param {boolean} pressing  whether something is in focus that space and arrows are for */
  #action(key, pressing) {
    switch (key) {
      case " ":
      case "k":
        return pressing && key === " " ? null : () => this.toggle();
      case "ArrowLeft":
        return pressing ? null : () => this.seek(this.audio.currentTime - STEP);
      case "ArrowRight":
        return pressing ? null : () => this.seek(this.audio.currentTime + STEP);
      case "Home":
        return () => this.seek(0);
      case "End":
        return () => this.seek(this.duration);
      case "l":
        return () => this.#loop();
      case "a":
        return () => this.#mark("a");
      case "b":
        return () => this.#mark("b");
      case "f":
        return () => byId("fullscreen").click();
      case "m":
        return () => (this.audio.muted = !this.audio.muted);
      default:
        return null;
    }
  }

  #session() {
    if (!("mediaSession" in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.setActionHandler("play", () => this.play());
    mediaSession.setActionHandler("pause", () => this.audio.pause());
    mediaSession.setActionHandler("seekto", ({ seekTime }) => this.seek(seekTime ?? 0));
    mediaSession.setActionHandler("seekbackward", ({ seekOffset }) => this.seek(this.audio.currentTime - (seekOffset ?? STEP)));
    mediaSession.setActionHandler("seekforward", ({ seekOffset }) => this.seek(this.audio.currentTime + (seekOffset ?? STEP)));
  }

  /** The device's own controls show how far it is, and may seek. */
  #tellSession() {
    if (!("mediaSession" in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.playbackState = !this.opened ? "none" : this.playing ? "playing" : "paused";
    const { duration, currentTime } = this.audio;
    if (this.opened && duration > 0 && duration < Infinity) mediaSession.setPositionState({ duration, position: Math.min(currentTime, duration) });
  }

  #show() {
    const { playing } = this;
    this.#tellSession();
    byId("transport").classList.toggle("playing", playing);
    byId("big-play").hidden = playing;
    for (const id of ["play", "big-play"]) byId(id).ariaLabel = say(playing ? "song.pause" : "song.play");
    byId("loop").ariaPressed = String(this.looping);
    const part = this.a !== null ? `${clock(this.a)}–${this.b === null ? "…" : clock(this.b)}` : say("song.part");
    setText(byId("ends"), part);
    byId("ends").classList.toggle("set", this.a !== null);
  }
}
