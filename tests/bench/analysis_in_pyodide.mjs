// Measures the analysis inside Pyodide under Node. usage: node analysis_in_pyodide.mjs PYODIDE_FOLDER WORK_FOLDER SECONDS
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, workFolder] = process.argv.slice(2, 4).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: `${pyodideFolder}/` });
await pyodide.loadPackage(["numpy", "pillow", "hearth-kernels"], { messageCallback: () => {} });
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
pyodide.globals.set("clock", clock);
pyodide.FS.mkdir("/work");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: workFolder }, "/work");
console.log(
  pyodide.runPython(`
import json, sys
from pathlib import Path
sys.path[:0] = ["/work/site", "/work"]
import _analysis_measure
models = [Path(f"/work/{number}.hearth").read_bytes() for number in range(3)]
json.dumps(_analysis_measure.measure(models, ${Number(process.argv[4])}, clock))
`),
);
