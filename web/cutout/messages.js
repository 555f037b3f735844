/**
 * Everything that travels between the cutout's page and its Python worker, in one place.
 *
 * The page (`main.js`) tells what the person did; Python (`hearth.page.cutout`) decides and answers with a `View`, the whole
 * state of what is to be seen. The dataclasses behind `View` are in `app/hearth/page/cutout/view.py`.
 *
 * @typedef {import("../shell/messages.js").Model} Model
 * @typedef {import("../shell/words.js").Said} Said
 *
 * @typedef {object} Stage
 * @property {Said} title
 * @property {number} fraction  0 to 1
 *
 * @typedef {"waiting" | "working" | "done" | "failed" | "stopped"} PhotoState
 *
 * @typedef {object} PhotoView
 * @property {number} id
 * @property {string} name  of the file as the person knows it
 * @property {PhotoState} state
 * @property {Said} text  one sentence on where it stands, or what went wrong and what to do
 * @property {Stage[]} stages  of the job that runs, in order
 * @property {string} model  id of the model that made the cutout; empty until there is one
 * @property {boolean} can_redo  true where another model is chosen than the one that made the cutout
 * @property {Said} note  what a person should know about how the file was read; mostly empty
 * @property {string} file_name  of the cutout; empty until it is done
 * @property {Said} file_note  what a person should know about that file; mostly empty
 * @property {number} file_width  of its picture in pixels
 * @property {number} file_height
 * @property {boolean} fresh  whether it is what the settings make now
 * @property {boolean} writing  whether the person waits for it
 * @property {any} look  all settings: `asdict` of `hearth.tools.cutout.look.Look`
 * @property {number} width  of the photo in pixels; 0 until it is read
 * @property {number} height
 *
 * @typedef {object} View
 * @property {boolean} paused  whether photos that wait stay where they are
 * @property {PhotoView[]} photos  in the order in which they came
 * @property {string} model  id of the model chosen
 * @property {Said} engine  the quiet line that says what runs
 * @property {Said} announcement  what a screen reader is to say; changes seldom
 *
 * From the page to the worker, beside what every tool says:
 * @typedef {{type: "start", models: Model[], model: string, eager: boolean, photos: PhotoView[], stopping: number}} Start
 *     `eager` where the chosen model should be made ready before a photo asks for it; `photos` and `stopping` are what was
 *     known before the worker was started anew
 * @typedef {{id: number, file: File, view?: PhotoView, history?: ArrayBuffer}} Added
 *     `view` and `history` as they were when the page was open before
 * @typedef {{type: "add", photos: Added[]}} Add
 * @typedef {{type: "add-picture", id: string, file: Blob}} AddPicture  for backgrounds
 * @typedef {{type: "pause", on: boolean}} Pause
 * @typedef {{type: "stop" | "retry" | "remove", id: number}} OnPhoto
 * @typedef {{type: "choose", model: string}} Choose
 * @typedef {Start | Add | AddPicture | Pause | OnPhoto | Choose} ToWorker
 *
 * From the worker to the page, beside what every tool says:
 * @typedef {{type: "view", view: View}} Show
 * @typedef {{type: "picture", id: number, kind: "before" | "after", width: number, height: number, rgba: ArrayBuffer}} Picture
 *     a preview, straight alpha
 * @typedef {{type: "cutout", id: number, name: string, kind: string, data: ArrayBuffer}} Cutout  a file; `kind` is its media type
 * @typedef {{type: "history", id: number, data: ArrayBuffer}} History  to be stored for when the page is opened again
 * @typedef {import("../shell/messages.js").FromHost | Show | Picture | Cutout | History} FromWorker
 */

export {};
