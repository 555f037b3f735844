/**
 * The photo chosen: its picture, before and after; what is being done to it; what can be done with it.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./pictures.js").Pictures} Pictures
 * @typedef {import("./main.js").Files} Files
 */

import { announce, byId, make, notice, setText } from "../shell/dom.js";
import { say, told } from "../shell/words.js";

const START_AT = 50; // percent of the original shown when a cutout is done

export class Stage {
  /** @param {Record<"stop" | "retry" | "remove" | "reload" | "saved", (id: number) => void>} actions */
  constructor(actions) {
    this.actions = actions;
    this.id = 0;
    /** @type {Blob | null} */
    this.cutout = null;
    this.address = "";
    this.compare = /** @type {HTMLInputElement} */ (byId("compare"));
    this.compare.addEventListener("input", () => {
      byId("frame").classList.remove("revealing");
      this.#split(Number(this.compare.value));
    });
    for (const name of /** @type {const} */ (["stop", "retry", "remove", "reload"])) {
      byId(name).addEventListener("click", () => actions[name](this.id));
    }
    byId("redo").addEventListener("click", () => actions.retry(this.id));
    byId("download").addEventListener("click", () => actions.saved(this.id));
    byId("copy").addEventListener("click", () => this.#copy());
    byId("behind").addEventListener("change", (event) => {
      byId("frame").dataset.behind = /** @type {HTMLInputElement} */ (event.target).value;
    });
  }

  /**
   * @param {PhotoView} photo @param {Files} files @param {Pictures} pictures
   * @param {{stopping: boolean, broken: boolean, redo: string}} more  `broken` where nothing is worked on any more
   */
  render(photo, files, pictures, { stopping, broken, redo }) {
    const pressed = /** @type {HTMLElement | null} */ (document.activeElement?.closest("#actions > *") ?? null);
    const done = photo.state === "done" && files.cutout !== null;
    const active = photo.state === "working" || photo.state === "waiting";
    byId("stage").dataset.state = photo.state;
    setText(byId("name"), photo.name);
    setText(byId("state"), stopping ? say("photo.stopping") : told(photo.text));
    if (files.cutout && done) {
      const facts = say("work.facts", { width: photo.width, height: photo.height, size: files.cutout.size });
      setText(byId("note"), [facts, told(photo.note)].filter(Boolean).join(" · "));
    }
    byId("note").hidden = !done;
    byId("stop").hidden = !active;
    /** @type {HTMLButtonElement} */ (byId("stop")).disabled = stopping;
    const ended = photo.state === "failed" || photo.state === "stopped";
    byId("retry").hidden = !ended || broken;
    byId("reload").hidden = !ended || !broken;
    byId("remove").hidden = active;
    byId("redo").hidden = !photo.can_redo;
    setText(byId("redo"), redo);
    byId("copy").hidden = byId("download").hidden = !done;
    this.#progress(active ? photo.stages : []);
    this.#offer(done ? files.cutout : null, photo.file_name);
    // The button that was pressed may be gone now: the keyboard goes on from what is there instead.
    if (pressed?.hidden) /** @type {HTMLElement} */ (document.querySelector("#actions > :not([hidden])")).focus();
    this.#draw(photo, files, pictures);
  }

  /** @param {PhotoView} photo @param {Files} files @param {Pictures} pictures */
  #draw(photo, files, pictures) {
    const pair = pictures.pair(photo.id, files);
    const before = pair.before ?? pictures.thumbs.get(photo.id) ?? null;
    const frame = byId("frame");
    frame.hidden = !before;
    byId("nothing").toggleAttribute("hidden", Boolean(before));
    const shape = photo.width ? photo : before;
    byId("stage").style.setProperty("--ratio", String(shape ? shape.width / shape.height : 1.5));
    paint("before", before);
    paint("after", pair.after);
    const comparing = photo.state === "done" && pair.after !== null;
    const sameAsBefore = this.id === photo.id;
    const turned = frame.classList.contains("comparing") !== comparing || !sameAsBefore;
    frame.classList.toggle("comparing", comparing);
    frame.classList.toggle("tiny", Boolean(shape && Math.max(shape.width, shape.height) <= 64));
    this.compare.hidden = !comparing;
    byId("behind").hidden = !comparing;
    // A cutout that comes while one looks on is uncovered from the right.
    if (turned) frame.classList.toggle("revealing", comparing && sameAsBefore);
    if (turned) this.#split(comparing ? START_AT : 100);
    this.id = photo.id;
  }

  /** @param {number} percent  of the width that shows the original */
  #split(percent) {
    this.compare.value = String(percent);
    this.compare.setAttribute("aria-valuetext", say("work.compared", { part: percent / 100 }));
    byId("frame").style.setProperty("--split", `${percent}%`);
  }

  /** @param {PhotoView["stages"]} stages */
  #progress(stages) {
    const bar = byId("progress");
    bar.hidden = stages.length === 0;
    while (bar.children.length > stages.length) bar.lastElementChild?.remove();
    while (bar.children.length < stages.length) bar.append(make("span", "segment", make("span", "fill")));
    stages.forEach(({ title, fraction }, index) => {
      const segment = /** @type {HTMLElement} */ (bar.children[index]);
      segment.title = told(title);
      segment.style.setProperty("--done", String(fraction));
    });
    const sum = stages.reduce((total, { fraction }) => total + fraction, 0);
    const done = stages.length ? sum / stages.length : 0;
    bar.setAttribute("aria-valuenow", String(Math.round(100 * done)));
    byId("embers").style.setProperty("--done", done.toFixed(3));
  }

  /** @param {Blob | null} cutout @param {string} name */
  #offer(cutout, name) {
    const link = /** @type {HTMLAnchorElement} */ (byId("download"));
    link.download = name;
    if (this.cutout === cutout) return;
    if (this.address) URL.revokeObjectURL(this.address);
    this.cutout = cutout;
    this.address = cutout ? URL.createObjectURL(cutout) : "";
    if (cutout) link.href = this.address;
    else link.removeAttribute("href");
  }

  async #copy() {
    if (!this.cutout) return;
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.cutout })]);
      this.actions.saved(this.id);
      notice(say("copy.done"));
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError || error instanceof ReferenceError)) throw error;
      notice(say("copy.refused"));
    }
    announce("");
  }
}

/**
 * Draws a bitmap at its own size; the style sheet brings it to the frame's.
 * @param {"before" | "after"} id @param {ImageBitmap | null} bitmap
 */
function paint(id, bitmap) {
  const canvas = /** @type {HTMLCanvasElement & {shown?: ImageBitmap | null}} */ (byId(id));
  canvas.hidden = !bitmap;
  if (canvas.shown === bitmap) return;
  canvas.shown = bitmap;
  if (!bitmap) return;
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}
