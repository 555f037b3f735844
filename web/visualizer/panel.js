/**
 * What can be chosen: scene, palette, words, cover, effects, shape. Shows the settings and tells what changed.
 *
 * @typedef {import("./programs.js").Looks} Looks
 * @typedef {import("./settings.js").Settings} Settings
 */

import { byId, make, notice, setText } from "../shell/dom.js";
import { say, sayOr } from "../shell/words.js";
import { SHAPES } from "./settings.js";

const COVER_SIDE = 1024; // pixels, at most
const EFFECTS = /** @type {const} */ (["bloom", "grain", "vignette", "aberration"]);

export class Panel {
  /** @param {Looks} looks @param {Settings} settings  changed in place @param {(key: string) => void} changed */
  constructor(looks, settings, changed) {
    this.looks = looks;
    this.settings = settings;
    this.changed = changed;
    /** @type {Map<string, HTMLCanvasElement>} */
    this.thumbs = new Map();
    byId("scenes").append(...looks.scenes.map((scene) => this.#scene(scene)));
    byId("palettes").append(...looks.palettes.map((palette) => this.#palette(palette)));
    byId("shapes").append(...Object.keys(SHAPES).map((shape) => this.#shape(/** @type {keyof typeof SHAPES} */ (shape))));
    byId("effects").append(...EFFECTS.map((name) => this.#effect(name)));
    this.#parameters();
    this.#words();
    this.#cover();
    this.#switches();
  }

  /** Takes what a file says of itself. @param {string} title @param {string} artist @param {Blob | null} cover */
  fill(title, artist, cover) {
    Object.assign(this.settings, { title, artist });
    /** @type {HTMLInputElement} */ (byId("title")).value = title;
    /** @type {HTMLInputElement} */ (byId("artist")).value = artist;
    if (cover) this.#takeCover(cover, false);
    else this.#showCover(null);
    this.changed("words");
  }

  /** Shows a small picture of each scene. @param {(scene: string, canvas: HTMLCanvasElement) => void} draw */
  async drawThumbs(draw) {
    for (const [scene, canvas] of this.thumbs) {
      await new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve));
      draw(scene, canvas);
    }
  }

  /** @param {string} scene */
  choose(scene) {
    this.settings.scene = scene;
    const input = /** @type {HTMLInputElement | null} */ (document.querySelector(`input[name=scene][value="${scene}"]`));
    if (input) input.checked = true;
    this.#parameters();
    this.changed("scene");
  }

  /** @param {Looks["scenes"][number]} scene */
  #scene({ id, title, words }) {
    const input = radio("scene", id, id === this.settings.scene, () => this.choose(id));
    const canvas = make("canvas", "");
    Object.assign(canvas, { width: 192, height: 108 });
    this.thumbs.set(id, canvas);
    const label = make("label", "scene", input, canvas, make("span", "title", sayOr(`scene.${id}.title`, title)));
    label.title = sayOr(`scene.${id}.words`, words);
    return label;
  }

  /** @param {Looks["palettes"][number]} palette */
  #palette({ id, title, colours }) {
    const input = radio("palette", id, id === this.settings.palette, () => {
      this.settings.palette = id;
      this.changed("palette");
    });
    const swatch = make("span", "colours");
    colours.forEach((colour, index) => swatch.style.setProperty(`--c${index}`, colour));
    const label = make("label", "palette", input, swatch, make("span", "visually-hidden", sayOr(`palette.${id}`, title)));
    label.title = sayOr(`palette.${id}`, title);
    return label;
  }

  /** @param {keyof typeof SHAPES} shape */
  #shape(shape) {
    const input = radio("shape", shape, shape === this.settings.shape, () => {
      this.settings.shape = shape;
      this.changed("shape");
    });
    const [across, up] = SHAPES[shape];
    return make("label", "choice", input, make("span", "title", say(`look.shape.${shape}`)), make("span", "size", `${across}:${up}`));
  }

  /** @param {EFFECTS[number]} name */
  #effect(name) {
    return slider(say(`look.effect.${name}`), 0, 1, this.settings[name], (value) => {
      this.settings[name] = value;
      this.changed(name);
    });
  }

  #parameters() {
    const scene = this.looks.scenes.find(({ id }) => id === this.settings.scene) ?? this.looks.scenes[0];
    const sliders = scene.parameters.map(({ name, title, least, most, default: usual }) => {
      const key = `${scene.id}.${name}`;
      return slider(sayOr(`scene.${key}`, title), least, most, this.settings.parameters[key] ?? usual, (value) => {
        this.settings.parameters[key] = value;
        this.changed("parameters");
      });
    });
    byId("parameters").replaceChildren(...sliders);
  }

  #words() {
    for (const name of /** @type {const} */ (["title", "artist"])) {
      byId(name).addEventListener("input", ({ target }) => {
        this.settings[name] = /** @type {HTMLInputElement} */ (target).value;
        this.changed("words");
      });
    }
  }

  #cover() {
    const input = /** @type {HTMLInputElement} */ (byId("cover-file"));
    byId("choose-cover").addEventListener("click", () => input.click());
    byId("no-cover").addEventListener("click", () => {
      this.#showCover(null);
      this.changed("cover");
    });
    input.addEventListener("change", () => {
      if (input.files?.length) this.#takeCover(input.files[0], true);
      input.value = "";
    });
  }

  /** @param {Blob} file @param {boolean} chosen  by the person, who is told where it can't be read */
  async #takeCover(file, chosen) {
    try {
      const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, COVER_SIDE / Math.max(whole.width, whole.height));
      const [resizeWidth, resizeHeight] = [whole.width, whole.height].map((side) => Math.max(1, Math.round(side * scale)));
      this.#showCover(await createImageBitmap(whole, { resizeWidth, resizeHeight, resizeQuality: "high" }));
      whole.close();
      this.changed("cover");
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (chosen) notice(say("look.no-cover"));
    }
  }

  /** @param {ImageBitmap | null} cover */
  #showCover(cover) {
    this.settings.cover = cover;
    const canvas = /** @type {HTMLCanvasElement} */ (byId("cover"));
    canvas.hidden = byId("no-cover").hidden = !cover;
    setText(byId("choose-cover"), say(cover ? "look.another-cover" : "look.choose-cover"));
    if (!cover) return;
    const side = Math.min(cover.width, cover.height);
    const [x, y] = [(cover.width - side) / 2, (cover.height - side) / 2];
    canvas.getContext("2d")?.drawImage(cover, x, y, side, side, 0, 0, canvas.width, canvas.height);
  }

  #switches() {
    for (const name of /** @type {const} */ (["guard", "calm"])) {
      const input = /** @type {HTMLInputElement} */ (byId(name));
      input.checked = this.settings[name];
      input.addEventListener("change", () => {
        this.settings[name] = input.checked;
        this.changed(name);
      });
    }
    byId("shuffle").addEventListener("click", () => {
      this.settings.seed = Math.random();
      this.changed("seed");
    });
  }
}

/** @param {string} name @param {string} value @param {boolean} checked @param {() => void} chosen */
function radio(name, value, checked, chosen) {
  const input = make("input", "");
  Object.assign(input, { type: "radio", name, value, checked });
  input.addEventListener("change", chosen);
  return input;
}

/** @param {string} title @param {number} least @param {number} most @param {number} value @param {(value: number) => void} changed */
function slider(title, least, most, value, changed) {
  const input = make("input", "");
  Object.assign(input, { type: "range", min: String(least), max: String(most), step: String((most - least) / 100), value: String(value) });
  input.addEventListener("input", () => changed(Number(input.value)));
  return make("label", "slider", make("span", "", title), input);
}
