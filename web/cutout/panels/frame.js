/** What of the picture is kept, which way up, and at which size. */

import { button, percent, slider, toggle } from "./controls.js";
import { list } from "./pick.js";
import { make } from "../../shell/dom.js";
import { say } from "../../shell/words.js";

const ASPECTS = ["1:1", "4:5", "3:4", "2:3", "5:4", "4:3", "3:2", "16:9", "9:16"];
const NAMED = ["shop-square", "shop-portrait", "shop-wide", "story", "passport-35x45", "passport-2x2"];

/** @type {Record<string, {show: (value: any) => void}>} by the names of the settings */
const controls = {};
/** @type {HTMLInputElement[]} width and height in pixels */
let sides = [];
/** @type {HTMLElement | null} */
let sizeRow = null;
/** @type {HTMLElement | null} */
let note = null;

/** @type {import("./all.js").Panel} */
export const frame = {
  id: "frame",
  title: say("panel.frame"),
  build(editor) {
    const set = (/** @type {object} */ parts, /** @type {number} */ gesture = 0) => change(editor, parts, gesture);
    const crop = toggle(say("frame.crop"), say("frame.crop-hint"), false, (on) => set({ crop: on }), "frame-crop");
    const margin = slider(say("frame.margin"), { min: 0, max: 0.4, step: 0.01, value: 0.05, text: percent, id: "frame-margin" }, (value, gesture) => set({ margin: value }, gesture));
    const aspect = list(say("frame.aspect"), { "": say("frame.free"), ...Object.fromEntries(ASPECTS.map((one) => [one, one])) }, (value) => set({ aspect: value, size: "" }), "frame-aspect");
    const names = Object.fromEntries(NAMED.map((one) => [one, say("size." + one)]));
    const size = list(say("frame.size"), { "": say("frame.own-pixels"), ...names, other: say("frame.other") }, (value) => set({ size: value === "other" ? "1200x1200" : value, crop: value !== "" || undefined }), "frame-size");
    sides = ["width", "height"].map((name) => {
      const input = make("input", "number");
      Object.assign(input, { type: "number", id: `frame-${name}`, min: 1, max: 12000, ariaLabel: say("frame." + name) });
      input.addEventListener("change", () => sides.every((side) => side.validity.valid && side.value) && set({ size: sides.map((side) => side.value).join("x") }));
      return input;
    });
    sizeRow = make("div", "control sides", sides[0], "×", sides[1]);
    note = make("p", "hint", say("frame.passport-hint"));
    const straighten = slider(say("frame.straighten"), { min: -45, max: 45, step: 0.5, value: 0, text: (value) => say("panel.degrees", { value }), id: "frame-straighten" }, (value, gesture) => set({ straighten: quarters(editor) + value }, gesture));
    const turn = button(say("frame.turn"), () => set({ straighten: wrapped(now(editor).straighten + 90) }));
    const flip = button(say("frame.flip"), () => set({ flip: !now(editor).flip }));
    flip.id = "frame-flip";
    Object.assign(controls, {
      crop,
      margin: { show: (/** @type {number} */ value) => margin.show(value) },
      aspect,
      size: { show: (/** @type {string} */ value) => showSize(size, value) },
      straighten: { show: (/** @type {number} */ value) => straighten.show(value - Math.round(value / 90) * 90) },
      flip: { show: (/** @type {boolean} */ value) => flip.setAttribute("aria-pressed", String(value)) },
    });
    return make("div", "controls", crop.row, margin.row, aspect.row, size.row, sizeRow, note, straighten.row, make("div", "buttons", turn, flip));
  },
  render(photo, editor) {
    const settings = editor.look(photo)?.scene.frame;
    if (!settings) return;
    for (const [name, control] of Object.entries(controls)) control.show(settings[name]);
  },
};

/** @param {{show: (value: string) => void}} choice @param {string} value */
function showSize(choice, value) {
  const other = value !== "" && !NAMED.includes(value);
  choice.show(other ? "other" : value);
  if (sizeRow) sizeRow.hidden = !other;
  if (note) note.hidden = !value.startsWith("passport");
  if (other) value.split("x").forEach((side, index) => document.activeElement !== sides[index] && (sides[index].value = side));
}

/** @param {import("../editor.js").Editor} editor */
const now = (editor) => (editor.photo && editor.look(editor.photo)?.scene.frame) ?? { straighten: 0, flip: false };

/** The quarter turns in an angle, in degrees. @param {import("../editor.js").Editor} editor */
const quarters = (editor) => Math.round(now(editor).straighten / 90) * 90;

/** @param {number} degrees */
const wrapped = (degrees) => (degrees > 180 ? degrees - 360 : degrees);

/** @param {import("../editor.js").Editor} editor @param {Record<string, any>} parts @param {number} gesture */
function change(editor, parts, gesture) {
  const scene = editor.photo && editor.look(editor.photo)?.scene;
  const said = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  if (scene) editor.setLook({ scene: { ...scene, frame: { ...scene.frame, ...said } } }, gesture);
}
