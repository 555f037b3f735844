/**
 * Keeps models on the device. A model is a list of parts; each part is checked by its hash before it is stored and again
 * before it is used, so a closed tab costs one part at most and a damaged one is fetched again.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {Model["parts"][number]} Part
 * @typedef {{file: Blob, checked: boolean, repaired: boolean, kept: boolean}} Opened
 */

import { release } from "./release.js";
import { say } from "./words.js";

const ATTEMPTS = 3;
const WAIT_MS = 600;

export class DownloadFailed extends Error {}

export class ModelStore {
  /** @param {URL} root of the site; stores of two sites on one origin stay apart */
  constructor(root) {
    this.root = root;
    this.wholeName = `hearth-models ${root.pathname}`;
    this.partialName = `hearth-models-partial ${root.pathname}`;
    /** What came of a part before its download broke, by address. @type {Map<string, Blob>} */
    this.begun = new Map();
  }

  /**
   * The model's file, from this device where it is stored, else over the network. What is stored stays on the disk: the
   * file is put together of its parts there, and whoever needs some of it reads that.
   *
   * @param {Model} model
   * @param {(loaded: number, total: number) => void} progress  in bytes over all parts that have to be fetched
   * @param {AbortSignal} signal
   * @returns {Promise<Opened>}
   */
  async open(model, progress, signal) {
    // One tab at a time fetches a model; the next one finds it stored.
    return this.#alone(model, { signal }, () => this.#assemble(model, progress, signal));
  }

