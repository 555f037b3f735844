/**
 * The person's own models: a dialog tells what a file is; one that cuts out becomes a choice, set as the person wishes.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {import("./messages.js").ModelReport} ModelReport
 * @typedef {NonNullable<Model["own"]>} Settings
 */

import { byId, make, notice } from "../shell/dom.js";
import { say, told, visibleName } from "../shell/words.js";
import { describe } from "./inspector.js";

const MOST_BYTES = 2 ** 30;
const SCALES = /** @type {const} */ (["255", "image maximum"]);
const ANSWERS = /** @type {const} */ (["map", "logits", "bytes", "classes"]);
/** @type {Record<string, {scale: string, mean: number[], std: number[]}>} ways in which models want their pixels */
const PRESETS = {
  u2net: { scale: "image maximum", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  imagenet: { scale: "255", mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  zero: { scale: "255", mean: [0, 0, 0], std: [1, 1, 1] },
  half: { scale: "255", mean: [0.5, 0.5, 0.5], std: [1, 1, 1] },
  signed: { scale: "255", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  bytes: { scale: "255", mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] },
};

/** Whether a file is for this dialog, not for the queue. @param {File} file */
export const isModel = (file) => /\.(onnx|ort)$/i.test(file.name);

export class Own {
  /**
   * @param {import("../shell/own.js").OwnModels} store
   * @param {object} to
   * @param {(id: number, file: File) => void} to.inspect  lets Python look at a file, which `show` is told of
   * @param {(id: number, file: File) => void} to.check  lets onnx look at it, which `checked` is told of
   * @param {(chosen: string) => void} to.changed  the models are others now, and this one is chosen; empty where it is gone
   */
  constructor(store, { inspect, check, changed }) {
    this.store = store;
    this.inspect = inspect;
    this.check = check;
    this.changed = changed;
    this.id = 0; // of the file that is looked at; below zero, where no photo is
    /** @type {File | null} */
    this.file = null;
    this.dialog = make("dialog", "own");
    this.dialog.setAttribute("aria-labelledby", "own-title");
    this.title = make("h2", "", "");
    this.title.id = "own-title";
    this.content = make("div", "content");
    this.content.setAttribute("aria-live", "polite");
    this.answer = make("p", "hint");
    const close = make("button", "", say("own.close"));
    close.addEventListener("click", () => this.dialog.close());
    this.actions = make("div", "dialog-actions", close);
    this.dialog.append(this.title, this.content, this.actions);
    this.dialog.addEventListener("close", () => (this.file = null));
    document.body.append(this.dialog);
    const input = /** @type {HTMLInputElement} */ (byId("own-file"));
    byId("own-add").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files?.length) this.take(input.files[0]);
      input.value = "";
    });
  }

  /** @param {File} file */
  take(file) {
    if (file.size > MOST_BYTES) return notice(say("own.too-large", { size: file.size, limit: MOST_BYTES }));
    this.file = file;
    this.inspect(--this.id, file);
    this.#open(file.name, make("p", "", say("own.looking")));
  }

  /** @param {ModelReport} report */
  async show(report) {
    if (report.id !== this.id || !this.file) return; // closed, or another file came
    const verdict = make("p", report.fits ? "verdict fits" : "verdict", told(report.verdict));
    if (!report.settings) return this.#open(report.name, verdict, this.#checking(), ...describe(report));
    const { model, kept } = await this.store.add(this.file, "cutout", report.settings);
    this.changed(model.id);
    const note = make("p", "hint", say(kept ? "own.kept" : "own.not-kept"));
    this.#open(report.name, verdict, note, this.#settings(model), this.#checking(), ...describe(report));
  }

  /** What onnx says of the file, where somebody asks. */
  #checking() {
    const button = make("button", "", say("own.check"));
    button.type = "button";
    button.addEventListener("click", () => {
      if (!this.file) return;
      this.answer.textContent = say("own.checking");
      this.check(this.id, this.file);
    });
    this.answer.textContent = "";
    return make("div", "own-check", button, this.answer);
  }

  /** @param {number} id @param {import("./messages.js").Said} verdict */
  checked(id, verdict) {
    if (id === this.id) this.answer.textContent = told(verdict);
  }

  /** The worker broke while it looked at a file. */
  broke() {
    if (this.file) this.#open(this.file.name, make("p", "verdict", say("own.out-of-memory")));
  }

  /** @param {Model} model */
  openSettings(model) {
    this.file = null;
    this.#open(String(model.name), this.#settings(model));
  }

  /** @param {string} name @param {...HTMLElement} content */
  #open(name, ...content) {
    this.title.textContent = visibleName(name);
    this.content.replaceChildren(...content);
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** @param {Model} model */
  #settings(model) {
    let current = model;
    let turn = Promise.resolve(); // one change after the other: each begins with what the last one made
    const own = /** @type {Settings} */ (model.own);
    const preset = choice(say("own.preset"), [...Object.keys(PRESETS), "custom"].map((name) => [name, say(`own.preset.${name}`)]), presetOf(own));
    const scale = choice(say("own.scale"), SCALES.map((name) => [name, say(`own.scale.${name.replace(" ", "-")}`)]), own.scale);
    const mean = field(say("own.mean"), own.mean.map(short).join(" "));
    const std = field(say("own.std"), own.std.map(short).join(" "));
    const answer = choice(say("own.answer"), ANSWERS.map((name) => [name, say(`own.answer.${name}`)]), own.answer);
    const side = field(say("own.side"), String(own.width));
    const wrong = make("p", "wrong");
    wrong.role = "alert";
    const form = make("form", "settings", preset.label, scale.label, mean.label, std.label, answer.label, ...(own.any_size ? [side.label] : []), wrong);
    preset.input.addEventListener("change", () => {
      const chosen = PRESETS[preset.input.value];
      if (!chosen) return;
      scale.input.value = chosen.scale;
      mean.input.value = chosen.mean.map(short).join(" ");
      std.input.value = chosen.std.map(short).join(" ");
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      const settings = { ...own, scale: scale.input.value, mean: numbers(mean.input.value), std: numbers(std.input.value), answer: answer.input.value };
      const size = Math.round(Number(side.input.value));
      if (own.any_size) Object.assign(settings, { width: size, height: size });
      const badNumbers = !settings.mean || !settings.std || settings.std.includes(0);
      const badSize = own.any_size && !(size >= 16 && size <= 2048);
      wrong.textContent = badNumbers ? say("own.wrong-numbers") : badSize ? say("own.wrong-size") : "";
      if (badNumbers || badSize) return;
      preset.input.value = presetOf(/** @type {Settings} */ (settings));
      const change = async () => {
        current = await this.store.change(current, settings);
        this.changed(current.id);
      };
      turn = turn.then(change).catch(console.error);
    });
    const remove = make("button", "quiet", say("own.delete"));
    remove.type = "button";
    remove.addEventListener("click", async () => {
      await turn;
      await this.store.remove(current);
      this.dialog.close();
      this.changed("");
      notice(say("own.deleted", { name: visibleName(String(current.name)), size: current.bytes }));
    });
    return fieldset(say("own.settings"), form, remove);
  }
}

