/**
 * The picture on the page: draws it while the song plays, and once more whenever something changed.
 *
 * @typedef {import("./features.js").Features} Features
 * @typedef {import("./programs.js").Looks} Looks
 * @typedef {import("./settings.js").Settings} Settings
 */

import { byId } from "../shell/dom.js";
import { NoWebGL, Renderer } from "./renderer.js";
import { ShaderFailed } from "./programs.js";
import { SHAPES } from "./settings.js";

const MOST_PIXELS = 1920 * 1080;
const SLOW_MS = 34; // a frame that takes longer on average is drawn smaller
const FAST_MS = 12;
const SMALLEST = 0.4; // of the size on the screen
const RESTORED_MS = 8000; // how long the graphics card may take to come back

export class Stage {
  /**
   * @param {Looks} looks
   * @param {object} from
   * @param {() => {features: Features, settings: Settings, time: number, moving: boolean}} from.now
   * @param {() => void} from.drawn  after each frame
   * @param {(scene: string) => void} from.sceneFailed
   * @param {() => void} from.lost  when the graphics card was reset and does not come back
   */
  constructor(looks, { now, drawn, sceneFailed, lost }) {
    this.looks = looks;
    this.now = now;
    this.drawn = drawn;
    this.sceneFailed = sceneFailed;
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("picture"));
    this.frame = byId("frame");
    this.works = true;
    this.scale = 1; // of the size on the screen, less on slow devices
    this.pace = 16; // milliseconds a frame, averaged
    this.last = 0;
    this.asked = false;
    /** @type {{width: number, height: number} | null} */
    this.held = null; // pixels of the canvas while it is recorded, whatever its size on the screen
    /** @type {Renderer | null} */
    this.renderer = null;
    this.#open();
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.renderer = null;
      setTimeout(() => this.renderer || lost(), RESTORED_MS);
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.#open();
      this.ask();
    });
    new ResizeObserver(() => this.ask()).observe(this.frame);
    setTimeout(() => this.#tryOut());
  }

  /**
   * Draws before there is anything to see, so that a song's first frame finds its shaders compiled and the canvas of its
   * size: to change that waits for all that is being drawn.
   */
  #tryOut() {
    const hidden = /** @type {HTMLElement | null} */ (this.frame.closest("[hidden]"));
    if (this.last || !this.renderer || !hidden) return;
    if (this.renderer.software) this.scale = SMALLEST;
    const { settings, features } = this.now();
    this.#shape(settings);
    // As with a song, for as long as the layout takes: nothing of it is seen.
    document.body.classList.add("at-work");
    hidden.hidden = false;
    this.#fit(0, true);
    hidden.hidden = true;
    document.body.classList.remove("at-work");
    this.#paint({ settings, features }, 0);
  }

  /** Draws soon. */
  ask() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((moment) => {
      this.asked = false;
      this.#draw(moment);
    });
  }

  #open() {
    try {
      this.renderer = new Renderer(this.canvas, this.looks);
    } catch (error) {
      if (!(error instanceof NoWebGL || error instanceof ShaderFailed)) throw error;
      console.error(error);
      this.works = false;
    }
  }

  /** @param {number} moment */
  #draw(moment) {
    const now = this.now();
    const { settings, time, moving } = now;
    this.#shape(settings);
    if (!this.frame.closest("[hidden]")) {
      this.#fit(moment, moving);
      this.#paint(now, time);
    }
    this.drawn();
    if (moving) this.ask();
    this.last = moving ? moment : 0;
  }

  /** @param {Settings} settings */
  #shape({ shape }) {
    const [across, up] = SHAPES[shape];
    this.frame.style.setProperty("--ratio", String(across / up));
  }

  /** @param {{features: Features, settings: Settings}} now @param {number} time */
  #paint({ features, settings }, time) {
    try {
      this.renderer?.draw(features, settings, time);
    } catch (error) {
      if (!(error instanceof ShaderFailed)) throw error;
      console.error(error);
      this.sceneFailed(settings.scene);
    }
  }

  /** Keeps the canvas at a size, or no longer. @param {{width: number, height: number} | null} pixels */
  hold(pixels) {
    this.held = pixels;
    if (pixels) Object.assign(this.canvas, pixels);
    this.ask();
  }

  /** Brings the canvas to its size on the screen, or to less where the device is slow. @param {number} moment @param {boolean} moving */
  #fit(moment, moving) {
    if (this.held) return;
    if (this.last && moving) {
      this.pace += (Math.min(moment - this.last, 200) - this.pace) * 0.08;
      const smaller = this.pace > SLOW_MS && this.scale > SMALLEST;
      const larger = this.pace < FAST_MS && this.scale < 1;
      if (smaller || larger) {
        this.scale = Math.max(SMALLEST, Math.min(1, this.scale * (smaller ? 0.8 : 1.25)));
        this.pace = 16;
      }
    }
    const { clientWidth, clientHeight } = this.frame;
    const wanted = devicePixelRatio * (moving ? this.scale : 1);
    const limit = Math.min(1, Math.sqrt(MOST_PIXELS / (clientWidth * clientHeight * wanted * wanted || 1)));
    const width = Math.max(2, Math.round(clientWidth * wanted * limit));
    const height = Math.max(2, Math.round(clientHeight * wanted * limit));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }
}
