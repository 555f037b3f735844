/**
 * The panels beside the stage, in the order of their tabs. One module a panel; a new one is added here.
 *
 * @typedef {object} Panel
 * @property {string} id
 * @property {string} title  of its tab
 * @property {(editor: import("../editor.js").Editor) => HTMLElement} build  makes what is in it, once
 * @property {(photo: PhotoView, editor: import("../editor.js").Editor) => void} [render]
 *     brings it up to what Python says of the photo on the stage
 * @property {(editor: import("../editor.js").Editor) => void} [open]  when its tab is chosen
 * @property {(editor: import("../editor.js").Editor) => void} [close]  when another one is
 *
 * @typedef {import("../messages.js").PhotoView} PhotoView
 */

import { background } from "./background.js";
import { brush } from "./brush.js";
import { edges } from "./edges.js";
import { frame } from "./frame.js";
import { save } from "./save.js";

/** @type {Panel[]} */
export const PANELS = [edges, brush, background, frame, save].filter((panel) => panel !== null);
