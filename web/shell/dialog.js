/** A question that has to be answered before anything else can be done. */

import { make } from "./dom.js";
import { say } from "./words.js";

/**
 * @param {string} title @param {Node[]} content @param {Node[]} buttons
 * @returns {HTMLDialogElement} shown; removed when it is closed
 */
export function open(title, content, buttons) {
  const dialog = make("dialog", "dialog");
  const heading = make("h2", "", title);
  heading.id = "dialog-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading, ...content, make("div", "buttons", ...buttons));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Whether the person wants to go on.
 * @param {string} title @param {string} words @param {string} go  on the button that does it
 * @returns {Promise<boolean>}
 */
export function confirmed(title, words, go) {
  return new Promise((resolve) => {
    let sure = false;
    const cancel = button(say("dialog.cancel"), "", () => dialog.close());
    const doIt = button(go, "primary danger", () => {
      sure = true;
      dialog.close();
    });
    doIt.id = "dialog-go";
    const dialog = open(title, [make("p", "", words)], [cancel, doIt]);
    dialog.addEventListener("close", () => resolve(sure));
  });
}

/** @param {string} label @param {string} className @param {() => void} pressed */
export function button(label, className, pressed) {
  const made = make("button", className, label);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}
