/** How much of models is stored on this device, and the button that deletes it. */

import { byId, notice, setText } from "./dom.js";
import { say } from "./words.js";

export class Stored {
  /** @param {import("./shelf.js").Shelf} shelf */
  constructor(shelf) {
    this.shelf = shelf;
    byId("delete-models").addEventListener("click", () => this.#clear());
    this.show();
  }

  async show() {
    const bytes = await this.shelf.store.bytes();
    byId("delete-models").hidden = bytes === 0;
    setText(byId("stored"), bytes ? say("models.stored", { size: bytes }) : say("models.none-stored"));
  }

  async #clear() {
    const { freed, busy } = await this.shelf.clear();
    notice([freed || !busy ? say("models.freed", { size: freed }) : "", busy ? say("models.still-fetched") : ""].join(" ").trim());
  }
}
