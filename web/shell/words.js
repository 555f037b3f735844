/**
 * What the page says, in the person's language: `say("photo.done", { time: 1.2 })`.
 *
 * The words lie in `app/hearth/words/<language>.json`, one sentence a key. In a sentence `{name}` stands for a value, which
 * may be a sentence itself, and `{size:bytes}` for a number as the browser writes it: `number`, `bytes`, `seconds` or
 * `percent` (of a fraction). A sentence that depends on a number holds its plural forms instead, of which `count` chooses by
 * the rules of the language (Intl.PluralRules). Python says the same as keys and values; `told` puts them into words.
 *
 * @typedef {Record<string, any>} Values
 * @typedef {{key: string, values: Values}} Words
 * @typedef {string | Words | (string | Words)[]} Said  what Python says: `Said` of `hearth.words`
 * @typedef {Record<string, string | Record<string, string>>} Sentences
 */

import { english, others } from "../languages.js";

const ATTRIBUTES = { title: "title", label: "aria-label", content: "content" };
// U+2068 and U+2069: what stands between them does not turn around what stands beside it
const [ISOLATE, END] = ["\u2068", "\u2069"];

const wanted = pick(navigator.languages);
const loaded = await load(wanted);

/** The language of the words, as a tag of BCP 47. */
export const language = loaded ? wanted : "en";
/** @type {Sentences} what a language does not have yet is said in English */
const sentences = { ...english, ...loaded };
const rightToLeft = sentences["language.direction"] === "rtl";
const plurals = new Intl.PluralRules(language);

// Numbers go by the browser's first language, even where there are no words in it.
const fine = new Intl.NumberFormat([...navigator.languages], { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat([...navigator.languages], { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat([...navigator.languages], { style: "percent" });

/** @type {Record<string, (value: number) => string>} */
const FORMATS = {
  number: (value) => (value >= 10 ? whole : fine).format(value),
  bytes(value) {
    const [key, size] = value < 1e5 ? ["unit.kilobytes", 1e3] : value < 1e9 ? ["unit.megabytes", 1e6] : ["unit.gigabytes", 1e9];
    return say(String(key), { value: FORMATS.number(value / Number(size)) });
  },
  seconds: (value) => say("unit.seconds", { value: FORMATS.number(value) }),
  percent: (value) => percent.format(value),
};

/**
 * The sentence of a key with these values in it.
 * @param {string} key @param {Values} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const sentence = sentences[key];
  if (sentence === undefined) throw new Error(`there are no words for ${key}`);
  const pattern = typeof sentence === "string" ? sentence : (sentence[plurals.select(values.count)] ?? sentence.other);
  return pattern.replace(/\{(\w+)(?::(\w+))?\}/g, (_, name, format) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the words for ${key} need ${name}`);
    if (format) return FORMATS[format](value);
    const text = typeof value === "number" ? String(value) : told(value);
    return rightToLeft ? ISOLATE + text + END : text;
  });
}

/**
 * What a folder says of itself in English, or the words of the person's language where they have that key.
 * @param {string} key @param {string} own
 */
export const sayOr = (key, own) => (key in sentences ? say(key) : own);

/**
 * What Python said, in words.
 * @param {Said} said
 * @returns {string}
 */
export function told(said) {
  if (typeof said === "string") return said;
  return Array.isArray(said) ? said.map(told).join(" ") : say(said.key, said.values);
}

/** Puts the words of the person's language into an HTML page that came in English. @param {Document | DocumentFragment} page */
export function translate(page) {
  if (language === "en") return;
  if (page instanceof Document) Object.assign(page.documentElement, { lang: language, dir: sentences["language.direction"] });
  for (const element of page.querySelectorAll("[data-words]")) {
    element.textContent = say(String(element.getAttribute("data-words")));
  }
  for (const [kind, attribute] of Object.entries(ATTRIBUTES)) {
    for (const element of page.querySelectorAll(`[data-words-${kind}]`)) {
      element.setAttribute(attribute, say(String(element.getAttribute(`data-words-${kind}`))));
    }
  }
}

/**
 * A file's name without the signs that turn text around, as `visible_name` of `hearth.page.cutout.view` has it.
 * @param {string} name
 */
export const visibleName = (name) => name.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

/**
 * The first language of the person's that there are words in.
 * @param {readonly string[]} languages
 */
function pick(languages) {
  const known = ["en", ...Object.keys(others)];
  for (const tag of languages) {
    const found = known.find((name) => name.toLowerCase() === tag.toLowerCase()) ?? known.find((name) => name === tag.split("-")[0]);
    if (found) return found;
  }
  return "en";
}

/** @param {string} language @returns {Promise<Sentences | null>}  null where they did not come: English goes on then */
async function load(language) {
  if (language === "en") return english;
  try {
    const response = await fetch(others[language]);
    return response.ok ? await response.json() : null;
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return null;
    throw error;
  }
}
