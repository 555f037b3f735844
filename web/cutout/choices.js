/**
 * The choice of a model: one radio button each, with the size of its download; the choice is kept.
 *
 * @typedef {import("./messages.js").Model} Model
 */

import { byId, make, setText } from "../shell/dom.js";
import { recall, remember } from "../shell/memory.js";
import { say, visibleName } from "../shell/words.js";
import { toggle } from "./panels/controls.js";

export class Choices {
  /**
   * @param {(model: string) => void} choose
   * @param {(on: boolean) => void} lookTwice
   * @param {import("../shell/shelf.js").Shelf} shelf
   */
  constructor(choose, lookTwice, shelf) {
    this.choose = choose;
    this.lookTwice = lookTwice;
    this.shelf = shelf;
    this.chosen = "";
    /** @type {Model[]} */
    this.models = [];
    /** @type {Map<string, HTMLElement>} */
    this.sizes = new Map();
    /** Whether the network is to look twice. */
    this.twice = recall("twice") === "on";
    const { row } = toggle(say("model.twice"), say("model.twice-hint"), this.twice, (on) => this.#lookTwice(on), "twice");
    byId("choices").after(row);
  }

  /** @param {Model[]} models  the first one is the default */
  async fill(models) {
    this.models = models;
    const kept = recall("model");
    this.chosen = models.some((model) => model.id === kept) ? String(kept) : models[0].id;
    this.sizes.clear();
    byId("choices").replaceChildren(...models.map((model) => this.#option(model)));
    this.update();
  }

  /** Chooses a model. @param {string} id */
  take(id) {
    this.chosen = id;
    for (const input of byId("choices").querySelectorAll("input")) input.checked = input.value === id;
    remember("model", id);
    this.update();
    this.choose(id);
  }

  /** @param {string} id */
  title(id) {
    const model = this.models.find((model) => model.id === id);
    return model ? titleOf(model) : "";
  }

  /** @param {boolean} on */
  #lookTwice(on) {
    this.twice = on;
    remember("twice", on ? "on" : "off");
    this.lookTwice(on);
  }

  async update() {
    const chosen = this.models.find((model) => model.id === this.chosen);
    setText(byId("model-about"), chosen ? aboutOf(chosen) : "");
    byId("own-settings").hidden = !chosen?.own;
    for (const model of this.models) {
      const size = /** @type {HTMLElement} */ (this.sizes.get(model.id));
      setText(size, model.own ? say("own.size", { size: model.bytes }) : (await this.shelf.holds(model.id)) ? say("model.stored") : say("model.to-fetch", { size: model.bytes }));
    }
  }

  /** @param {Model} model */
  #option(model) {
    const input = make("input", "");
    Object.assign(input, { type: "radio", name: "model", value: model.id, checked: model.id === this.chosen });
    input.addEventListener("change", () => {
      this.take(model.id);
    });
    const size = make("span", "size");
    this.sizes.set(model.id, size);
    const label = make("label", "choice", input, make("span", "title", titleOf(model)), size);
    label.title = aboutOf(model);
    return label;
  }
}

/** @param {Model} model */
function titleOf(model) {
  return model.own ? visibleName(String(model.name).replace(/\.\w+$/, "")) : say(`model.${model.id}.title`);
}

/** @param {Model} model */
function aboutOf(model) {
  return model.own ? say("own.about", { name: visibleName(String(model.name)) }) : say(`model.${model.id}.about`);
}
