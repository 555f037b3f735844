/**
 * The queue: one small picture a photo, with its state.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./pictures.js").Pictures} Pictures
 */

import { byId, make, setText } from "../shell/dom.js";
import { say, told } from "../shell/words.js";

const SIDE = 168; // pixels of the small canvas

/** @typedef {{item: HTMLElement, button: HTMLButtonElement, canvas: HTMLCanvasElement, label: HTMLElement, caption: HTMLElement, shown: ImageBitmap | null}} Entry */

export class Strip {
  /** @param {{select: (id: number, choosing: boolean) => void}} actions  `choosing` where a key says so */
  constructor({ select }) {
    this.select = select;
    /** @type {Map<number, Entry>} */
    this.entries = new Map();
    this.selected = 0;
  }

  /** @param {PhotoView[]} photos @param {number} selected @param {Pictures} pictures @param {Set<number>} chosen  for what is done with many */
  render(photos, selected, pictures, chosen) {
    for (const [id, { item }] of this.entries) {
      if (photos.some((photo) => photo.id === id)) continue;
      item.remove();
      this.entries.delete(id);
    }
    for (const photo of photos) {
      const entry = this.entries.get(photo.id) ?? this.#add(photo.id);
      const after = photo.state === "done" ? pictures.pairs.get(photo.id)?.after : null;
      draw(entry, after ?? (photo.state === "done" ? entry.shown : null) ?? pictures.thumbs.get(photo.id) ?? null);
      entry.button.dataset.state = photo.state;
      entry.button.setAttribute("aria-current", String(photo.id === selected));
      if (chosen.size) entry.button.setAttribute("aria-pressed", String(chosen.has(photo.id)));
      else entry.button.removeAttribute("aria-pressed");
      setText(entry.caption, photo.name);
      entry.caption.hidden = entry.shown !== null;
      setText(entry.label, say("work.queued", { name: photo.name, text: photo.text }));
      entry.button.title = photo.state === "failed" ? told(photo.text) : photo.name;
      const sum = photo.stages.reduce((total, { fraction }) => total + fraction, 0);
      entry.button.style.setProperty("--done", String(photo.stages.length ? sum / photo.stages.length : 0));
    }
    if (selected !== this.selected) this.#reveal(selected);
    this.selected = selected;
  }

  /** @param {number} id */
  #reveal(id) {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    this.entries.get(id)?.item.scrollIntoView({ behavior, block: "nearest", inline: "nearest" });
  }

  /** @param {number} id */
  #add(id) {
    const canvas = make("canvas", "");
    canvas.width = canvas.height = SIDE;
    const label = make("span", "visually-hidden");
    const caption = make("span", "caption"); // where there is no picture to know the photo by
    caption.ariaHidden = "true"; // the label says it too
    const button = make("button", "thumb", canvas, caption, make("span", "mark"), label);
    button.type = "button";
    button.addEventListener("click", (event) => this.select(id, event.ctrlKey || event.metaKey || event.shiftKey));
    const item = make("li", "", button);
    byId("strip").append(item);
    const entry = { item, button, canvas, label, caption, shown: null };
    this.entries.set(id, entry);
    return entry;
  }
}

/**
 * Fills the square with the middle of the picture.
 * @param {Entry} entry @param {ImageBitmap | null} bitmap
 */
function draw(entry, bitmap) {
  if (!bitmap || entry.shown === bitmap) return;
  entry.shown = bitmap;
  const context = entry.canvas.getContext("2d");
  const scale = SIDE / Math.min(bitmap.width, bitmap.height);
  const width = bitmap.width * scale;
  const height = bitmap.height * scale;
  context?.clearRect(0, 0, SIDE, SIDE);
  context?.drawImage(bitmap, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
}
