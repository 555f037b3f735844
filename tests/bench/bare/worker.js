import { loadPyodide } from "./pyodide/pyodide.mjs";

const indexURL = new URL("./pyodide/", import.meta.url).href;
const pyodide = await loadPyodide({ indexURL, packages: ["numpy", "pillow"] });
pyodide.runPython("import numpy, PIL.Image");
postMessage("ready");
