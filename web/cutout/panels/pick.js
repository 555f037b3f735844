/** Controls to choose one of several things: words side by side, a list, a colour. */

import { make } from "../../shell/dom.js";

let lastId = 0;

/**
 * A few words side by side, one of which holds.
 * @template {string} T
 * @param {string} label @param {Record<T, string>} words  by value @param {(value: T) => void} changed
 * @param {string} id  of the group; an option is `<id>-<value>`
 * @returns {{row: HTMLElement, show: (value: T) => void}}
 */
export function segmented(label, words, changed, id) {
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  const options = Object.entries(words).map(([value, word]) => {
    const input = make("input", "");
    Object.assign(input, { type: "radio", name: id, value, id: `${id}-${value}` });
    input.addEventListener("change", () => changed(/** @type {T} */ (value)));
    inputs.set(value, input);
    return make("label", "", input, make("span", "", String(word)));
  });
  const row = make("fieldset", "segmented", make("legend", "visually-hidden", label), ...options);
  row.id = id;
  return { row, show: (value) => void (/** @type {HTMLInputElement} */ (inputs.get(value)).checked = true) };
}

/**
 * A list that opens.
 * @param {string} label @param {Record<string, string>} words  by value @param {(value: string) => void} changed
 * @param {string} id
 * @returns {{row: HTMLElement, show: (value: string) => void}}
 */
export function list(label, words, changed, id) {
  const select = make("select", "select");
  select.id = id;
  for (const [value, word] of Object.entries(words)) select.append(new Option(word, value));
  select.addEventListener("change", () => changed(select.value));
  return { row: make("div", "control with-field", named(label, select), select), show: (value) => void (select.value = value) };
}

/**
 * Any colour.
 * @param {string} label @param {(value: string) => void} changed  as #rrggbb
 * @returns {{row: HTMLElement, show: (value: string) => void}}
 */
export function colour(label, changed, id = `colour-${++lastId}`) {
  const input = make("input", "colour");
  Object.assign(input, { type: "color", id });
  input.addEventListener("input", () => changed(input.value));
  return { row: make("div", "control with-field", named(label, input), input), show: (value) => void (input.value = value) };
}

/** @param {string} text @param {HTMLElement} control */
function named(text, control) {
  const label = make("label", "label", text);
  label.htmlFor = control.id;
  return label;
}
