/** A bar with one segment for each stage of a job. */

import { make } from "./dom.js";
import { told } from "./words.js";

/**
 * @param {HTMLElement} bar @param {{title: import("./words.js").Said, fraction: number}[]} stages  hidden where there are none
 * @returns {number} how much of all is done, 0 to 1
 */
export function showStages(bar, stages) {
  bar.hidden = stages.length === 0;
  while (bar.children.length > stages.length) bar.lastElementChild?.remove();
  while (bar.children.length < stages.length) bar.append(make("span", "segment", make("span", "fill")));
  stages.forEach(({ title, fraction }, index) => {
    const segment = /** @type {HTMLElement} */ (bar.children[index]);
    segment.title = told(title);
    segment.style.setProperty("--done", String(fraction));
  });
  const sum = stages.reduce((total, { fraction }) => total + fraction, 0);
  const done = stages.length ? sum / stages.length : 0;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * done)));
  return done;
}
