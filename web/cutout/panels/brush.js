/** The brushes that bring back what was taken away, and take away what was left. */

import { make } from "../../shell/dom.js";
import { say } from "../../shell/words.js";
import { THINNEST, WIDEST } from "../editor.js";
import { percent, pixels, slider, toggle } from "./controls.js";

/** @type {Record<"restore" | "erase", HTMLInputElement> | null} */
let tools = null;
/** @type {{show: (value: number) => void} | null} */
let size = null;

/** @type {import("./all.js").Panel} */
export const brush = {
  id: "brush",
  title: say("panel.brush"),
  build(editor) {
    const { brush: state } = editor;
    /** @param {"restore" | "erase"} tool */
    const option = (tool) => {
      const input = make("input", "");
      Object.assign(input, { type: "radio", name: "tool", value: tool, id: `tool-${tool}`, checked: state.tool === tool });
      input.addEventListener("change", () => editor.setBrush({ tool }));
      return input;
    };
    tools = { restore: option("restore"), erase: option("erase") };
    const legend = make("legend", "visually-hidden", say("panel.brush"));
    const choice = make(
      "fieldset",
      "segmented",
      legend,
      make("label", "", tools.restore, make("span", "", say("brush.restore"))),
      make("label", "", tools.erase, make("span", "", say("brush.erase"))),
    );
    const sized = slider(say("brush.size"), { min: 0, max: 1, step: 0.005, value: 0, text: (at) => pixels(Math.round(fromSlider(at))), id: "brush-size" }, (at) =>
      editor.setBrush({ size: fromSlider(at) }),
    );
    size = { show: (value) => sized.show(toSlider(value)) };
    const hard = slider(say("brush.hardness"), { min: 0, max: 1, step: 0.01, value: state.hardness, text: percent, id: "brush-hardness" }, (hardness) =>
      editor.setBrush({ hardness }),
    );
    const smart = toggle(say("brush.smart"), say("brush.smart-hint"), state.smart, (on) => editor.setBrush({ smart: on }), "brush-smart");
    const ghost = toggle(say("brush.ghost"), say("brush.ghost-hint"), state.ghost, (on) => editor.setBrush({ ghost: on }), "brush-ghost");
    return make("div", "controls", choice, sized.row, hard.row, smart.row, ghost.row);
  },
  render(_, { brush: state }) {
    size?.show(state.size);
    if (tools) tools[state.tool].checked = true;
  },
  open(editor) {
    editor.setTool("brush");
  },
  close(editor) {
    editor.setTool("move");
  },
};

/** Even steps of the slider are even factors of the size. @param {number} at  0 to 1 */
const fromSlider = (at) => THINNEST * (WIDEST / THINNEST) ** at;

/** @param {number} size */
const toSlider = (size) => Math.log(Math.max(size, THINNEST) / THINNEST) / Math.log(WIDEST / THINNEST);
