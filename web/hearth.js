/**
 * The background remover for other pages: `import { removeBackground } from "https://your.site/hearth.js"`.
 *
 * Names and options are those that users of @imgly/background-removal know. Everything runs in the visitor's browser, in one
 * worker that all calls share, one photo after the other; models are kept by the browser. The element `<hearth-cutout>` is
 * there once this module has loaded. Types for TypeScript: `hearth.d.ts`.
 *
 * @typedef {import("./embed/source.js").Source} Source
 *
 * @typedef {object} OutputOptions
 * @property {"image/png" | "image/webp" | "image/jpeg" | "image/avif"} [format]  PNG if not said; JPEG has a white background
 * @property {number} [quality]  0 to 1, of WebP, JPEG and AVIF; .9 if not said
 * @property {"foreground" | "background" | "mask"} [type]  the subject, the rest, or the alpha as grey
 *
 * @typedef {object} Options
 * @property {string} [model]  "quick" (or "small"), "better" (or "medium", "large"), "people"; the ids of `models.json` too
 * @property {OutputOptions} [output]
 * @property {(key: string, current: number, total: number) => void} [progress]  keys: "fetch:runtime" (total 0 while nobody
 *     knows), "fetch:model" in bytes; "compute:read", "compute:predict", ... in stages
 * @property {AbortSignal} [signal]
 */

import { Engine } from "./embed/engine.js";
import { elementFor } from "./embed/element.js";
import { fileOf } from "./embed/source.js";
import { say } from "./shell/words.js";

/** @type {Record<string, string>} */
const MODELS = { quick: "u2netp", small: "u2netp", better: "u2net", medium: "u2net", large: "u2net", people: "selfie" };
/** @type {Record<string, string>} */
const FORMATS = { "image/png": "png", "image/webp": "webp", "image/jpeg": "jpeg", "image/avif": "avif" };
/** @type {Record<string, string>} */
const TYPES = { foreground: "cutout", background: "inverse", mask: "mask" };

const engine = new Engine();

/**
 * The photo without its background. Throws an Error with a sentence for the person: no photo, no subject, too large, a model
 * that could not be fetched; TypeError for a wrong option; what `signal` gives as its reason when that stops it.
 * @param {Source} source @param {Options} [options]
 * @returns {Promise<Blob>}
 */
export async function removeBackground(source, options = {}) {
  const { format = "image/png", quality = 0.9, type = "foreground" } = options.output ?? {};
  const output = {
    format: oneOf(FORMATS, "format", format),
    show: oneOf(TYPES, "type", type),
    quality: Math.min(Math.max(Math.round(quality * 100), 1), 100),
  };
  const model = await modelOf(options.model);
  const file = await fileOf(source, options.signal);
  return engine.cut(file, { model, output, progress: options.progress ?? (() => {}), signal: options.signal });
}

/** The background without the subject. @param {Source} source @param {Options} [options] */
export function removeForeground(source, options = {}) {
  return removeBackground(source, { ...options, output: { ...options.output, type: "background" } });
}

/** The alpha as a grey picture, white where the subject is. @param {Source} source @param {Options} [options] */
export function segmentForeground(source, options = {}) {
  return removeBackground(source, { ...options, output: { ...options.output, type: "mask" } });
}

/** Starts the engine and fetches the model, so that the first photo need not wait. @param {Options} [options] */
export async function preload({ model, progress = () => {} } = {}) {
  await engine.preload(await modelOf(model), progress);
}

/** @param {string} [name] */
async function modelOf(name = "quick") {
  const ids = await engine.models();
  const id = MODELS[name] ?? name;
  if (!ids.includes(id)) throw new TypeError(say("embed.wrong-option", { option: "model", value: name, choices: [...Object.keys(MODELS), ...ids].join(", ") }));
  return id;
}

/** @param {Record<string, string>} choices @param {string} option @param {string} value */
function oneOf(choices, option, value) {
  if (!(value in choices)) throw new TypeError(say("embed.wrong-option", { option, value: String(value), choices: Object.keys(choices).join(", ") }));
  return choices[value];
}

export default removeBackground;

if (!customElements.get("hearth-cutout")) customElements.define("hearth-cutout", elementFor(removeBackground));
