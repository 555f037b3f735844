/** Starts the worker with the pool that `?pool=` names; its answer is `window.result`. */

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => (window.result = data);
worker.onerror = (event) => (window.result = { error: event.message });
worker.postMessage(new URLSearchParams(location.search).get("pool"));
