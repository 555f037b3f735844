/**
 * Starts the worker, the first one before the rest of the page has come: to start Python is what takes time.
 *
 * @typedef {import("./messages.js").FromWorker} FromWorker
 * @typedef {{worker: Worker, stop: Int32Array | null, heard: MessageEvent<FromWorker>[]}} Started
 *     `heard` collects what the worker says until somebody listens
 */

/** @returns {Started} */
export function startWorker() {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const shared = globalThis.crossOriginIsolated ? new SharedArrayBuffer(4) : null;
  /** @type {Started} */
  const started = { worker, stop: shared && new Int32Array(shared), heard: [] };
  worker.onmessage = (event) => started.heard.push(event);
  /** @type {import("./messages.js").Boot} */
  const boot = { type: "boot", cold: !navigator.serviceWorker?.controller, stop: shared };
  worker.postMessage(boot);
  return started;
}

/** @type {Started | null} */
let first = startWorker();

/** The worker that was started with the page, once; null after that. */
export function takeFirst() {
  const taken = first;
  first = null;
  return taken;
}
