/**
 * The page's end of the worker: starts it, starts it anew when it breaks or will not stop, and keeps what it needs for that.
 *
 * @typedef {import("./start.js").Started} Started
 */

const STOP_WITHIN_MS = 2000;
const RESTARTS = 3; // in a row, without a job done in between

export class Link {
  /**
   * @param {object} to
   * @param {() => Started} to.start  gives a worker that has just been started
   * @param {string} to.success  the type of the message which tells that a job was done
   * @param {(message: any) => void} to.receive
   * @param {() => Promise<{type: string}[]>} to.describe  what a new worker has to know: "start", and "add" for what was added
   * @param {(final: boolean, reason: unknown) => void} to.broke
   *     called when the worker broke; `final` when it is not started again
   */
  constructor({ start, success, receive, describe, broke }) {
    this.start = start;
    this.success = success;
    this.receive = receive;
    this.describe = describe;
    this.broke = broke;
    this.restarts = 0;
    this.stopTimer = 0;
    this.started = false;
    /** @type {{type: string}[]} */
    this.early = [];
    this.#open();
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  post(message, transfer = []) {
    if (message.type === "retry" && this.flag) Atomics.compareExchange(this.flag, 0, message.id, 0);
    if (this.started) this.worker?.postMessage(message, transfer);
    else if (message.type !== "add") this.early.push(message); // `describe` tells of what was added
  }

  /**
   * Asks the running job to stop; ends the worker where Python does not come round to it.
   * @param {number} id
   */
  stop(id) {
    if (this.flag) Atomics.store(this.flag, 0, id);
    this.post({ type: "stop", id });
    clearTimeout(this.stopTimer);
    this.stopTimer = setTimeout(() => this.#reopen(), STOP_WITHIN_MS);
  }

  /** To be called when no job is being stopped any more. */
  stopped() {
    clearTimeout(this.stopTimer);
    this.restarts = 0;
  }

  /** Ends the worker for good. */
  end() {
    clearTimeout(this.stopTimer);
    this.worker?.terminate();
  }

  #open() {
    const { worker, stop, heard } = this.start();
    this.worker = worker;
    this.flag = stop;
    this.started = false;
    const hear = (/** @type {MessageEvent<any>} */ { data }) => {
      if (data.type === this.success) this.restarts = 0;
      if (data.type === "broken") this.#break(data.reason);
      else this.receive(data);
    };
    queueMicrotask(() => heard.forEach(hear)); // when whoever made this link has it
    worker.onmessage = hear;
    worker.onerror = (event) => this.#break(event.message);
    this.describe().then((messages) => {
      if (this.worker !== worker) return;
      for (const message of messages) worker.postMessage(message);
      this.started = true;
      for (const message of this.early.splice(0)) worker.postMessage(message);
    }, this.#fail);
  }

  #reopen() {
    clearTimeout(this.stopTimer);
    this.worker?.terminate();
    this.#open();
  }

  /** @param {string} reason */
  #break(reason) {
    this.restarts += 1;
    if (this.restarts > RESTARTS) {
      this.#fail(reason);
    } else {
      console.error(reason);
      this.#reopen();
      this.broke(false, reason);
    }
  }

  #fail = (/** @type {unknown} */ reason) => {
    console.error(reason);
    this.worker?.terminate();
    this.broke(true, reason);
  };
}
