/**
 * Python in its worker, as every page has it: how far its start is, what it asks of the shelf, what is being stopped, what
 * ended it.
 */

import { notice } from "./dom.js";
import { Link } from "./link.js";
import { ListFailed } from "./shelf.js";
import { say } from "./words.js";

const TOTAL = Number(document.querySelector("meta[name=hearth-runtime-bytes]")?.getAttribute("content") ?? 0);

export class Python {
  /**
   * @param {object} to
   * @param {() => import("./start.js").Started} to.start
   * @param {string} to.success @param {() => Promise<{type: string}[]>} to.describe  as `Link` has them
   * @param {import("./shelf.js").Shelf} to.shelf
   * @param {import("./offline.js").Offline} to.offline
   * @param {(message: any) => void} to.receive  what else Python says, and "ready" when it runs, also when it runs anew
   * @param {(final: boolean) => void} to.broke  when its worker ended; `final` when it is not started again
   * @param {string} to.restarted  what the person is told when it is
   */
  constructor({ start, success, describe, shelf, offline, receive, broke, restarted }) {
    this.shelf = shelf;
    this.offline = offline;
    this.receive = receive;
    this.broke = broke;
    this.restarted = restarted;
    this.ready = false;
    this.broken = ""; // why the worker ended for good
    this.loaded = 0; // bytes of the runtime
    this.stopping = 0; // the job that is being stopped
    this.link = new Link({ start, success, describe, receive: (message) => this.#hear(message), broke: (final, reason) => this.#broke(final, reason) });
  }

  /** How far the start is, in words. */
  get words() {
    if (this.loaded === 0) return say("start.begins");
    if (this.loaded >= TOTAL) return say("start.python");
    return say("start.fetching", { loaded: this.loaded, total: TOTAL });
  }

  /** The same as a part of 1; 0 where nothing has to come over the network. */
  get fraction() {
    return this.loaded / TOTAL;
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  post(message, transfer) {
    this.link.post(message, transfer);
  }

  /** Stops the job that is worked on. @param {number} id */
  stop(id) {
    this.stopping = id;
    this.link.stop(id);
  }

  /** Python has shown what it works on. @param {boolean} working  on the job that is being stopped */
  settle(working) {
    if (!this.stopping || working) return;
    this.stopping = 0;
    this.link.stopped();
  }

  /** Ends the worker for good. */
  end() {
    this.link.end();
  }

  /** @param {any} message */
  #hear(message) {
    switch (message.type) {
      case "booting":
        this.loaded = Math.min(message.loaded, TOTAL);
        break;
      case "ready":
        // Only now: storing the runtime for offline use would slow down its first start.
        if (!this.ready) this.offline.start();
        this.ready = true;
        document.documentElement.dataset.ready = "";
        performance.mark("hearth-ready");
        break;
      case "need-model":
        this.shelf.fetch(message.id);
        return;
      case "drop-model":
        this.shelf.drop(message.id);
        return;
    }
    this.receive(message);
  }

  /** @param {boolean} final @param {unknown} reason */
  #broke(final, reason) {
    if (final) this.broken = say(reason instanceof ListFailed ? "models.no-list" : this.ready ? "start.gave-up" : "start.failed");
    notice(this.broken || this.restarted, final ? { label: say("page.reload"), run: () => location.reload() } : undefined);
    this.broke(final);
  }
}
