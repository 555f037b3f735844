/**
 * The first seconds of a track, heard in a small worker of its own, so that the picture moves before Python is up. It is
 * shown until Python has heard as much; what is saved is made of what Python hears alone.
 */

import { sameOrigin } from "../shell/origin.js";
import { Features } from "./features.js";

/** @typedef {import("./messages.js").Heard} Heard */

export class Glimpse {
  /** @param {() => void} changed  called when more was heard */
  constructor(changed) {
    this.changed = changed;
    this.id = 0;
    this.features = new Features();
    this.worker = new Worker(sameOrigin(new URL("./glimpse-worker.js", import.meta.url)), { type: "module" });
    this.worker.onmessage = ({ data }) => this.#take(data);
  }

  /** Looks into a file. @param {{id: number, file: File}} track @param {boolean} guard  whether flashes are held back */
  open({ id, file }, guard) {
    this.id = id;
    this.features = new Features();
    this.worker.postMessage({ id, file, guard });
  }

  /** Python has heard as much. */
  close() {
    if (this.id) this.worker.postMessage({ id: 0 });
    this.id = 0;
  }

  /** @param {Heard} heard */
  #take(heard) {
    if (heard.id !== this.id) return;
    this.features.take(heard);
    this.changed();
  }
}
