/** @typedef {import("./nowhere.js").Nothing} Nothing */
import { show } from "./shared/show.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => show(data);
worker.onerror = (event) => show(`failed: ${event.message}`);
