/**
 * What a caller asks for, as the engine takes it. Names are those of @imgly/background-removal; what means nothing here is
 * answered with one sentence in the console, so that code written for it runs as it is.
 *
 * @typedef {import("../hearth.js").Options} Options
 * @typedef {{model: string, output: {format: string, show: string, quality: number}, progress: (key: string, current: number, total: number) => void,
 *     signal?: AbortSignal, fetchArgs?: RequestInit}} Wishes
 */

import { say } from "../shell/words.js";

/** @type {Record<string, string>} */
const MODELS = {
  ...{ quick: "u2netp", small: "u2netp", isnet_quint8: "u2netp" },
  ...{ better: "u2net", medium: "u2net", large: "u2net", isnet: "u2net", isnet_fp16: "u2net" },
  people: "selfie",
};
/** @type {Record<string, string>} */
const FORMATS = {
  ...{ "image/png": "png", "image/webp": "webp", "image/jpeg": "jpeg", "image/avif": "avif" },
  ...{ "image/x-rgba8": "rgba8", "image/x-alpha8": "alpha8" },
};
/** @type {Record<string, string>} */
const TYPES = { foreground: "cutout", background: "inverse", mask: "mask" };

const KNOWN = ["model", "output", "progress", "signal", "fetchArgs", "debug"];
/** @type {Record<string, string>} options without a meaning here, and what is said of them */
const IDLE = {
  publicPath: "embed.public-path",
  device: "embed.device",
  proxyToWorker: "embed.proxy-to-worker",
  rescale: "embed.rescale",
};

/** @type {Set<string>} */
const told = new Set();

/**
 * Throws TypeError with a sentence for a value that there is not.
 * @param {Options} options @param {string[]} ids  of the models that there are @returns {Wishes}
 */
export function wishes(options, ids) {
  for (const name of Object.keys(options)) if (!KNOWN.includes(name)) tell(name);
  const { model = "quick", output = {}, debug = false, signal, fetchArgs } = options;
  const { format = "image/png", quality = 0.9, type = "foreground" } = output;
  const id = MODELS[model] ?? model;
  if (!ids.includes(id)) throw wrong("model", model, [...Object.keys(MODELS), ...ids]);
  if (!(quality >= 0 && quality <= 1)) throw wrong("quality", quality, ["0 … 1"]);
  return {
    model: id,
    output: { format: oneOf(FORMATS, "format", format), show: oneOf(TYPES, "type", type), quality: Math.max(Math.round(quality * 100), 1) },
    progress: options.progress ?? (debug ? (key, current, total) => console.debug(`hearth: ${key} ${current} / ${total}`) : () => {}),
    signal,
    fetchArgs,
  };
}

/** @param {Record<string, string>} choices @param {string} option @param {string} value */
function oneOf(choices, option, value) {
  if (!(value in choices)) throw wrong(option, value, Object.keys(choices));
  return choices[value];
}

/** @param {string} option @param {unknown} value @param {string[]} choices */
function wrong(option, value, choices) {
  return new TypeError(say("embed.wrong-option", { option, value: String(value), choices: choices.join(", ") }));
}

/** Says once that an option does nothing. @param {string} name */
function tell(name) {
  if (told.has(name)) return;
  told.add(name);
  console.warn(`hearth: ${name in IDLE ? say(IDLE[name]) : say("embed.unknown-option", { option: name, choices: KNOWN.join(", ") })}`);
}
