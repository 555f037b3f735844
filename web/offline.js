/**
 * The service worker as the page sees it: registers it, says when everything is here, offers a new version.
 */

import { announce, byId, notice } from "./dom.js";
import * as words from "./words.js";

const RELOADED = "hearth-reloaded-for-isolation";

/**
 * @param {object} ask
 * @param {() => boolean} ask.busy  whether there is something that a reload would lose
 * @param {() => Promise<boolean>} ask.stored  whether the chosen model is on this device
 */
export async function goOffline({ busy, stored }) {
  if (!("serviceWorker" in navigator)) return;
  const registration = await register();
  if (!registration) return;
  const hadOne = Boolean(navigator.serviceWorker.controller);
  offerUpdates(registration);
  await navigator.serviceWorker.ready;
  if (!hadOne) isolate(busy);
  const say = async () => {
    if (!byId("offline").hidden || !(await stored())) return;
    byId("offline").textContent = words.OFFLINE_READY;
    byId("offline").hidden = false;
    if (!hadOne) announce(words.OFFLINE_READY);
    clearInterval(timer);
  };
  const timer = setInterval(say, 2000);
  await say();
}

async function register() {
  try {
    return await navigator.serviceWorker.register(new URL("./sw.js", import.meta.url));
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
    notice(words.NEW_VERSION, { label: "Reload", run });
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
  if (globalThis.crossOriginIsolated || sessionStorage.getItem(RELOADED)) return;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  }
  if (busy() || navigator.userActivation?.hasBeenActive) return;
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
}
