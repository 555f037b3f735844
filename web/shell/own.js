/**
 * Models that the person brought: kept on this device, checked by their hash before they are used, deleted one by one.
 * Where nothing can be stored they are there until the page is closed.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {import("./store.js").Opened} Opened
 */

import { DownloadFailed, storageWorks } from "./store.js";
import { say } from "./words.js";

const LIST = "own/models.json";

export class OwnModels {
  /** @param {URL} root of the site */
  constructor(root) {
    this.root = root;
    this.name = `hearth-own-models ${root.pathname}`;
    /** @type {Map<string, File>} what could not be stored, by the hash of its bytes */
    this.loose = new Map();
    /** @type {Promise<Model[]> | null} */
    this.known = null;
    this.written = Promise.resolve(); // what is stored is the last list, however fast they follow each other
  }

  /** @returns {Promise<Model[]>} */
  list() {
    this.known ??= this.#read();
    return this.known;
  }

  /**
   * Keeps a model, or what it is set to where the file is the same as one kept before.
   * @param {File} file @param {string} tool  that uses it @param {object} settings  as that tool has them
   * @returns {Promise<{model: Model, kept: boolean}>}
   */
  async add(file, tool, settings) {
    const sha256 = await hashOf(await file.arrayBuffer());
    const before = (await this.list()).find((model) => model.sha256 === sha256);
    const part = { url: `own/${sha256}.onnx`, bytes: file.size, sha256 };
    /** @type {Model} */
    const model = { id: before?.id ?? `own-${sha256.slice(0, 12)}-0`, tool, name: file.name, bytes: file.size, sha256, parts: [part], own: settings };
    const cache = await this.#cache();
    let kept = cache !== null;
    try {
      await cache?.put(this.#url(part.url), new Response(file, { headers: { "content-length": String(file.size) } }));
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      kept = false;
    }
    if (!kept) this.loose.set(sha256, file);
    await this.#write([...(await this.list()).filter((other) => other.sha256 !== sha256), model]);
    return { model, kept };
  }

  /**
   * Sets a model in another way. It gets a new id: a cutout made as it was before is one of another model.
   * @param {Model} model @param {object} settings
   */
  async change(model, settings) {
    const [, digest, revision] = model.id.split("-");
    const changed = { ...model, id: `own-${digest}-${Number(revision) + 1}`, own: settings };
    await this.#write((await this.list()).map((other) => (other.id === model.id ? changed : other)));
    return changed;
  }

  /** @param {Model} model */
  async remove(model) {
    const cache = await this.#cache();
    await cache?.delete(this.#url(model.parts[0].url));
    this.loose.delete(model.sha256);
    await this.#write((await this.list()).filter((other) => other.id !== model.id));
  }

  /** @param {Model} model */
  async holds(model) {
    const cache = await this.#cache();
    return this.loose.has(model.sha256) || Boolean(await cache?.match(this.#url(model.parts[0].url)));
  }

  /**
   * The model's file. Throws DownloadFailed where they are gone or damaged: they can be had nowhere else.
   * @param {Model} model @returns {Promise<Opened>}
   */
  async open(model) {
    const cache = await this.#cache();
    const found = this.loose.get(model.sha256) ?? (await cache?.match(this.#url(model.parts[0].url)));
    const file = found instanceof Response ? await found.blob() : found;
    if (!file || (await hashOf(await file.arrayBuffer())) !== model.sha256) throw new DownloadFailed(say("own.gone"));
    return { file, checked: true, repaired: false, kept: true };
  }

  /** @returns {Promise<Model[]>} */
  async #read() {
    const response = await (await this.#cache())?.match(this.#url(LIST));
    return response ? response.json() : [];
  }

  /** @param {Model[]} models */
  #write(models) {
    this.known = Promise.resolve(models);
    const stored = models.filter((model) => !this.loose.has(model.sha256));
    const write = async () => {
      try {
        await (await this.#cache())?.put(this.#url(LIST), Response.json(stored));
      } catch (error) {
        if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
      }
    };
    const written = this.written.then(write);
    this.written = written.catch(() => {}); // one that fails does not hold up the next
    return written;
  }

  async #cache() {
    return (await storageWorks()) ? caches.open(this.name) : null;
  }

  /** @param {string} path */
  #url(path) {
    return new URL(path, this.root).href;
  }
}

/** SHA-256 in hexadecimal digits; where the browser gives none, a number that no other file of this visit gets. @param {ArrayBuffer} data */
async function hashOf(data) {
  if (!globalThis.crypto?.subtle) return `unchecked${data.byteLength}`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
