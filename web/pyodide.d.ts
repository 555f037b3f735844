// Pyodide lies beside the app only in the built site. What the worker calls of it is typed loosely.
declare module "*/pyodide/pyodide.mjs" {
  export function loadPyodide(options: { indexURL: string } & Record<string, unknown>): Promise<any>;
}
