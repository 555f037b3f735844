/**
 * The models as a page uses them: which there are, which are stored, fetching one for Python, deleting all.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {import("./messages.js").ToHost} ToHost
 */

import { OwnModels } from "./own.js";
import { DownloadFailed, ModelStore, storageWorks } from "./store.js";
import { say } from "./words.js";

const LIST = new URL("../models.json", import.meta.url);
const ATTEMPTS = 4;
const WAIT_MS = 700;
const UNASKED_BYTES = 8 * 2 ** 20; // a model up to this size is fetched before a photo needs it

/** The list of models did not come. */
export class ListFailed extends Error {}

export class Shelf {
  /**
   * @param {object} to
   * @param {string} to.tool  whose models these are
   * @param {(message: ToHost) => void} to.tell
   * @param {() => void} [to.changed]  called when what is stored changed
   * @param {(sentence: string) => void} [to.notice]  says what the person should know
   */
  constructor({ tool, tell, changed = () => {}, notice = () => {} }) {
    this.tool = tool;
    this.tell = tell;
    this.changed = changed;
    this.notice = notice;
    this.store = new ModelStore(new URL("./", LIST));
    this.own = new OwnModels(new URL("./", LIST));
    /** @type {ReturnType<typeof fetchList> | null} */
    this.list = null;
    /** @type {Map<string, {opened: ReturnType<ModelStore["open"]>, cancel: AbortController, loaded: number, total: number, awaited: boolean}>} */
    this.running = new Map();
  }

  /** The tool's models, the person's own last. Throws ListFailed. */
  async models() {
    return [...(await this.#served()), ...(await this.own.list())].filter((model) => model.tool === this.tool);
  }

  /** The models of all tools, without the person's own. Throws ListFailed. */
  async #served() {
    return (await this.#listed()).models;
  }

  /** What the first visit fetches before Python runs. Throws ListFailed. */
  async runtimeBytes() {
    return (await this.#listed()).runtime_bytes;
  }

  #listed() {
    this.list ??= fetchList().catch((error) => {
      this.list = null; // the next call tries again
      throw error;
    });
    return this.list;
  }

  /** @param {string} id */
  async holds(id) {
    const model = await this.#find(id);
    return model.own ? this.own.holds(model) : this.store.holds(model);
  }

  /** Whether to fetch or open a model before a photo needs it. @param {string} id */
  async isEager(id) {
    const model = await this.#find(id);
    if (model.own || (await this.store.holds(model))) return true;
    const saving = /** @type {any} */ (navigator).connection?.saveData === true;
    return model.bytes <= UNASKED_BYTES && !saving;
  }

  /** Starts to fetch a model, or to read it where it is stored; `fetch` then finds it on its way. @param {string} id */
  fetchAhead(id) {
    const known = this.running.get(id);
    if (known) return known;
    const cancel = new AbortController();
    const progress = (/** @type {number} */ loaded, /** @type {number} */ total) => {
      Object.assign(entry, { loaded, total });
      this.tell({ type: "model-progress", id, loaded, total });
    };
    const opened = this.#find(id).then((model) => {
      if (model.own) return this.own.open(model);
      if (model.kernels) this.tell({ type: "kernels", url: new URL(model.kernels, LIST).href });
      return this.store.open(model, progress, cancel.signal);
    });
    const entry = { opened, cancel, loaded: 0, total: 0, awaited: false };
    this.running.set(id, entry);
    opened.then(
      () => this.changed(),
      () => this.running.delete(id), // the next `fetch` tries again
    );
    return entry;
  }

  /** Brings a model to Python. @param {string} id */
  async fetch(id) {
    const entry = this.fetchAhead(id);
    const { opened, loaded, total } = entry;
    if (total) this.tell({ type: "model-progress", id, loaded, total });
    if (entry.awaited) return; // a worker started anew asks again: it is told once
    entry.awaited = true;
    try {
      const { file, checked, repaired, kept } = await opened;
      this.running.delete(id);
      this.tell({ type: "model", id, file, checked });
      if (repaired) this.notice(say("models.repaired"));
      else if (!kept && (await storageWorks())) this.notice(say("models.no-room"));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return; // nobody waits any more
      if (!(error instanceof DownloadFailed)) console.error(error);
      this.tell({ type: "model-failed", id, reason: error instanceof Error ? error.message.replace(/\.$/, "") : String(error) });
    }
  }

  /** Ends the download of a model. @param {string} id */
  drop(id) {
    this.running.get(id)?.cancel.abort();
    this.running.delete(id);
  }

  /** Ends all downloads for good. */
  end() {
    for (const id of [...this.running.keys()]) this.drop(id);
  }

  /** Asks the browser not to clear what is stored; the browser may ask the person, so only once it is worth it. */
  async persist() {
    try {
      if (!(await navigator.storage?.persisted?.())) await navigator.storage?.persist?.();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error; // no storage, nothing to keep
    }
  }

  /** @param {string} id */
  async #find(id) {
    const model = (await this.models()).find((model) => model.id === id);
    if (!model) throw new Error(`models.json lists no ${id}`);
    return model;
  }

  /** Deletes what is stored of all tools' models, but for the person's own. */
  async clear() {
    const outcome = await this.store.clear(await this.#served());
    this.changed();
    return outcome;
  }
}

/** @returns {Promise<{models: Model[], runtime_bytes: number}>} */
async function fetchList() {
  let reason = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, WAIT_MS * (attempt - 1)));
    try {
      const response = await fetch(LIST);
      if (response.ok) return await response.json();
      reason = say("fetch.answered", { status: response.status });
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      reason = error.message; // no connection, or something else than the list
    }
  }
  throw new ListFailed(reason);
}
