/**
 * What can be done with many photos at once, above the strip: how they stand, pause, the same settings, save, remove. It
 * holds for all of them or, where some are chosen, for those.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 *
 * @typedef {object} Actions
 * @property {(on: boolean) => void} pause
 * @property {(ids: number[]) => void} retry
 * @property {(ids: number[]) => void} remove
 * @property {(ids: number[]) => void} same  the settings of the photo on the stage
 * @property {(ids: number[]) => void} archive
 * @property {(ids: number[]) => void} folder
 * @property {() => void} changed
 */

import { canSaveFolder } from "./saver.js";
import { byId, make, setText } from "../shell/dom.js";
import { say } from "../shell/words.js";

const STATES = /** @type {const} */ (["done", "working", "waiting", "failed", "stopped"]);

export class Queue {
  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    /** @type {Set<number>} */
    this.chosen = new Set();
    this.choosing = false;
    /** @type {PhotoView[]} */
    this.photos = [];
    this.paused = false;
    this.saving = "";
    this.counts = make("p", "counts");
    this.counts.id = "counts";
    const ids = () => this.#ids();
    this.buttons = {
      pause: this.#button("queue-pause", () => actions.pause(!this.paused)),
      retry: this.#button("queue-retry", () => actions.retry(this.#in("failed", "stopped").map(({ id }) => id))),
      anew: this.#button("queue-redo", () => actions.retry(this.#in("done").filter((photo) => photo.can_redo).map(({ id }) => id))),
      choose: this.#button("queue-choose", () => this.#setChoosing(!this.choosing)),
      same: this.#button("queue-same", () => actions.same(ids())),
      archive: this.#button("queue-archive", () => actions.archive(ids())),
      folder: this.#button("queue-folder", () => actions.folder(ids())),
      remove: this.#button("queue-remove", () => actions.remove(ids())),
    };
    byId("queue-bar").append(this.counts, make("div", "buttons", ...Object.values(this.buttons)));
  }

  /** Chooses a photo, or no longer. @param {number} id */
  toggle(id) {
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.choosing = true;
    this.actions.changed();
  }

  /**
   * @param {PhotoView[]} photos @param {boolean} paused @param {string} saving  in words, while files are being saved
   * @param {(count: number) => string} redo  what it is called to make so many anew, as is chosen now
   */
  render(photos, paused, saving, redo) {
    this.photos = photos;
    this.paused = paused;
    for (const id of this.chosen) if (!photos.some((photo) => photo.id === id)) this.chosen.delete(id);
    byId("queue-bar").hidden = photos.length < 2;
    byId("strip").classList.toggle("choosing", this.choosing);
    setText(this.counts, saving || this.#counted());
    const { pause, retry, anew, choose, same, archive, folder, remove } = this.buttons;
    const some = this.chosen.size > 0;
    const count = some ? this.chosen.size : photos.length;
    const done = this.#in("done").length;
    pause.hidden = !paused && this.#all("waiting") === 0;
    setText(pause, say(paused ? "queue.resume" : "queue.pause"));
    retry.hidden = this.#in("failed", "stopped").length === 0;
    setText(retry, say("queue.retry", { count: this.#in("failed", "stopped").length }));
    const other = this.#in("done").filter((photo) => photo.can_redo).length;
    anew.hidden = other === 0;
    setText(anew, redo(other));
    setText(choose, say(this.choosing ? "queue.choose-all" : "queue.choose"));
    choose.setAttribute("aria-pressed", String(this.choosing));
    setText(same, say(some ? "queue.same-chosen" : "queue.same", { count }));
    setText(archive, say("queue.archive", { count: done }));
    setText(folder, say("queue.folder"));
    setText(remove, say(some ? "queue.remove-chosen" : "queue.remove", { count }));
    same.hidden = archive.hidden = done === 0;
    folder.hidden = done === 0 || !canSaveFolder;
    archive.disabled = folder.disabled = saving !== "";
  }

  /** @param {boolean} on */
  #setChoosing(on) {
    this.choosing = on;
    this.chosen.clear();
    this.actions.changed();
  }

  /** How many photos stand where. */
  #counted() {
    const parts = [say("queue.photos", { count: this.photos.length })];
    for (const state of STATES) if (this.#all(state)) parts.push(say("counts." + state, { count: this.#all(state) }));
    if (this.chosen.size) parts.push(say("queue.chosen", { count: this.chosen.size }));
    return parts.join(" · ");
  }

  /** @param {PhotoView["state"]} state */
  #all(state) {
    return this.photos.filter((photo) => photo.state === state).length;
  }

  #ids() {
    return this.photos.map(({ id }) => id).filter((id) => !this.chosen.size || this.chosen.has(id));
  }

  /** Of the photos meant, those in a state. @param {...PhotoView["state"]} states */
  #in(...states) {
    const ids = this.#ids();
    return this.photos.filter((photo) => ids.includes(photo.id) && states.includes(photo.state));
  }

  /** @param {string} id @param {() => void} pressed */
  #button(id, pressed) {
    const button = make("button", "small");
    Object.assign(button, { id, type: "button" });
    button.addEventListener("click", pressed);
    return button;
  }
}
