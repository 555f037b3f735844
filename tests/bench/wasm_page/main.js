/**
 * Runs each case in turn on onnxruntime-web, here, and on Hearth, in its worker; rounds are interleaved. `?threads=N`
 * is how many threads both may use. The result is `window.result`.
 */

import * as ort from "./ort/ort.wasm.min.mjs";

const threads = Number(new URLSearchParams(location.search).get("threads"));
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
let asked = 0;

/** What the worker answers to one request. */
function ask(request) {
  const number = ++asked;
  return new Promise((resolve, reject) => {
    const hear = ({ data }) => {
      if (data.number !== number) return;
      worker.removeEventListener("message", hear);
      if (data.error) reject(new Error(data.error));
      else resolve(data);
    };
    worker.addEventListener("message", hear);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ ...request, number });
  });
}

async function fetched(url) {
  return new Uint8Array(await (await fetch(new URL(url, import.meta.url))).arrayBuffer());
}

function largestDifference(one, other) {
  let most = 0;
  for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i] - other[i]));
  return most;
}

async function measured({ name, model, inputs, rounds }) {
  const feeds = {};
  for (const { name: input, file, shape } of inputs) {
    feeds[input] = new ort.Tensor("float32", new Float32Array((await fetched(file)).buffer), shape);
  }
  const opened = await ask({ type: "open", model, inputs, threads });
  const session = await ort.InferenceSession.create(await fetched(model), { executionProviders: ["wasm"] });
  const first = performance.now();
  let theirs = await session.run(feeds);
  const peerFirst = performance.now() - first;
  await session.run(feeds);
  await ask({ type: "run" });
  const times = { hearth: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    times.hearth.push((await ask({ type: "run" })).ms);
    const start = performance.now();
    theirs = await session.run(feeds);
    times.peer.push(performance.now() - start);
  }
  const { outputs } = await ask({ type: "outputs" });
  const difference = Math.max(...session.outputNames.map((output) => largestDifference(outputs[output], theirs[output].data)));
  const perStep = (await ask({ type: "perStep" })).us;
  const memory = (await ask({ type: "close" })).memory;
  await session.release();
  return { name, ...opened.facts, peerFirst, perStep, difference, memory, times };
}

async function main() {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
  const cases = await (await fetch(new URL("./cases.json", import.meta.url))).json();
  const results = [];
  await ask({ type: "boot" });
  for (const one of cases) {
    results.push(await measured(one).catch((error) => ({ name: one.name, error: String(error?.stack ?? error) })));
    window.progress = results.length;
  }
  return { agent: navigator.userAgent, isolated: crossOriginIsolated, results };
}

main().then(
  (result) => (window.result = result),
  (error) => (window.result = { error: String(error?.stack ?? error) }),
);
