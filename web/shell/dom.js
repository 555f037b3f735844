/**
 * The element of `index.html` with this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return /** @type {T} */ (element);
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A new element with a class and its children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** Says a sentence to screen readers; the same one twice is said once. @param {string} sentence */
export function announce(sentence) {
  setText(byId("live"), sentence);
}

let noticeTimer = 0;

/**
 * Shows a sentence above the page's lower edge for a while, with at most one thing to do.
 * @param {string} sentence
 * @param {{label: string, run: () => void}} [action]  a notice with an action stays until it is closed
 */
export function notice(sentence, action) {
  const box = byId("notice");
  setText(byId("notice-text"), sentence);
  const button = byId("notice-action");
  button.hidden = !action;
  button.textContent = action?.label ?? "";
  button.onclick = () => action?.run();
  byId("notice-close").onclick = () => (box.hidden = true);
  box.hidden = false;
  clearTimeout(noticeTimer);
  if (!action) noticeTimer = setTimeout(() => (box.hidden = true), 8000);
}
