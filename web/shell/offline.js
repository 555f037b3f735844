/**
 * The service worker as the page sees it: registers it, says when everything is here, offers a new version.
 */

import { announce, byId, notice, setText } from "./dom.js";
import { recallHere, rememberHere } from "./memory.js";
import { say } from "./words.js";

const RELOADED = "hearth-reloaded-for-isolation";

export class Offline {
  /**
   * @param {object} ask
   * @param {() => boolean} ask.busy  whether there is something that a reload would lose
   * @param {() => Promise<boolean>} ask.stored  whether the chosen model is on this device
   */
  constructor({ busy, stored }) {
    this.busy = busy;
    this.stored = stored;
    this.served = false; // the page and its runtime come from this device
    this.news = false;
    this.turn = 0;
  }

  async start() {
    if (!("serviceWorker" in navigator)) return;
    const registration = await register();
    if (!registration) return;
    this.news = !navigator.serviceWorker.controller;
    offerUpdates(registration);
    await navigator.serviceWorker.ready;
    if (this.news) isolate(this.busy);
    this.served = true;
    await this.update();
  }

  /** To be called when another model is chosen, and when what is stored changed. */
  async update() {
    const turn = ++this.turn;
    const here = this.served && (await this.stored());
    if (turn !== this.turn) return; // asked again meanwhile
    setText(byId("offline"), here ? say("offline.ready") : "");
    byId("offline").hidden = !here;
    if (here && this.news) announce(say("offline.ready"));
    if (here) this.news = false;
  }
}

async function register() {
  try {
    return await navigator.serviceWorker.register(new URL("../sw.js", import.meta.url));
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return null; // forbidden here, or the network broke
    throw error;
  }
}

/** @param {ServiceWorkerRegistration} registration */
function offerUpdates(registration) {
  const offer = () => {
    const waiting = registration.waiting;
    if (!waiting || !navigator.serviceWorker.controller) return;
    const run = () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting.postMessage("activate");
    };
    notice(say("offline.new-version"), { label: say("page.reload"), run });
  };
  offer();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offer);
  });
}

/**
 * On hosts that send no headers for cross-origin isolation the service worker adds them, from the next load on. That is
 * worth one reload while nothing is lost by it; a page that stays without works too, only slower.
 * @param {() => boolean} busy
 */
async function isolate(busy) {
  if (globalThis.crossOriginIsolated || recallHere(RELOADED)) return;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  }
  if (busy() || navigator.userActivation?.hasBeenActive) return;
  if (rememberHere(RELOADED)) location.reload();
}
