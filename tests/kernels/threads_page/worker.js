/** Runs inside.py in Pyodide, with the pool that the page asks for. */

import { loadPyodide } from "./pyodide/pyodide.mjs";

import { Pool } from "./pool.js";

/** Its workers come late, unrehearsed, and have no stack: each traps in the middle of the first unit that it takes. */
class Doomed extends Pool {
  start() {}

  begin() {
    this.room = 0;
    for (let member = 1; member < this.threads; member++) super.start(member, 16);
  }
}

/** Nearly all of its memory is taken, and it does not grow. */
class Full extends Pool {
  constructor(...all) {
    super(...all);
    this.alloc(this.memory.buffer.byteLength - 2 ** 19);
    this.memory.grow = () => {
      throw new RangeError("no more memory");
    };
  }
}

const POOLS = { sound: Pool, doomed: Doomed, full: Full };

self.onmessage = async ({ data: kind }) => {
  try {
    const fetched = async (url) => new Uint8Array(await (await fetch(new URL(url, import.meta.url))).arrayBuffer());
    const indexURL = new URL("./pyodide/", import.meta.url).href;
    const pyodide = await loadPyodide({ indexURL, packages: ["numpy", "hearth-kernels"] });
    pyodide.unpackArchive(await fetched("./hearth.whl"), "wheel");
    let pool;
    const open = (code, threads) => (pool = new POOLS[kind](code, Math.max(3, threads), () => pyodide._module.HEAPU8));
    pyodide.registerJsModule("hearth_pool", { open });
    pyodide.FS.writeFile("inside.py", await fetched("./inside.py"));
    pyodide.FS.writeFile("model.onnx", await fetched("./model.onnx"));
    const inside = pyodide.pyimport("inside");
    inside.prepare();
    pool.begin?.();
    const asleep = new Int32Array(pool.memory.buffer, pool.team + 12, 1); // of `struct team` in wheels/kernels/src/team.h
    while (Atomics.load(asleep, 0) < pool.threads - 1) await new Promise((resolve) => setTimeout(resolve, 10)); // they start
    self.postMessage(inside.compare(kind === "doomed").toJs({ dict_converter: Object.fromEntries }));
  } catch (error) {
    self.postMessage({ error: String(error?.stack ?? error) });
  }
};
