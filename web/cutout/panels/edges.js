/** How the mask is corrected: moved, softened, made harder, or taken as the network drew it. */

import { make } from "../../shell/dom.js";
import { say } from "../../shell/words.js";
import { button, percent, pixels, slider, toggle } from "./controls.js";

/** @type {Record<string, {show: (value: any) => void}>} */
const controls = {};
/** @type {HTMLButtonElement | null} */
let reset = null;

/** @type {import("./all.js").Panel} */
export const edges = {
  id: "edges",
  title: say("panel.edges"),
  build(editor) {
    /** @param {"shift" | "feather" | "threshold" | "contrast"} name @param {string} label @param {any} range */
    const row = (name, label, range) => {
      const made = slider(label, { ...range, id: `edge-${name}` }, (value, gesture) => editor.setMask({ [name]: value }, gesture));
      controls[name] = made;
      return made.row;
    };
    const raw = toggle(say("edges.raw"), say("edges.raw-hint"), false, (on) => editor.setMask({ source: on ? "raw" : "refined" }), "raw-mask");
    controls.source = { show: (source) => raw.show(source === "raw") };
    reset = button(say("edges.reset"), () => editor.reset());
    reset.id = "reset";
    const all = button(say("edges.for-all"), () => editor.setForAll());
    all.id = "for-all";
    return make(
      "div",
      "controls",
      row("shift", say("edges.shift"), { min: -20, max: 20, step: 0.5, value: 0, text: pixels }),
      row("feather", say("edges.feather"), { min: 0, max: 40, step: 0.5, value: 0, text: pixels }),
      row("threshold", say("edges.threshold"), { min: 0.05, max: 0.95, step: 0.01, value: 0.5, text: percent }),
      row("contrast", say("edges.contrast"), { min: 0, max: 1, step: 0.01, value: 0, text: percent }),
      raw.row,
      make("div", "buttons", reset, all),
    );
  },
  render(photo, editor) {
    for (const [name, value] of Object.entries(editor.look(photo)?.mask ?? {})) controls[name]?.show(value);
    if (reset) reset.disabled = !photo.touched;
    const all = document.getElementById("for-all");
    if (all) all.hidden = editor.count < 2;
  },
};
