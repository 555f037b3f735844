// Runs a Python script in Pyodide under Node: the compiler must be the CPython that the page runs.
// usage: node run_in_pyodide.mjs PYODIDE_FOLDER SCRIPT WORK_FOLDER
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, script, workFolder] = process.argv.slice(2).map((path) => resolve(path));

try {
  const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`).href);
  // Fixed hash seed: the same source gives the same bytes. No column ranges: a third smaller, lines stay in tracebacks.
  const pyodide = await loadPyodide({
    indexURL: `${pyodideFolder}/`,
    env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" },
  });
  pyodide.FS.mkdir("/work");
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: workFolder }, "/work");
  pyodide.runPython(readFileSync(script, "utf8"));
} catch (error) {
  // Uncaught, Node would print the whole minified line that threw.
  console.error(error.message);
  process.exitCode = 1;
}
