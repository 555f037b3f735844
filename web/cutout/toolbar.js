/** Over the stage: undo, zoom, and what the cutout is looked at on. */

import { byId, setText } from "../shell/dom.js";
import { say } from "../shell/words.js";

const GAP = 8; // pixels between it and the photo

export class Toolbar {
  /** @param {import("./stage.js").Stage} stage @param {import("./editor.js").Editor} editor */
  constructor(stage, editor) {
    byId("undo").addEventListener("click", () => editor.undo());
    byId("redo-step").addEventListener("click", () => editor.redo());
    byId("zoom-in").addEventListener("click", () => stage.zoomTo("in"));
    byId("zoom-out").addEventListener("click", () => stage.zoomTo("out"));
    byId("zoom-fit").addEventListener("click", () => stage.zoomTo("fit"));
    this.behind = "checks";
    /** @type {[number[], number[]] | null} until another one is wanted: to ask the browser for a style costs time */
    this.squares = null;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.squares = null));
    byId("behind").addEventListener("input", (event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      this.behind = input.value;
      this.squares = null;
      if (input.type === "color") for (const other of byId("behind").querySelectorAll("input")) other.checked = false;
      byId("behind-colour").closest("label")?.classList.toggle("chosen", input.type === "color");
      stage.invalidate();
    });
  }

  /** @param {import("./messages.js").PhotoView} photo */
  render(photo) {
    byId("toolbar").hidden = !photo.model;
    for (const [id, what, some, none] of /** @type {const} */ ([
      ["undo", photo.undo, "toolbar.undo", "toolbar.no-undo"],
      ["redo-step", photo.redo, "toolbar.redo", "toolbar.no-redo"],
    ])) {
      const button = /** @type {HTMLButtonElement} */ (byId(id));
      const words = what ? say(some, { what }) : say(none);
      button.setAttribute("aria-disabled", String(!what)); // not disabled: that would take the keyboard's place away
      button.setAttribute("aria-label", words);
      button.title = words;
    }
  }

  /** @param {import("./canvas/viewport.js").Viewport} view */
  showZoom({ scale }) {
    setText(byId("zoom-fit"), say("toolbar.scale", { scale }));
    byId("zoom-fit").setAttribute("aria-label", say("toolbar.zoom", { scale }));
  }

  /** What it takes of the stage above and below the photo, in pixels on the screen. @param {DOMRect} stage */
  room(stage) {
    const below = byId("behind").getBoundingClientRect();
    const history = byId("undo").parentElement?.getBoundingClientRect();
    if (!history?.height) return { top: 0, bottom: 0 };
    const above = history.bottom < below.top ? history.bottom - stage.top + GAP : 0;
    return { top: above, bottom: stage.bottom - below.top + GAP };
  }

  /** The two colours of the squares that the cutout is looked at on, 0 to 1. @returns {[number[], number[]]} */
  get checks() {
    return (this.squares ??= this.#checks());
  }

  /** @returns {[number[], number[]]} */
  #checks() {
    const style = getComputedStyle(document.documentElement);
    const names = this.behind === "checks" ? ["--check-a", "--check-b"].map((name) => style.getPropertyValue(name).trim()) : [this.behind, this.behind];
    const [a, b] = names.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255));
    return [a, b];
  }
}
