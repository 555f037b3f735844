/**
 * What travels between any tool's page and the worker that hosts its Python; `web/<tool>/messages.js` has the tool's own.
 *
 * @typedef {object} Model  One entry of `models.json`.
 * @property {string} id
 * @property {string} tool  that it serves
 * @property {number} bytes
 * @property {string} sha256
 * @property {{url: string, bytes: number, sha256: string}[]} parts
 * @property {string} [kernels]  address of those to compile while the parts come
 * @property {string} [name]  of the file, for a model that the person brought
 * @property {any} [own]  how such a model is used; its tool knows what that holds
 *
 * From the page to the worker:
 * @typedef {{type: "boot", cold: boolean, stop: SharedArrayBuffer | null, notes: Record<string, string>}} Boot
 *     the first message; `cold` where the runtime comes over the network, so that its bytes are counted; `stop` holds the
 *     id of the job to stop, for Python to see even while it cannot take a message; `notes` are those of earlier visits
 * @typedef {{type: "start", models: Model[], eager: boolean, stopping: number}} Start
 *     the second one, with which Python opens the tool's page; each tool adds what it has to know
 * @typedef {{type: "stop" | "retry", id: number}} OnJob
 * @typedef {{type: "kernels", url: string}} Kernels  what a model that is on its way will want compiled
 * @typedef {{type: "model-progress", id: string, loaded: number, total: number}} ModelProgress
 * @typedef {{type: "model", id: string, file: Blob, checked: boolean}} ModelData
 *     `checked` unless the browser gives this page no way to compute a hash
 * @typedef {{type: "model-failed", id: string, reason: string}} ModelFailed
 * @typedef {Start | OnJob | Kernels | ModelProgress | ModelData | ModelFailed} ToHost
 *
 * From the worker to the page:
 * @typedef {{type: "booting", loaded: number}} Booting  bytes that came of the Python runtime
 * @typedef {{type: "ready"}} Ready  Python runs
 * @typedef {{type: "view", view: any}} Show  the whole state of what is to be seen, as the tool has it
 * @typedef {{type: "need-model" | "drop-model", id: string}} NeedModel
 * @typedef {{type: "note", key: string, text: string}} Note  to be kept until the next visit
 * @typedef {{type: "broken", reason: string}} Broken  Python itself failed; the worker is of no more use
 * @typedef {Booting | Ready | Show | NeedModel | Note | Broken} FromHost
 */

export {};
