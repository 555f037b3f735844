/** Runs inside.py in stock Pyodide: as this browser is, or as one where Python can't wait for promises. */

self.onmessage = async ({ data: kind }) => {
  try {
    if (kind === "without JSPI") delete WebAssembly.Suspending;
    const { loadPyodide } = await import("./pyodide/pyodide.mjs");
    const fetched = async (name) => (await fetch(new URL(name, import.meta.url))).text();
    const pyodide = await loadPyodide({ indexURL: new URL("./pyodide/", import.meta.url).href, packages: ["micropip"] });
    pyodide.FS.writeFile("inside.py", await fetched("./inside.py"));
    pyodide.globals.set("site", new URL("./", import.meta.url).href);
    const answer = await pyodide.runPythonAsync("import inside; await inside.main(site)");
    self.postMessage(JSON.parse(answer));
  } catch (error) {
    self.postMessage({ error: String(error?.stack ?? error) });
  }
};
