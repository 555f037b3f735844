/** What stands behind the subject, and its shadow. */

import { button, nextGesture, percent, slider } from "./controls.js";
import { colour, list, segmented } from "./pick.js";
import { byId, make } from "../../shell/dom.js";
import { say } from "../../shell/words.js";

const COLOURS = ["#ffffff", "#f2f2f2", "#d9d9d9", "#000000", "#f4e6d4", "#dbe9f4"];
const MAX_BLUR = 0.06; // of the long side, as far as the sliders go

/** @typedef {import("../editor.js").Editor} Editor */

/** @type {Record<string, {show: (value: any) => void}>} by the names of the settings */
const behind = {};
/** @type {Record<string, {show: (value: any) => void}>} */
const shadow = {};
/** @type {Map<HTMLElement, string[]>} rows that are there for some kinds only */
const kinds = new Map();

/** @type {import("./all.js").Panel} */
export const background = {
  id: "background",
  title: say("panel.background"),
  build(editor) {
    const set = (/** @type {object} */ parts, /** @type {number} */ gesture = 0) => change(editor, "background", parts, gesture);
    const kind = segmented(
      say("panel.background"),
      {
        none: say("background.none"),
        colour: say("background.colour"),
        gradient: say("background.gradient"),
        picture: say("background.picture"),
        blur: say("background.blur"),
      },
      (kind) => (kind === "picture" && !editor.pictures.length ? byId("background-file").click() : set({ kind })),
      "background-kind",
    );
    behind.kind = kind;
    const rows = [
      only(["colour"], swatches((value) => set({ colour: value }))),
      only(["colour", "gradient", "picture"], keep(behind, "colour", colour(say("background.first"), live((value, gesture) => set({ colour: value }, gesture)), "background-colour"))),
      only(["gradient"], keep(behind, "second", colour(say("background.second"), live((value, gesture) => set({ second: value }, gesture)), "background-second"))),
      only(["gradient"], keep(behind, "shape", list(say("background.shape"), { linear: say("background.linear"), radial: say("background.radial") }, (shape) => set({ shape }), "background-shape"))),
      only(["gradient"], keep(behind, "angle", slider(say("background.angle"), { min: 0, max: 360, step: 5, value: 180, text: degrees, id: "background-angle" }, (angle, gesture) => set({ angle }, gesture)))),
      only(["picture"], pictures(editor, set)),
      only(["picture"], keep(behind, "fit", list(say("background.fit"), { fill: say("background.fill"), fit: say("background.whole") }, (fit) => set({ fit }), "background-fit"))),
      only(["picture"], keep(behind, "x", slider(say("background.x"), { min: 0, max: 1, step: 0.01, value: 0.5, text: percent, id: "background-x" }, (x, gesture) => set({ x }, gesture)))),
      only(["picture"], keep(behind, "y", slider(say("background.y"), { min: 0, max: 1, step: 0.01, value: 0.5, text: percent, id: "background-y" }, (y, gesture) => set({ y }, gesture)))),
      only(["blur"], keep(behind, "blur", slider(say("background.strength"), { min: 0.001, max: MAX_BLUR, step: 0.001, value: 0.02, text: (value) => percent(value / MAX_BLUR), id: "background-blur" }, (blur, gesture) => set({ blur }, gesture)))),
      only(["colour", "gradient", "picture", "blur"], keep(behind, "wrap", slider(say("background.wrap"), { min: 0, max: 1, step: 0.01, value: 0, text: percent, id: "background-wrap" }, (wrap, gesture) => set({ wrap }, gesture)))),
    ];
    return make("div", "controls", kind.row, ...rows, ...shadowRows(editor));
  },
  render(photo, editor) {
    const scene = editor.look(photo)?.scene;
    if (!scene) return;
    for (const [name, control] of Object.entries(behind)) control.show(scene.background[name]);
    for (const [name, control] of Object.entries(shadow)) control.show(scene.shadow[name]);
    for (const [row, wanted] of kinds) row.hidden = !wanted.includes(scene.background.kind) && !wanted.includes(`shadow-${scene.shadow.kind}`);
    showPictures(editor, scene.background.picture);
  },
};

