// Times quantised models: Hearth inside Pyodide and onnxruntime-web, turn by turn, on one thread.
// usage: node quantised_in_node.mjs PYODIDE_FOLDER ORT_FOLDER WORK_FOLDER; prints one JSON object a model
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, ortFolder, workFolder] = process.argv.slice(2, 5).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
const ort = await import(pathToFileURL(`${ortFolder}/ort.wasm.min.mjs`).href);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(`${ortFolder}/ort-wasm-simd-threaded.wasm`);
ort.env.logLevel = "error";
const pyodide = await loadPyodide({ indexURL: `${pyodideFolder}/` });
await pyodide.loadPackage(["numpy"], { messageCallback: () => {} });
pyodide.FS.mkdir("/work");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: workFolder }, "/work");
pyodide.runPython(`
import sys
sys.path[:0] = ["/work/site"]
import numpy as np
from hearth.runtime import InferenceSession

def load(name):
    global session, feeds
    session = InferenceSession("/work/" + name + ".onnx")
    feeds = {item.name: np.load("/work/" + name + ".npy") for item in session.get_inputs()}
    return [session.graph.inputs[item.name].dtype.name for item in session.get_inputs()]

def run():
    global results
    results = session.run(None, feeds)
`);
const run = pyodide.globals.get("run");
const arrays = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array };
for (const { name, shape, rounds } of JSON.parse(readFileSync(`${workFolder}/models.json`, "utf8"))) {
  const [type] = pyodide.globals.get("load")(name).toJs();
  const session = await ort.InferenceSession.create(readFileSync(`${workFolder}/${name}.onnx`));
  const raw = readFileSync(`${workFolder}/${name}.bin`);
  const numbers = new arrays[type](raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const feeds = { [session.inputNames[0]]: new ort.Tensor(type, numbers, shape) };
  const times = { hearth: [], peer: [] };
  let answer;
  for (let round = -2; round < rounds; round++) {
    let start = performance.now();
    run();
    const hearth = performance.now() - start;
    start = performance.now();
    answer = await session.run(feeds);
    if (round >= 0) times.hearth.push(hearth), times.peer.push(performance.now() - start);
  }
  pyodide.globals.set("answer", answer[session.outputNames[0]].data);
  const apart = pyodide.runPython(`
float(np.abs(results[0].astype(np.float64).reshape(-1) - np.asarray(answer.to_py(), np.float64)).max())`);
  console.log(JSON.stringify({ name, times, apart, where: pyodide.runPython("session.executor_name") }));
}
process.exit();
