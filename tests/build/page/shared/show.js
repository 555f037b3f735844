export const models = new URL("../models.json", import.meta.url);

/** @param {string} text */
export function show(text) {
  document.title = text;
}
