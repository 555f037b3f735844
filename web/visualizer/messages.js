/**
 * Everything that travels between the visualizer's page and its Python worker, in one place.
 *
 * The page (`main.js`) tells what the person did; Python (`hearth.page.visualizer`) decides and answers with a `View`. The
 * dataclasses behind `View` are in `app/hearth/page/visualizer/view.py`.
 *
 * @typedef {import("../shell/messages.js").Model} Model
 *
 * @typedef {import("../shell/words.js").Said} Said
 *
 * @typedef {object} TrackView
 * @property {number} id
 * @property {string} name  of the file as the person knows it
 * @property {"opening" | "hearing" | "done" | "failed" | "stopped"} state
 * @property {Said} text  one sentence on where it stands, or what went wrong and what to do
 * @property {{title: Said, fraction: number}[]} stages  of the analysis, in order
 * @property {Said[]} notes  what a person should know about the track; mostly none
 * @property {number} duration  seconds
 * @property {number} tempo  beats a minute; 0 where none is known
 *
 * @typedef {object} View
 * @property {TrackView | null} track
 * @property {Said} engine  the quiet line that says what runs
 * @property {Said} announcement  what a screen reader is to say; changes seldom
 *
 * From the page to the worker, beside what every tool says:
 * @typedef {{type: "start", models: Model[], eager: boolean, stopping: number, guard: boolean}} Start
 * @typedef {{type: "open", id: number, file: File}} Open
 * @typedef {{type: "guard", on: boolean}} Guard  whether flashes are held back
 * @typedef {{type: "decoded", id: number, whole: import("./decode.js").Whole | null}} Decoded
 * @typedef {Start | Open | Guard | Decoded | import("../shell/messages.js").OnJob} ToWorker
 *
 * From the worker to the page, beside what every tool says:
 * @typedef {{type: "view", view: View}} Show
 * @typedef {{type: "tags", id: number, title: string, artist: string, cover: Blob | null}} Tags  what the file says of itself
 * @typedef {{type: "decode", id: number}} Decode  the file is to be decoded whole, by Web Audio
 *
 * @typedef {object} Heard  What moves the pictures: see `hearth.tools.visualizer.moves`.
 * @property {"heard"} type
 * @property {number} id  of the track
 * @property {number} from  the frame that `bands` and `tones` begin with; all else is about the whole track
 * @property {number} frames
 * @property {number} sampleFrom
 * @property {number} sampleCount
 * @property {number} duration
 * @property {boolean} complete
 * @property {number} covered  seconds of which all is known
 * @property {[number, number]} range
 * @property {number} loudest
 * @property {[number, number, number][]} sections
 * @property {number} loudness  LUFS, of the whole track
 * @property {ArrayBuffer} bands
 * @property {ArrayBuffer} tones
 * @property {ArrayBuffer} curves
 * @property {ArrayBuffer} samples
 * @property {ArrayBuffer} notes
 * @property {ArrayBuffer} onsets
 * @property {ArrayBuffer} beats
 *
 * @typedef {import("../shell/messages.js").FromHost | Show | Tags | Decode | Heard} FromWorker
 */

export {};
