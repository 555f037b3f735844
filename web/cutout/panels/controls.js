/** What panels are made of: rows with a label and a control. */

import { make } from "../../shell/dom.js";
import { say } from "../../shell/words.js";

const PAUSE_MS = 700; // between two key presses that are not one gesture

let lastId = 0;

/**
 * A slider with its name and its value in words.
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number, text: (value: number) => string, id?: string}} range
 * @param {(value: number, gesture: number) => void} changed  called while it moves; a drag is one gesture, and so are key presses in a row
 * @returns {{row: HTMLElement, input: HTMLInputElement, show: (value: number) => void}}
 */
export function slider(label, { min, max, step, value, text, id }, changed) {
  const input = make("input", "slider");
  Object.assign(input, { type: "range", id: id ?? `control-${++lastId}`, min, max, step });
  const name = make("label", "label", label);
  name.htmlFor = input.id;
  const said = make("output", "value");
  said.htmlFor.value = input.id;
  const show = (/** @type {number} */ given) => {
    if (Number(input.value) !== given || !said.textContent) input.value = String(given);
    said.textContent = text(given);
    input.setAttribute("aria-valuetext", text(given));
    input.style.setProperty("--at", String((given - min) / (max - min)));
  };
  let gesture = 0;
  let ends = 0;
  input.addEventListener("input", () => {
    clearTimeout(ends);
    gesture ||= nextGesture();
    show(Number(input.value));
    changed(Number(input.value), gesture);
  });
  input.addEventListener("change", () => (ends = setTimeout(() => (gesture = 0), PAUSE_MS)));
  show(value);
  return { row: make("div", "control", name, said, input), input, show };
}

/**
 * A switch.
 * @param {string} label @param {string} hint  what it does, in a few words; may be empty
 * @param {boolean} value @param {(on: boolean) => void} changed
 * @returns {{row: HTMLElement, input: HTMLInputElement, show: (on: boolean) => void}}
 */
export function toggle(label, hint, value, changed, id = `control-${++lastId}`) {
  const input = make("input", "switch");
  Object.assign(input, { type: "checkbox", id, checked: value });
  input.setAttribute("role", "switch");
  const name = make("label", "label", label);
  name.htmlFor = input.id;
  const row = make("div", "control with-switch", name, input);
  if (hint) {
    const words = make("p", "hint", hint);
    words.id = `${input.id}-hint`;
    input.setAttribute("aria-describedby", words.id);
    row.append(words);
  }
  input.addEventListener("change", () => changed(input.checked));
  return { row, input, show: (on) => (input.checked = on) };
}

/** @param {string} label @param {() => void} pressed @param {string} [className] */
export function button(label, pressed, className = "") {
  const made = make("button", className, label);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

let gestures = Date.now(); // so that a page opened again does not go on with an old one

/** A number for the changes of one gesture, which are undone together. */
export const nextGesture = () => ++gestures;

/** @param {number} count */
export const pixels = (count) => say("panel.pixels", { count });

/** @param {number} part  of 1 */
export const percent = (part) => say("panel.percent", { part });
