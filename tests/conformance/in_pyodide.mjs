// Runs the conformance suite in Pyodide under Node and prints the results as JSON.
// usage: node in_pyodide.mjs PYODIDE_FOLDER REPOSITORY SUITE_ZIP EXECUTOR   (the zip inside the repository)
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, repository, suite] = process.argv.slice(2, 5).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: `${folder}/`, stdout: () => {} });
await pyodide.loadPackage(["numpy", "pillow", "hearth-kernels"]);
pyodide.FS.mkdir("/repository");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: repository }, "/repository");
pyodide.globals.set("suite", `/repository/${relative(repository, suite)}`);
pyodide.globals.set("executor", process.argv[5]);
console.log(
  pyodide.runPython(`
import sys
sys.path[:0] = ["/repository/app", "/repository"]
sys.dont_write_bytecode = True
import json
from dataclasses import asdict
from pathlib import Path
from tests.conformance.suite import read_suite, run_case
json.dumps([asdict(run_case(case, executor)) for case in read_suite(Path(suite)).values()])
`),
);
