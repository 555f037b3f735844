/**
 * The choice of a model: one radio button each, with the size of its download; the choice is kept.
 *
 * @typedef {import("./messages.js").Model} Model
 */

import { byId, make, setText } from "../shell/dom.js";
import { recall, remember } from "../shell/memory.js";
import { say } from "../shell/words.js";

export class Choices {
  /**
   * @param {(model: string) => void} choose
   * @param {import("../shell/shelf.js").Shelf} shelf
   */
  constructor(choose, shelf) {
    this.choose = choose;
    this.shelf = shelf;
    this.chosen = "";
    /** @type {Model[]} */
    this.models = [];
    /** @type {Map<string, HTMLElement>} */
    this.sizes = new Map();
  }

  /** @param {Model[]} models  the first one is the default */
  async fill(models) {
    if (this.models.length) return;
    this.models = models;
    const kept = recall("model");
    this.chosen = models.some((model) => model.id === kept) ? String(kept) : models[0].id;
    byId("choices").replaceChildren(...models.map((model) => this.#option(model)));
    this.update();
  }

  /** @param {string} id */
  title(id) {
    return this.models.some((model) => model.id === id) ? titleOf(id) : "";
  }

  async update() {
    for (const model of this.models) {
      const size = /** @type {HTMLElement} */ (this.sizes.get(model.id));
      setText(size, (await this.shelf.store.holds(model)) ? say("model.stored") : say("model.to-fetch", { size: model.bytes }));
    }
  }

  /** @param {Model} model */
  #option(model) {
    const input = make("input", "");
    Object.assign(input, { type: "radio", name: "model", value: model.id, checked: model.id === this.chosen });
    input.addEventListener("change", () => {
      this.chosen = model.id;
      remember("model", model.id);
      this.choose(model.id);
    });
    const size = make("span", "size");
    this.sizes.set(model.id, size);
    const label = make("label", "choice", input, make("span", "title", titleOf(model.id)), size);
    label.title = say(`model.${model.id}.about`);
    return label;
  }
}

/** @param {string} id */
function titleOf(id) {
  return say(`model.${id}.title`);
}