/** @param {number} value */
const short = (value) => String(Number(value.toPrecision(6)));

/** @param {string} text @returns {number[] | null} */
function numbers(text) {
  const found = text.trim().split(/[\s,;]+/).map(Number);
  return found.length === 3 && found.every(Number.isFinite) ? found : null;
}

/** @param {Settings} own */
function presetOf({ scale, mean, std }) {
  const same = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a.every((value, index) => Math.abs(value - b[index]) < 1e-6);
  const found = Object.entries(PRESETS).find(([, it]) => it.scale === scale && same(it.mean, mean) && same(it.std, std));
  return found?.[0] ?? "custom";
}

/** @param {string} title @param {string[][]} options @param {string} value */
function choice(title, options, value) {
  const input = make("select", "", ...options.map(([name, text]) => new Option(text, name)));
  input.value = value;
  return { input, label: make("label", "field", make("span", "", title), input) };
}

/** @param {string} title @param {string} value */
function field(title, value) {
  const input = make("input", "");
  Object.assign(input, { type: "text", value, inputMode: "decimal", autocomplete: "off" });
  return { input, label: make("label", "field", make("span", "", title), input) };
}

/** @param {string} title @param {...HTMLElement} content */
function fieldset(title, ...content) {
  return make("fieldset", "own-settings", make("legend", "", title), ...content);
}