  /** @param {Model} model */
  async holds(model) {
    const cache = await openCache(this.wholeName);
    if (!cache) return false;
    const found = await Promise.all(model.parts.map((part) => cache.match(this.#url(part))));
    return found.every(Boolean);
  }

  /** Bytes of all parts stored, those of unfinished downloads too. */
  async bytes() {
    let sum = 0;
    for (const name of [this.wholeName, this.partialName]) {
      const cache = await openCache(name);
      for (const request of cache ? await cache.keys() : []) {
        sum += Number((await cache?.match(request))?.headers.get("content-length") ?? 0);
      }
    }
    return sum;
  }

  /**
   * Deletes the models, but for those that are being fetched now, here or in another tab.
   * @param {Model[]} models
   * @returns {Promise<{freed: number, busy: boolean}>}  bytes freed; whether a model was left
   */
  async clear(models) {
    const before = await this.bytes();
    let busy = false;
    for (const model of models) {
      await this.#alone(model, { ifAvailable: true }, async (free) => {
        if (free) await this.#delete(model);
        else busy = true;
      });
    }
    await this.prune(models);
    return { freed: before - (await this.bytes()), busy };
  }

  /**
   * Deletes parts that no model lists any more.
   * @param {Model[]} models
   */
  async prune(models) {
    const known = new Set(models.flatMap((model) => model.parts.map((part) => this.#url(part))));
    for (const name of [this.wholeName, this.partialName]) {
      const cache = await openCache(name);
      for (const request of cache ? await cache.keys() : []) {
        if (!known.has(request.url)) await cache?.delete(request);
      }
    }
  }

  /** @param {Model} model */
  async #delete(model) {
    for (const name of [this.wholeName, this.partialName]) {
      const cache = await openCache(name);
      await Promise.all(model.parts.map((part) => cache?.delete(this.#url(part))));
    }
  }

  /**
   * Does something with a model while nobody else does. Where the browser gives no locks it is done without.
   * @template T
   * @param {Model} model @param {LockOptions} options @param {(free: boolean) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #alone(model, options, work) {
    let begun = false;
    const begin = (/** @type {Lock | null} */ lock) => {
      begun = true;
      return work(lock !== null);
    };
    try {
      if ("locks" in navigator) return await navigator.locks.request(`${this.wholeName} ${model.id}`, options, begin);
    } catch (error) {
      // Storage is blocked for this site, and its locks with it.
      if (begun || !(error instanceof DOMException) || error.name === "AbortError") throw error;
    }
    return work(true);
  }

  /** @param {Part} part */
  #url(part) {
    return new URL(part.url, this.root).href;
  }

  /**
   * @param {Model} model
   * @param {(loaded: number, total: number) => void} progress
   * @param {AbortSignal} signal
   * @returns {Promise<Opened>}
   */
  async #assemble(model, progress, signal) {
    const whole = await openCache(this.wholeName);
    const partial = await openCache(this.partialName);
    /** @type {Map<Part, Blob>} */
    const files = new Map();
    let repaired = false;
    for (const part of model.parts) {
      const found = (await readStored(whole, this.#url(part), part)) ?? (await readStored(partial, this.#url(part), part));
      if (found?.file) files.set(part, found.file);
      repaired ||= found?.file === null;
    }
    const missing = model.parts.filter((part) => !files.has(part));
    const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
    let before = 0;
    let kept = Boolean(partial);
    for (const part of missing) {
      const file = await fetchPart(this.#url(part), part, this.begun, signal, (loaded) => progress(before + loaded, total));
      files.set(part, file);
      before += part.bytes;
      const headers = { "content-length": String(part.bytes) };
      kept &&= await keep(partial, this.#url(part), new Response(file, { headers }));
    }
    if (kept && whole && partial) kept = await this.#promote(model, whole, partial);
    for (const part of missing) {
      const stored = kept && (await whole?.match(this.#url(part))); // from now on its bytes need to be on the disk alone
      if (stored) files.set(part, await stored.blob());
    }
    const file = new Blob(model.parts.map((part) => files.get(part) ?? ""));
    return { file, checked: Boolean(globalThis.crypto?.subtle), repaired, kept };
  }

  /**
   * Moves the parts of a model that is complete; false where the device has no room for that.
   * @param {Model} model
   * @param {Cache} whole
   * @param {Cache} partial
   */
  async #promote(model, whole, partial) {
    for (const part of model.parts) {
      const url = this.#url(part);
      const response = await partial.match(url);
      if (!response) continue;
      if (!(await keep(whole, url, response))) return false;
      await partial.delete(url);
    }
    return true;
  }
}

/**
 * Null where the page is not served over https (or from localhost), and where the person blocks storage.
 * @param {string} name
 */
async function openCache(name) {
  return (await storageWorks()) ? caches.open(name) : null;
}

/** Whether anything can be stored at all. */
export async function storageWorks() {
  if (!("caches" in globalThis)) return false;
  try {
    await caches.has("hearth");
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/**
 * @param {Cache | null} cache
 * @param {string} url
 * @param {Part} part
 * @returns {Promise<{file: Blob | null} | null>}  null where it is not stored; without a file where that was damaged
 */
async function readStored(cache, url, part) {
  const response = await cache?.match(url);
  if (!cache || !response) return null;
  const file = await response.blob();
  const data = file.size === part.bytes ? await file.arrayBuffer().catch(unreadable) : null;
  if (data) {
    const bytes = new Uint8Array(data);
    const whole = await isWhole(bytes, part);
    release(bytes.buffer);
    if (whole) return { file };
  }
  await cache.delete(url);
  return { file: null };
}

/** What stands for bytes that the disk does not give any more. @param {unknown} error */
function unreadable(error) {
  if (error instanceof DOMException) return null;
  throw error;
}

/**
 * Reads a stream to where its bytes belong.
 * @param {ReadableStream<Uint8Array>} body
 * @param {Uint8Array<ArrayBuffer>} room
 * @param {(loaded: number) => void} [progress]
 * @returns {Promise<number>}  how much it was; more than there is room for where it is too much
 */
async function fill(body, room, progress) {
  const reader = body.getReader();
  let loaded = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return loaded;
    if (loaded + value.length > room.length) {
      await reader.cancel();
      return loaded + value.length;
    }
    room.set(value, loaded);
    loaded += value.length;
    progress?.(loaded);
  }
}

/**
 * Stores a part; false where the device has no room for it.
 * @param {Cache | null} cache
 * @param {string} url
 * @param {Response} response
 */
async function keep(cache, url, response) {
  try {
    await cache?.put(url, response);
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "QuotaExceededError") return false;
    throw error;
  }
}

/**
 * Goes on where a download broke, where the server sends the rest of a file.
 * @param {string} url
 * @param {Part} part
 * @param {Map<string, Blob>} begun  by address, what came of parts that broke
 * @param {AbortSignal} signal
 * @param {(loaded: number) => void} progress
 * @returns {Promise<Blob>}
 */
async function fetchPart(url, part, begun, signal, progress) {
  const room = new Uint8Array(part.bytes);
  const had = await (begun.get(url) ?? new Blob()).arrayBuffer();
  room.set(new Uint8Array(had));
  let came = had.byteLength;
  let restOnly = true;
  let reason = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, WAIT_MS * (attempt - 1)));
    const start = restOnly ? came : 0;
    try {
      progress(start);
      await download(url, room, start, signal, (loaded) => progress((came = loaded)));
      if (await isWhole(room, part)) {
        begun.delete(url);
        const file = new Blob([room]);
        release(room.buffer);
        return file;
      }
      reason = say("fetch.damaged");
      came = 0;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof TypeError || error instanceof DownloadFailed)) throw error;
      reason = error instanceof DownloadFailed ? error.message : say("fetch.broke");
      const answered = error instanceof DownloadFailed || new URL(url).origin !== self.origin;
      if (answered && start && came === start) restOnly = false; // perhaps this server does not send the rest alone
    }
  }
  begun.set(url, new Blob([room.subarray(0, came)]));
  throw new DownloadFailed(reason);
}

/**
 * @param {string} url
 * @param {Uint8Array<ArrayBuffer>} room
 * @param {number} start  how much of it is there already
 * @param {AbortSignal} signal
 * @param {(loaded: number) => void} progress
 */
async function download(url, room, start, signal, progress) {
  const headers = start ? { range: `bytes=${start}-` } : undefined;
  // Stored in a cache of its own, so the browser's HTTP cache need not hold it a second time.
  const response = await fetch(url, { signal, cache: "no-store", headers });
  if (!response.ok || !response.body) throw new DownloadFailed(say("fetch.answered", { status: response.status }));
  const before = response.status === 206 ? start : 0;
  const loaded = before + (await fill(response.body, room.subarray(before), (some) => progress(before + some)));
  if (loaded !== room.length) throw new DownloadFailed(say(loaded > room.length ? "fetch.damaged" : "fetch.broke"));
}

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {Part} part
 */
async function isWhole(bytes, part) {
  if (bytes.length !== part.bytes) return false;
  if (!globalThis.crypto?.subtle) return true; // not a secure context: Python checks the whole model instead
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === part.sha256;
}
