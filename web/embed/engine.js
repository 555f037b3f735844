/**
 * The background remover without its page: one worker, one photo at a time, the models of the page's own store.
 *
 * @typedef {import("../cutout/messages.js").FromWorker} FromWorker
 * @typedef {import("../cutout/messages.js").PhotoView} PhotoView
 * @typedef {(key: string, current: number, total: number) => void} Progress
 * @typedef {import("./options.js").Wishes} Order
 * @typedef {{id: number, file: File, order: Order, resolve: (blob: Blob) => void, reject: (error: unknown) => void}} Job
 */

import { Link } from "../shell/link.js";
import { Shelf } from "../shell/shelf.js";
import { startWorker } from "../shell/start.js";
import { say, told } from "../shell/words.js";

const WORKER = new URL("../cutout/worker.js", import.meta.url);

export class Engine {
  constructor() {
    this.shelf = new Shelf({ tool: "cutout", tell: (message) => this.#tell(message) });
    /** @type {Link | null} */
    this.link = null;
    /** @type {Job | null} */
    this.job = null;
    /** @type {Promise<unknown>} */
    this.turn = Promise.resolve();
    this.lastId = 0;
    this.stages = 1; // of the last photo
    /** @type {Progress} */
    this.loading = () => {};
  }

  /** Starts Python and brings a model to this device. @param {string} model @param {Progress} progress */
  async preload(model, progress) {
    this.#open();
    this.loading = progress;
    await this.shelf.fetchAhead(model).opened;
  }

  /** The ids of the models there are. */
  async models() {
    return (await this.shelf.models()).map(({ id }) => id);
  }

  /**
   * The file that the photo becomes, after those that were asked for before. Throws AbortError, or an Error with a sentence.
   * @param {File} file @param {Order} order
   * @returns {Promise<Blob>}
   */
  cut(file, order) {
    const made = this.turn.then(() => this.#work(file, order));
    this.turn = made.catch(() => {});
    return made;
  }

  /** @param {File} file @param {Order} order @returns {Promise<Blob>} */
  #work(file, order) {
    order.signal?.throwIfAborted();
    const stop = () => this.link?.stop(id);
    const id = ++this.lastId;
    const link = this.#open();
    const done = new Promise((resolve, reject) => {
      this.job = { id, file, order, resolve, reject };
      link.post({ type: "choose", model: order.model });
      link.post(this.#added(this.job));
      order.signal?.addEventListener("abort", stop);
    });
    return done.finally(() => {
      order.signal?.removeEventListener("abort", stop);
      this.job = null;
      link.post({ type: "remove", id });
    });
  }

  #open() {
    this.link ??= new Link({
      start: () => startWorker(WORKER),
      success: "cutout",
      receive: (message) => this.#receive(message),
      describe: () => this.#describe(),
      broke: (final) => final && this.#fail(),
    });
    return this.link;
  }

  async #describe() {
    const models = await this.shelf.models();
    const job = this.job?.order.signal?.aborted ? null : this.job;
    if (!job) this.job?.reject(this.job.order.signal?.reason); // the worker was ended because it did not stop
    const start = { type: "start", models, model: job?.order.model ?? models[0].id, twice: false, eager: false, photos: [], stopping: 0 };
    return job ? [start, this.#added(job)] : [start];
  }

  /** @param {Job} job */
  #added({ id, file, order }) {
    return { type: "add", photos: [{ id, file, look: { output: order.output } }] };
  }

  /** @param {FromWorker} message */
  #receive(message) {
    const { job } = this;
    /** @type {PhotoView[]} */
    const photos = message.type === "view" ? message.view.photos : [];
    if (message.type === "need-model") this.shelf.fetch(message.id);
    else if (message.type === "drop-model") this.shelf.drop(message.id);
    else if (message.type === "booting") this.#booting(message.loaded);
    else if (message.type === "cutout" && message.id === job?.id) this.#finish(job, message.file);
    this.#look(photos.find(({ id }) => id === job?.id));
  }

  /** @param {PhotoView | undefined} photo */
  #look(photo) {
    const { job } = this;
    if (!photo || !job) return;
    if (photo.state === "failed") job.reject(new Error(told(photo.text)));
    if (photo.state === "stopped") job.reject(job.order.signal?.reason ?? new DOMException(told(photo.text), "AbortError"));
    if (photo.state !== "working") this.link?.stopped();
    const at = photo.stages.findIndex(({ fraction }) => fraction < 1);
    const stage = photo.stages[at];
    this.stages = photo.stages.length || this.stages;
    if (typeof stage?.title === "object" && "key" in stage.title) {
      const name = stage.title.key.replace("stage.", "compute:");
      if (name !== "compute:model") this.#progress(name, at + stage.fraction, photo.stages.length);
    }
  }

  /** @param {number} loaded  bytes of Python */
  async #booting(loaded) {
    const total = await this.shelf.runtimeBytes().catch(() => 0); // what can't be had is told by the start itself
    this.#progress("fetch:runtime", Math.min(loaded, total), total);
  }

  /** @param {Job} job @param {Blob} blob */
  #finish(job, blob) {
    const { stages } = this;
    job.resolve(blob); // first, whatever a page does when it hears of it
    this.#progress("compute:write", stages, stages);
  }

  #fail() {
    this.job?.reject(new Error(say("start.failed")));
    this.link = null; // the next photo tries again
  }

  /** @param {import("../shell/messages.js").ToHost} message @param {Transferable[]} [transfer] */
  #tell(message, transfer) {
    if (message.type === "model-progress") this.#progress("fetch:model", message.loaded, message.total);
    this.link?.post(message, transfer);
  }

  /** @type {Progress} */
  #progress(key, current, total) {
    (this.job?.order.progress ?? this.loading)(key, current, total);
  }
}
