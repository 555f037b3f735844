/** What the file is: its format, what of the picture it shows, and where it goes beside the folder of downloads. */

import { button, percent, slider } from "./controls.js";
import { segmented } from "./pick.js";
import { byId, make, setText } from "../../shell/dom.js";
import { say, told } from "../../shell/words.js";

/** @type {Record<string, {show: (value: any) => void}>} */
const controls = {};
/** @type {Record<string, HTMLElement>} */
const parts = {};

/** @type {import("./all.js").Panel} */
export const save = {
  id: "save",
  title: say("panel.save"),
  build(editor) {
    const set = (/** @type {object} */ output, /** @type {number} */ gesture = 0) => {
      const known = editor.photo && editor.look(editor.photo)?.output;
      if (known) editor.setLook({ output: { ...known, ...output } }, gesture);
    };
    const format = segmented(say("save.format"), { png: "PNG", webp: "WebP", jpeg: "JPEG", avif: "AVIF" }, (value) => set({ format: value }), "save-format");
    const show = segmented(say("save.show"), { cutout: say("save.cutout"), mask: say("save.mask"), inverse: say("save.inverse") }, (value) => set({ show: value }), "save-show");
    const quality = slider(say("save.quality"), { min: 10, max: 100, step: 1, value: 90, text: (value) => percent(value / 100), id: "save-quality" }, (value, gesture) => set({ quality: value }, gesture));
    Object.assign(controls, { format, show, quality });
    Object.assign(parts, { quality: quality.row, facts: make("p", "facts"), hint: make("p", "hint"), share: button(say("save.share"), () => editor.share()) });
    parts.facts.id = "save-facts";
    parts.share.id = "share";
    parts.share.hidden = !("canShare" in navigator);
    const avif = /** @type {HTMLElement} */ (format.row.querySelector("[value=avif]")?.closest("label"));
    avif.hidden = true; // until it is known that this browser writes it
    writesAvif().then((can) => (avif.hidden = !can));
    const drag = make("p", "hint by-mouse", say("save.drag"));
    return make("div", "controls", format.row, show.row, quality.row, parts.hint, parts.facts, make("div", "buttons", button(say("work.copy"), () => byId("copy").click()), parts.share), drag);
  },
  render(photo, editor) {
    const look = editor.look(photo);
    if (!look) return;
    const { output, scene } = look;
    for (const [name, control] of Object.entries(controls)) control.show(output[name]);
    parts.quality.hidden = output.format === "png";
    const opaque = scene.background.kind !== "none" || output.show === "mask";
    setText(parts.hint, output.format === "jpeg" && !opaque ? say("file.on-white") : output.format === "webp" && output.quality === 100 ? say("save.lossless") : "");
    const file = editor.file(photo.id);
    const facts = photo.fresh && file ? say("save.facts", { name: photo.file_name, width: photo.file_width, height: photo.file_height, size: file.size }) : say("save.soon");
    setText(parts.facts, [facts, photo.fresh ? told(photo.file_note) : ""].filter(Boolean).join(" "));
  },
};

async function writesAvif() {
  if (!("OffscreenCanvas" in globalThis)) return false;
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext("2d");
  return (await canvas.convertToBlob({ type: "image/avif" })).type === "image/avif";
}
