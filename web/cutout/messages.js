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
 * @property {boolean} twice  whether the network looked twice for it
 * @property {boolean} can_redo  true where another model or way of looking is chosen than what made the cutout
 * @property {Said} note  what a person should know about how the file was read; mostly empty
 * @property {string} file_name  of the cutout; empty until it is done
 * @property {Said} file_note  what a person should know about that file; mostly empty
 * @property {number} file_width  of its picture in pixels
 * @property {number} file_height
 * @property {number} width  of the photo in pixels; 0 until it is read
 * @property {number} height
 * @property {Look | null} look  the person's settings; null until Python has seen the photo
 * @property {number} serial  of the last edit that came from the page
 * @property {Said} undo  what would be undone; empty where there is nothing
 * @property {Said} redo
 * @property {boolean} touched  whether anything differs from the cutout as it was made
 * @property {boolean} fresh  whether the file is what settings and strokes make now
 * @property {boolean} writing  whether the person waits for the file
 *
 * @typedef {object} Look  `hearth.tools.cutout.look.Look`
 * @property {{source: "refined" | "raw", shift: number, feather: number, threshold: number, contrast: number}} mask
 * @property {any} scene
 * @property {any} output
 *
 * @typedef {object} View
 * @property {boolean} paused  whether photos that wait stay where they are
 * @property {PhotoView[]} photos  in the order in which they came
 * @property {string} model  id of the model chosen
 * @property {boolean} twice  whether the network is to look twice
 * @property {Said} engine  the quiet line that says what runs
 * @property {Said} announcement  what a screen reader is to say; changes seldom
 *
 * @typedef {{name: string, type: string, shape: (number | string)[]}} Port
 *
 * @typedef {object} ModelReport  `Report` of `hearth.page.cutout.own`
 * @property {number} id
 * @property {string} name
 * @property {number} bytes
 * @property {boolean} fits  whether it cuts out
 * @property {Said} verdict
 * @property {{producer: string, inputs: Port[], outputs: Port[], nodes: number, ops: Record<string, number>,
 *     opsets: Record<string, number>, parameters: number, constant_bytes: number} | null} summary
 * @property {any} settings  `Settings` of `hearth.tools.cutout.own`
 * @property {Record<string, number>} places  executor -> steps that it runs
 * @property {string} explained
 *
 * From the page to the worker, beside what every tool says:
 * @typedef {{type: "start", models: Model[], model: string, twice: boolean, eager: boolean, photos: PhotoView[], stopping: number}} Start
 *     `eager` where the chosen model should be made ready before a photo asks for it; `photos` and `stopping` are what was
 *     known before the worker was started anew
 * @typedef {{id: number, file: File, view?: PhotoView, look?: object, history?: ArrayBuffer}} Added
 *     `view` and `history` as they were when the page was open before; `look` are settings to begin with
 * @typedef {{type: "add", photos: Added[]}} Add
 * @typedef {{type: "add-picture", id: string, file: Blob}} AddPicture  for backgrounds
 * @typedef {{type: "pause", on: boolean}} Pause
 * @typedef {{type: "stop" | "retry" | "remove", id: number}} OnPhoto
 * @typedef {{type: "choose", model: string}} Choose
 * @typedef {{type: "twice", on: boolean}} LookTwice  a small subject is to be seen a second time, larger
 * @typedef {{type: "inspect", id: number, file: File}} Inspect  a model of the person's own; `id` is below zero
 * @typedef {{type: "check", id: number, file: File}} Check  the same model, by the rules of ONNX
 * @typedef {{type: "models", models: Model[]}} OwnModels  the person's own models, as they are now
 * @typedef {{type: "open", id: number, side: number, pixels: number}} Open
 *     the photo is on the canvas, which can hold so many pixels a side and in all
 * @typedef {{type: "near", id: number, left: number, top: number, right: number, bottom: number}} LookNear
 *     all pixels of this part of the photo are wanted
 * @typedef {{type: "look", id: number, look: Look, gesture: number, serial: number}} SetLook
 *     changes of one gesture, but for 0, are undone together
 * @typedef {{part: number, dabs: number[][], hardness: number, smart: boolean}} Way  `part` pixels of the photo are one of the canvas, a side; each dab is
 *     x, y and radius in pixels of the photo
 * @typedef {{type: "stroke", id: number, tool: "restore" | "erase", tiles: [number, number][], data: ArrayBuffer, way?: Way, serial: number}} Stroke
 *     the tiles that a brush changed, as they are now: column and row of each, and its low and high (`hearth.tools.cutout.edits`);
 *     where the canvas is smaller than the photo, how the stroke was painted, and how much it alone covers
 * @typedef {{type: "undo" | "redo" | "reset", id: number, serial: number} | {type: "export", id: number}
 *     | {type: "look-all", id: number, ids?: number[], serial?: number}} OnEdits
 *     `ids` of the photos that get the settings of this one; all of them without it
 * @typedef {Start | Add | AddPicture | Pause | OnPhoto | Choose | LookTwice | Open | LookNear | SetLook | Stroke | OnEdits | Inspect | Check | OwnModels} ToWorker
 *
 * From the worker to the page, beside what every tool says:
 * @typedef {{type: "view", view: View}} Show
 * @typedef {{type: "picture", id: number, kind: "before" | "after", width: number, height: number, rgba: ArrayBuffer}} Picture
 *     a preview, straight alpha
 * @typedef {object} Layers  what the canvas is made of, or some of it anew (`hearth.page.cutout.layers`)
 * @property {"layers"} type
 * @property {number} id
 * @property {number} width  in pixels
 * @property {number} height
 * @property {[number, number]} [full]  the photo's own size, where the layers are smaller
 * @property {[number, number]} [small]  of subject and background
 * @property {boolean} [has_alpha]
 * @property {Partial<Record<"photo" | "found" | "base" | "subject" | "background", ArrayBuffer>>} data
 *
 * @typedef {object} Scene  what stands around the subject (`hearth.page.cutout.surroundings`)
 * @property {"scene"} type
 * @property {number} id
 * @property {number} width  of the finished picture in pixels
 * @property {number} height
 * @property {number[]} matrix  from its pixels to the photo's: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5
 * @property {"none" | "colour" | "linear" | "radial" | "picture" | "blur"} kind
 * @property {number[]} first  colours of 0 to 1
 * @property {number[]} second
 * @property {number[]} shade
 * @property {number[]} direction  of a linear gradient of length 1
 * @property {number[]} to_picture  from its pixels to 0..1 of the backdrop, as `matrix`
 * @property {Record<string, [number, number]>} shapes  width and height of what is in `data`
 * @property {Partial<Record<"shadow" | "reach" | "backdrop", ArrayBuffer>>} data
 *
 * @typedef {{type: "near", id: number, left: number, top: number, width: number, height: number, data: {photo: ArrayBuffer, found: ArrayBuffer}}} Near
 *     a part of the photo with all its pixels, and of the matte's own alpha
 * @typedef {{type: "tiles", id: number, tiles: [number, number][], data: ArrayBuffer}} Tiles  strokes as they are now
 * @typedef {{type: "cutout", id: number, name: string, kind: string, file: Blob}} Cutout  `kind` is its media type
 * @typedef {{type: "history", id: number, data: ArrayBuffer}} History  to be stored for when the page is opened again
 * @typedef {{type: "inspected", report: ModelReport}} Inspected
 * @typedef {{type: "checked", id: number, verdict: Said}} Checked
 * @typedef {import("../shell/messages.js").FromHost | Show | Picture | Layers | Near | Scene | Tiles | Cutout | History | Inspected | Checked} FromWorker
 */

export {};
