/**
 * What a model of the person's own is: its inputs and outputs, its operations, and what would run where.
 *
 * @typedef {import("./messages.js").ModelReport} ModelReport
 */

import { make } from "../shell/dom.js";
import { say } from "../shell/words.js";

/** @param {ModelReport} report @returns {HTMLElement[]} */
export function describe({ summary, places, explained, bytes }) {
  if (!summary) return [];
  const facts = [
    [say("inspect.file"), say("inspect.size", { size: bytes })],
    [say("inspect.made-by"), summary.producer || say("inspect.unknown")],
    [say("inspect.opsets"), Object.entries(summary.opsets).map(([domain, version]) => `${domain} ${version}`).join(", ")],
    [say("inspect.weights"), say("inspect.parameters", { count: summary.parameters, size: summary.constant_bytes })],
    ...(Object.keys(places).length ? [[say("inspect.runs"), Object.entries(places).map(place).join(", ")]] : []),
  ];
  const list = make("dl", "facts");
  for (const [term, value] of facts) list.append(make("dt", "", term), make("dd", "", value));
  return [
    list,
    ports(say("inspect.inputs"), summary.inputs),
    ports(say("inspect.outputs"), summary.outputs),
    fold(
      say("inspect.ops", { count: summary.nodes }),
      table(say("inspect.op"), [say("inspect.op"), say("inspect.count")], Object.entries(summary.ops).map(([op, count]) => [op, String(count)])),
    ),
    ...(explained ? [fold(say("inspect.steps"), scrolled(make("pre", "", explained), say("inspect.steps")))] : []),
  ];
}

/** @param {[string, number]} place */
function place([name, count]) {
  return say("inspect.place", { count, place: say(`inspect.on.${name}`) });
}

/** @param {string} title @param {{name: string, type: string, shape: (number | string)[]}[]} all */
function ports(title, all) {
  const rows = all.map(({ name, type, shape }) => [name, type, shape.join(" × ")]);
  return fold(title, table(title, [say("inspect.name"), say("inspect.type"), say("inspect.shape")], rows), all.length < 12);
}

/** @param {string} title @param {HTMLElement} content @param {boolean} [open] */
function fold(title, content, open = false) {
  const details = make("details", "", make("summary", "", title), content);
  details.open = open;
  return details;
}

/** @param {string} title @param {string[]} heads @param {string[][]} rows */
function table(title, heads, rows) {
  const cells = heads.map((head) => {
    const cell = make("th", "", head);
    cell.scope = "col";
    return cell;
  });
  const body = make("tbody", "", ...rows.map((row) => make("tr", "", ...row.map((text) => make("td", "", text)))));
  return scrolled(make("table", "", make("thead", "", make("tr", "", ...cells)), body), title);
}

/** Content that may be wider than the dialog, for the keyboard to scroll. @param {HTMLElement} content @param {string} name */
function scrolled(content, name) {
  const box = make("div", "scrolled", content);
  box.tabIndex = 0;
  box.role = "region";
  box.ariaLabel = name;
  return box;
}
