// Measures the runtime inside Pyodide under Node. usage: node runtime_in_pyodide.mjs PYODIDE_FOLDER WORK_FOLDER
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, workFolder] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: `${pyodideFolder}/` });
await pyodide.loadPackage(["numpy"], { messageCallback: () => {} });
pyodide.FS.mkdir("/work");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: workFolder }, "/work");
console.log(
  pyodide.runPython(`
import json, sys
sys.path[:0] = ["/work/site", "/work"]
from pathlib import Path
import onnxruntime, runtime_measure
json.dumps(runtime_measure.measure(
    onnxruntime, Path("/work/tiny.onnx").read_bytes(), Path("/work/u2netp.onnx").read_bytes()
))
`),
);
