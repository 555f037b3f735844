/**
 * Deletes everything that this page has on the device, says before what that is, and looks afterwards whether it is gone.
 */

import { button, open } from "./dialog.js";
import { byId, make } from "./dom.js";
import { say } from "./words.js";

const MODELS = /^hearth-(own-)?models/; // names of caches

/** @typedef {{words: string, bytes: number}} Part */

export class Eraser {
  /**
   * @param {object} to
   * @param {URL} to.root  of the site
   * @param {() => Promise<Part[]>} to.measure  what the tool has stored
   * @param {() => Promise<void>} to.end  ends all work, deletes what the tool has stored; the page is of no use after it
   */
  constructor({ root, measure, end }) {
    this.root = root;
    this.measure = measure;
    this.end = end;
    byId("clear-everything").addEventListener("click", () => this.#ask());
  }

  async #ask() {
    const list = make("ul", "facts", ...(await this.#parts()).map(row));
    const cancel = button(say("dialog.cancel"), "", () => dialog.close());
    const erase = button(say("erase.do"), "primary danger", async () => {
      erase.disabled = cancel.disabled = true;
      dialog.addEventListener("cancel", (event) => event.preventDefault()); // the page ends: there is no way back
      const left = await this.erase();
      const done = make("p", "", left.length ? say("erase.left", { what: left.join(", ") }) : say("erase.done"));
      done.id = "erased";
      done.setAttribute("role", "status");
      list.replaceWith(done);
      erase.replaceWith(button(say("erase.again"), "primary", () => location.reload()));
      cancel.remove();
    });
    erase.id = "erase";
    const dialog = open(say("erase.title"), [make("p", "", say("erase.words")), list], [cancel, erase]);
  }

  /** What is to be deleted, with sizes. @returns {Promise<Part[]>} */
  async #parts() {
    const names = await this.#caches();
    const models = names.filter((name) => MODELS.test(name));
    const settings = ownKeys(localStorageOrNull()).length + ownKeys(sessionStorageOrNull()).length;
    return [
      ...(await this.measure()),
      { words: say("erase.models"), bytes: await sizeOf(models) },
      { words: say("erase.app"), bytes: await sizeOf(names.filter((name) => !models.includes(name))) },
      { words: say("erase.settings", { count: settings }), bytes: 0 },
    ];
  }

  /** Deletes everything; gives what could not be deleted, by name. @returns {Promise<string[]>} */
  async erase() {
    await this.end();
    const registration = await navigator.serviceWorker?.getRegistration(this.root);
    if (registration?.installing) await new Promise((resolve) => registration.installing?.addEventListener("statechange", resolve));
    await registration?.unregister();
    for (const name of await this.#caches()) await caches.delete(name);
    for (const storage of [localStorageOrNull(), sessionStorageOrNull()]) {
      for (const key of ownKeys(storage)) storage?.removeItem(key);
    }
    return this.#left();
  }

  async #left() {
    const databases = (await indexedDB.databases?.()) ?? [];
    return [
      ...(await this.#caches()),
      ...databases.map(({ name }) => String(name)).filter((name) => name.startsWith("hearth-") && name.endsWith(` ${this.root.pathname}`)),
      ...ownKeys(localStorageOrNull()),
      ...ownKeys(sessionStorageOrNull()),
    ];
  }

  /** Names of the caches of this site; others of the same origin have their own. */
  async #caches() {
    const names = "caches" in globalThis ? await caches.keys().catch(() => []) : [];
    return names.filter((name) => name.startsWith("hearth-") && name.split(" ")[1] === this.root.pathname);
  }
}

/** @param {Part} part */
function row({ words, bytes }) {
  return make("li", "", words, ...(bytes ? [make("span", "size", say("erase.size", { size: bytes }))] : []));
}

/** Bytes of what lies in caches. @param {string[]} names */
async function sizeOf(names) {
  let sum = 0;
  for (const name of names) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) sum += (await (await cache.match(request))?.blob())?.size ?? 0;
  }
  return sum;
}

/** @param {Storage | null} storage */
const ownKeys = (storage) => Object.keys(storage ?? {}).filter((key) => key.startsWith("hearth-"));

function localStorageOrNull() {
  try {
    return localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

function sessionStorageOrNull() {
  try {
    return sessionStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
