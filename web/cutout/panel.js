/** The panels beside the stage: tabs on top, one panel open; on a phone below it, opened and closed by its tab. */

import { byId, make } from "../shell/dom.js";
import { PANELS } from "./panels/all.js";

/** @typedef {import("./panels/all.js").Panel} Panel */

const SMALL = matchMedia("(max-width: 900px)");

export class Panels {
  /** @param {import("./editor.js").Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Panel | null} */
    this.open = null;
    /** @type {Map<Panel, {tab: HTMLButtonElement, page: HTMLElement}>} */
    this.parts = new Map(PANELS.map((panel) => [panel, this.#make(panel)]));
    const tabs = byId("tabs");
    tabs.addEventListener("keydown", (event) => this.#move(event));
    SMALL.addEventListener("change", () => this.#openFirst());
    this.#openFirst();
  }

  /** @param {import("./messages.js").PhotoView} photo  the one on the stage */
  render(photo) {
    byId("panel").hidden = !photo.model;
    for (const panel of PANELS) panel.render?.(photo, this.editor);
  }

  /** @param {string} id */
  show(id) {
    const panel = PANELS.find((one) => one.id === id);
    if (panel && panel !== this.open) this.#choose(panel);
  }

  /** Where there is room, one panel is always open. */
  #openFirst() {
    if (!this.open && !SMALL.matches) this.#choose(PANELS[0]);
    else this.#update();
  }

  /** @param {Panel | null} panel  null closes the open one */
  #choose(panel) {
    this.open?.close?.(this.editor);
    this.open = panel;
    panel?.open?.(this.editor);
    this.#update();
  }

  #update() {
    byId("panel").classList.toggle("closed", this.open === null);
    for (const [panel, { tab, page }] of this.parts) {
      const open = panel === this.open;
      tab.setAttribute("aria-selected", String(open));
      if (open) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
      tab.tabIndex = open || (this.open === null && panel === PANELS[0]) ? 0 : -1;
      page.hidden = !open;
    }
  }

  /** @param {Panel} panel */
  #make(panel) {
    const tab = make("button", "tab", panel.title);
    Object.assign(tab, { type: "button", id: `tab-${panel.id}` });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", `page-${panel.id}`);
    tab.addEventListener("click", () => this.#choose(panel === this.open && SMALL.matches ? null : panel));
    const page = make("div", "page", panel.build(this.editor));
    page.id = `page-${panel.id}`;
    page.setAttribute("role", "tabpanel");
    page.setAttribute("aria-labelledby", tab.id);
    byId("tabs").append(tab);
    byId("pages").append(page);
    return { tab, page };
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const sign = getComputedStyle(byId("tabs")).direction === "rtl" && event.key.match(/Left|Right/) ? -1 : 1;
    const at = PANELS.findIndex((panel) => this.parts.get(panel)?.tab === document.activeElement);
    const panel = PANELS[(at + sign * step + PANELS.length) % PANELS.length];
    this.#choose(panel);
    this.parts.get(panel)?.tab.focus();
  }
}