/** @param {Editor} editor */
function shadowRows(editor) {
  const set = (/** @type {object} */ parts, /** @type {number} */ gesture = 0) => change(editor, "shadow", parts, gesture);
  const kind = segmented(say("shadow.title"), { none: say("shadow.none"), drop: say("shadow.drop"), floor: say("shadow.floor") }, (value) => set({ kind: value }), "shadow-kind");
  shadow.kind = kind;
  /** @param {"x" | "y" | "blur" | "opacity"} name @param {any} range */
  const row = (name, range) => keep(shadow, name, slider(say("shadow." + name), { step: 0.005, ...range, id: `shadow-${name}` }, (value, gesture) => set({ [name]: value }, gesture)));
  const any = ["shadow-drop", "shadow-floor"];
  return [
    make("h2", "", say("shadow.title")),
    kind.row,
    only(any, row("x", { min: -0.15, max: 0.15, value: 0.015, text: percent })),
    only(["shadow-drop"], row("y", { min: -0.15, max: 0.15, value: 0.02, text: percent })),
    only(any, row("blur", { min: 0, max: MAX_BLUR, step: 0.001, value: 0.015, text: (/** @type {number} */ value) => percent(value / MAX_BLUR) })),
    only(any, row("opacity", { min: 0, max: 1, step: 0.01, value: 0.45, text: percent })),
    only(any, keep(shadow, "colour", colour(say("shadow.colour"), live((value, gesture) => set({ colour: value }, gesture)), "shadow-colour"))),
  ];
}

/** @param {(value: string) => void} take */
function swatches(take) {
  const row = make("div", "swatches");
  row.setAttribute("role", "group");
  row.ariaLabel = say("background.colour");
  for (const value of COLOURS) {
    const one = button("", () => take(value), "swatch-button");
    one.style.setProperty("--colour", value);
    one.ariaLabel = value;
    row.append(one);
  }
  return row;
}

/** @param {Editor} editor @param {(parts: object) => void} set */
function pictures(editor, set) {
  const input = make("input", "");
  Object.assign(input, { type: "file", id: "background-file", accept: "image/*", hidden: true });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) set({ kind: "picture", picture: editor.addPicture(file) });
  });
  // The dialog was closed without a choice: the kind stays what it was.
  input.addEventListener("cancel", () => editor.changed());
  const row = make("div", "pictures");
  row.id = "background-pictures";
  row.addEventListener("click", (event) => {
    const id = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.picture;
    if (id) set({ picture: id });
  });
  return make("div", "control", row, button(say("background.choose"), () => input.click()), input);
}

/** @param {Editor} editor @param {string} chosen */
function showPictures(editor, chosen) {
  const row = byId("background-pictures");
  const ids = editor.pictures.map(({ id }) => id).join(" ");
  if (row.dataset.ids !== ids) {
    row.dataset.ids = ids;
    for (const old of row.querySelectorAll("img")) URL.revokeObjectURL(old.src);
    row.replaceChildren(
      ...editor.pictures.map(({ id, file }) => {
        const image = make("img", "");
        Object.assign(image, { src: URL.createObjectURL(file), alt: say("background.picture") });
        const one = button("", () => {}, "picture-button");
        one.dataset.picture = id;
        one.append(image);
        return one;
      }),
    );
  }
  for (const one of row.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.picture === chosen));
}

/** @param {Editor} editor @param {"background" | "shadow"} group @param {object} parts @param {number} gesture */
function change(editor, group, parts, gesture) {
  const scene = editor.photo && editor.look(editor.photo)?.scene;
  if (scene) editor.setLook({ scene: { ...scene, [group]: { ...scene[group], ...parts } } }, gesture);
}

/** A colour field tells every colour on the way: those of one opening are one gesture. @param {(value: string, gesture: number) => void} take */
function live(take) {
  let gesture = 0;
  let last = 0;
  return (/** @type {string} */ value) => {
    if (performance.now() - last > 1500) gesture = nextGesture();
    last = performance.now();
    take(value, gesture);
  };
}

/** @param {Record<string, {show: (value: any) => void}>} into @param {string} name @param {{row: HTMLElement, show: (value: any) => void}} control */
function keep(into, name, control) {
  into[name] = control;
  return control.row;
}

/** @param {string[]} wanted @param {HTMLElement} row */
function only(wanted, row) {
  kinds.set(row, wanted);
  return row;
}

/** @param {number} value */
const degrees = (value) => say("panel.degrees", { value });
