/**
 * Below the stage: the photo's name, what is being done to it, what can be done with it.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./main.js").Files} Files
 */

import { announce, byId, notice, setText } from "../shell/dom.js";
import { showStages } from "../shell/progress.js";
import { say, told } from "../shell/words.js";

export class Card {
  /** @param {Record<"stop" | "retry" | "remove" | "reload" | "saved" | "write", (id: number) => void>} actions */
  constructor(actions) {
    this.actions = actions;
    this.id = 0;
    /** @type {Blob | null} */
    this.cutout = null;
    this.address = "";
    /** @type {{id: number, settle: (cutout: Blob | null) => void, begun: boolean} | null} what waits for a file that is being written */
    this.waiting = null;
    this.fresh = true;
    for (const name of /** @type {const} */ (["stop", "retry", "remove", "reload"])) {
      byId(name).addEventListener("click", () => actions[name](this.id));
    }
    byId("redo").addEventListener("click", () => actions.retry(this.id));
    const download = byId("download");
    download.addEventListener("click", async (event) => {
      if (this.fresh) return actions.saved(this.id);
      event.preventDefault();
      if (await this.#written()) download.click();
    });
    download.addEventListener("dragstart", (event) => this.#drag(event));
    download.addEventListener("dragend", (event) => event.dataTransfer?.dropEffect !== "none" && actions.saved(this.id));
    byId("copy").addEventListener("click", () => this.#copy());
  }

  /**
   * @param {PhotoView} photo @param {Files} files
   * @param {{stopping: boolean, broken: boolean, redo: string}} more  `broken` where nothing is worked on any more
   */
  render(photo, files, { stopping, broken, redo }) {
    const pressed = /** @type {HTMLElement | null} */ (document.activeElement?.closest("#actions > *") ?? null);
    const done = photo.state === "done" && files.cutout !== null;
    const active = photo.state === "working" || photo.state === "waiting";
    this.id = photo.id;
    this.fresh = photo.fresh || broken;
    setText(byId("name"), photo.name);
    const [stage] = photo.writing ? photo.stages : [];
    const writing = stage && say("stage.now", { stage: stage.title, done: stage.fraction });
    setText(byId("state"), stopping ? say("photo.stopping") : (writing ?? told(photo.text)));
    if (files.cutout && done) {
      const format = nameOf(files.cutout.type);
      const facts = say("work.facts", { width: photo.file_width, height: photo.file_height, size: files.cutout.size, format });
      setText(byId("note"), [facts, told(photo.note), told(photo.file_note)].filter(Boolean).join(" · "));
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
    const progress = showStages(byId("progress"), active || photo.writing ? photo.stages : []);
    byId("embers").style.setProperty("--done", progress.toFixed(3));
    setText(byId("download"), say("work.download", { format: nameOf(`image/${photo.look?.output.format ?? "png"}`) }));
    this.#offer(done ? files.cutout : null, photo.file_name);
    // The button that was pressed may be gone now: the keyboard goes on from what is there instead.
    if (pressed?.hidden) /** @type {HTMLElement} */ (document.querySelector("#actions > :not([hidden])")).focus();
    this.#goOn(photo);
  }

  /** The file as it is to be now; null where it could not be written, or the person went on to another photo. */
  async #written() {
    if (this.fresh) return this.cutout;
    this.waiting?.settle(null);
    this.actions.write(this.id);
    return new Promise((settle) => (this.waiting = { id: this.id, settle, begun: false }));
  }

  /** @param {PhotoView} photo */
  #goOn(photo) {
    const { waiting } = this;
    if (!waiting) return;
    if (waiting.id === photo.id && !this.fresh && (photo.writing || !waiting.begun)) {
      waiting.begun ||= photo.writing;
      return;
    }
    this.waiting = null;
    waiting.settle(waiting.id === photo.id && this.fresh ? this.cutout : null);
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

  /** Out of the page goes the file itself, where the browser can. @param {DragEvent} event */
  #drag(event) {
    const { cutout, address } = this;
    const { download } = /** @type {HTMLAnchorElement} */ (byId("download"));
    if (!cutout || !event.dataTransfer) return;
    if (!this.fresh) {
      event.preventDefault();
      notice(say("save.not-yet"));
      this.actions.write(this.id);
      return;
    }
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `${cutout.type}:${download}:${address}`);
    event.dataTransfer.items.add(new File([cutout], download, { type: cutout.type }));
  }

  async #copy() {
    const { id } = this;
    try {
      // The promise, not the picture: browsers allow it only as long as the press is young.
      await navigator.clipboard.write([new ClipboardItem({ "image/png": this.#written().then(asPng) })]);
      this.actions.saved(id);
      notice(say("copy.done"));
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError || error instanceof ReferenceError)) throw error;
      notice(say("copy.refused"));
    }
    announce("");
  }
}

/** The one kind of picture that every clipboard takes. @param {Blob | null} file @returns {Promise<Blob>} */
async function asPng(file) {
  if (!file) throw new DOMException("there is no file", "NotFoundError");
  if (file.type === "image/png") return file;
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

/** What people call a format. @param {string} type */
const nameOf = (type) => ({ "image/webp": "WebP" })[type] ?? type.replace("image/", "").toUpperCase();
