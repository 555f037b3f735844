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
 * @property {"image/png" | "image/webp" | "image/jpeg" | "image/avif" | "image/x-rgba8" | "image/x-alpha8"} [format]
 *     PNG if not said; JPEG has a white background; the last two are bare bytes, with width and height in the Blob's type
 * @property {number} [quality]  0 to 1, of WebP, JPEG and AVIF; .9 if not said
 * @property {"foreground" | "background" | "mask"} [type]  the subject, the rest, or the alpha as grey
 *
 * @typedef {object} Options
 * @property {string} [model]  "quick" (or "small", "isnet_quint8"), "better" (or "medium", "large", "isnet", "isnet_fp16"),
 *     "people"; the ids of `models.json` too
 * @property {OutputOptions} [output]
 * @property {(key: string, current: number, total: number) => void} [progress]  keys: "fetch:runtime" and
 *     "fetch:model" in bytes; "compute:read", "compute:predict", ... in stages
 * @property {AbortSignal} [signal]
 * @property {RequestInit} [fetchArgs]  for sources that are addresses
 * @property {boolean} [debug]  progress goes to the console where nobody else takes it
 * @property {string} [publicPath]  this and what follows change nothing, which the console says
 * @property {"cpu" | "gpu"} [device]
 * @property {boolean} [proxyToWorker]
 * @property {boolean} [rescale]
 */

import { Engine } from "./embed/engine.js";
import { elementFor } from "./embed/element.js";
import { masked } from "./embed/masking.js";
import { wishes } from "./embed/options.js";
import { fileOf } from "./embed/source.js";

const engine = new Engine();

/**
 * The photo without its background. Throws an Error with a sentence for the person: no photo, no subject, too large, a model
 * that could not be fetched; TypeError for a wrong option; what `signal` gives as its reason when that stops it.
 * @param {Source} source @param {Options} [options]
 * @returns {Promise<Blob>}
 */
export async function removeBackground(source, options) {
  const wanted = wishes(options ?? {}, await engine.models());
  return engine.cut(await fileOf(source, wanted), wanted);
}

/** The background without the subject. @param {Source} source @param {Options} [options] */
export function removeForeground(source, options) {
  return removeBackground(source, { ...options, output: { ...options?.output, type: "background" } });
}

/** The alpha as a grey picture, white where the subject is. @param {Source} source @param {Options} [options] */
export function segmentForeground(source, options) {
  return removeBackground(source, { ...options, output: { ...options?.output, type: "mask" } });
}

export { segmentForeground as alphamask };

/**
 * A photo cut out by a mask that is there already, one of `segmentForeground` or of anybody's: its transparency counts where
 * it has any, else its grey. The browser itself writes this file.
 * @param {Source} source @param {Source} mask @param {Options} [options]
 */
export async function applySegmentationMask(source, mask, options) {
  const wanted = wishes(options ?? {}, await engine.models());
  const files = await Promise.all([fileOf(source, wanted), fileOf(mask, wanted)]);
  return masked(...files, options?.output?.format ?? "image/png", wanted.output.quality / 100);
}

/** Starts the engine and fetches the model, so that the first photo need not wait. @param {Options} [options] */
export async function preload(options) {
  const { model, progress } = wishes(options ?? {}, await engine.models());
  await engine.preload(model, progress);
}

export default removeBackground;

if (!customElements.get("hearth-cutout")) customElements.define("hearth-cutout", elementFor(removeBackground));
