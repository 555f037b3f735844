/** Hosts Pyodide with the runtime, as the app's worker does. */

import { loadPyodide } from "./pyodide/pyodide.mjs";

import { Pool } from "./pool.js";

let bench;
let memory;

async function fetched(url) {
  return new Uint8Array(await (await fetch(new URL(url, import.meta.url))).arrayBuffer());
}

const handlers = {
  async boot() {
    const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href, packages: ["numpy", "hearth-kernels"] });
    pyodide.unpackArchive(await fetched("./hearth.whl"), "wheel");
    pyodide.registerJsModule("hearth_pool", { open: (code, threads) => new Pool(code, threads, () => pyodide._module.HEAPU8) });
    pyodide.FS.writeFile("bench_inside.py", await fetched("./inside.py"));
    bench = pyodide.pyimport("bench_inside");
    memory = () => pyodide._module.HEAPU8.length;
    return {};
  },
  async open({ model, inputs, threads }) {
    const shapes = Object.fromEntries(inputs.map(({ name, shape }) => [name, shape]));
    const facts = bench.open(await fetched(model), threads, shapes);
    for (const { name, file, shape } of inputs) bench.feed(name, await fetched(file), shape);
    const first = bench.run();
    return { facts: { ...facts.toJs({ dict_converter: Object.fromEntries }), first } };
  },
  run() {
    return { ms: bench.run() };
  },
  perStep() {
    return { us: bench.per_step() };
  },
  outputs() {
    return { outputs: bench.outputs().toJs({ dict_converter: Object.fromEntries }) };
  },
  close() {
    bench.close();
    return { memory: memory() };
  },
};

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ number: data.number, ...(await handlers[data.type](data)) });
  } catch (error) {
    self.postMessage({ number: data.number, error: String(error?.stack ?? error) });
  }
};
