/**
 * Starts a worker; what it says is kept until somebody listens.
 *
 * @typedef {{worker: Worker, stop: Int32Array | null, heard: MessageEvent<any>[]}} Started
 */

import { sameOrigin } from "./origin.js";

/** @param {URL} address  of a tool's `worker.js` @returns {Started} */
export function startWorker(address) {
  const worker = new Worker(sameOrigin(address), { type: "module" });
  const shared = globalThis.crossOriginIsolated ? new SharedArrayBuffer(4) : null;
  /** @type {Started} */
  const started = { worker, stop: shared && new Int32Array(shared), heard: [] };
  worker.onmessage = (event) => started.heard.push(event);
  /** @type {import("./messages.js").Boot} */
  const boot = { type: "boot", cold: !navigator.serviceWorker?.controller, stop: shared };
  worker.postMessage(boot);
  return started;
}
