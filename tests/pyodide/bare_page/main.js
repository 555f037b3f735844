/** `ask(kind)` starts a worker with Pyodide and nothing of Hearth's; gives its answer. */

window.ask = (kind) =>
  new Promise((resolve) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => resolve({ error: event.message });
    worker.postMessage(kind);
  });
