/** Starts the first worker before the rest of the page has come: to start Python is what takes time. */

import { startEarly } from "../shell/start.js";

export const takeWorker = startEarly(new URL("./worker.js", import.meta.url));
