/**
 * The choice of a model: one radio button each, with the size of its download; the choice is kept.
 *
 * @typedef {import("./messages.js").Model} Model
 */

import { byId, make, setText } from "../shell/dom.js";
import { recall, remember } from "../shell/memory.js";
import { STORED_HERE, megabytes } from "../shell/words.js";

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
    return this.models.find((model) => model.id === id)?.title ?? "";
  }

  async update() {
    for (const model of this.models) {
      const size = /** @type {HTMLElement} */ (this.sizes.get(model.id));
      setText(size, (await this.shelf.store.holds(model)) ? STORED_HERE : `${megabytes(model.bytes)}, once`);
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
    const label = make("label", "choice", input, make("span", "title", model.title), size);
    label.title = model.words;
    return label;
  }
}
