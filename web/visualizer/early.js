/** Starts the first worker before the rest of the page has come: to start Python is what takes time. */

import { startWorker } from "../shell/start.js";

const WORKER = new URL("./worker.js", import.meta.url);

/** @type {import("../shell/start.js").Started | null} */
let first = startWorker(WORKER);

/** The worker that was started with the page, once; after that a new one. */
export function takeWorker() {
  const taken = first ?? startWorker(WORKER);
  first = null;
  return taken;
}
