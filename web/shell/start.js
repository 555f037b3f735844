/**
 * Starts a worker; what it says is kept until somebody listens.
 *
 * @typedef {{worker: Worker, stop: Int32Array | null, heard: MessageEvent<any>[]}} Started
 */

import { recall, remember } from "./memory.js";
import { sameOrigin } from "./origin.js";

const NOTES = "notes"; // what workers keep from visit to visit

/** @returns {Record<string, string>} */
function notes() {
  try {
    return JSON.parse(recall(NOTES) ?? "{}");
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** @param {URL} address  of a tool's `worker.js` @returns {Started} */
export function startWorker(address) {
  const worker = new Worker(sameOrigin(address), { type: "module" });
  const shared = globalThis.crossOriginIsolated ? new SharedArrayBuffer(4) : null;
  /** @type {Started} */
  const started = { worker, stop: shared && new Int32Array(shared), heard: [] };
  worker.addEventListener("message", ({ data }) => {
    if (data.type === "note") remember(NOTES, JSON.stringify({ ...notes(), [data.key]: data.text }));
  });
  worker.onmessage = (event) => started.heard.push(event);
  /** @type {import("./messages.js").Boot} */
  const boot = { type: "boot", cold: !navigator.serviceWorker?.controller, stop: shared, notes: notes() };
  worker.postMessage(boot);
  return started;
}

/**
 * Starts a worker now; gives what hands it out, once, and new ones after that.
 * @param {URL} address  of a tool's `worker.js`
 */
export function startEarly(address) {
  /** @type {Started | null} */
  let first = startWorker(address);
  return () => {
    const taken = first ?? startWorker(address);
    first = null;
    return taken;
  };
}
