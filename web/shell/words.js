/** The sentences that the page says without Python: before it runs, and about what the browser alone knows. */

const BYTES = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

/** @param {number} bytes */
export function megabytes(bytes) {
  const size = bytes / 1e6;
  return `${(size < 10 ? BYTES : WHOLE).format(size)} MB`;
}

/** @param {number} loaded @param {number} total */
export function startingUp(loaded, total) {
  if (loaded === 0) return "Starting up…";
  if (loaded >= total) return "Starting Python…";
  return `Starting up: ${megabytes(loaded)} of ${megabytes(total)}…`;
}

/** @param {number} width @param {number} height @param {number} bytes */
export function cutoutFacts(width, height, bytes) {
  return `${WHOLE.format(width)} × ${WHOLE.format(height)} · ${megabytes(bytes)} PNG`;
}

/**
 * A file's name without the signs that turn text around, as `visible_name` of `hearth.page.view` has it.
 * @param {string} name
 */
export const visibleName = (name) => name.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

/** @param {number} count */
export const taken = (count) => (count === 1 ? "Photo taken." : `${count} photos taken.`);

/** @param {number} bytes */
export const freed = (bytes) => `Models deleted: ${megabytes(bytes)} freed. They are fetched again when needed.`;

export const STILL_FETCHED = "A model that is being fetched now was kept.";
export const NO_LIST = "The list of models could not be fetched. Check the connection and reload the page.";
export const GAVE_UP = "Hearth broke several times in a row and stopped. Reload the page to go on.";
export const NOTHING_STORED = "No models are stored on this device.";
export const STORED_HERE = "on this device";
export const OFFLINE_READY = "Ready to work offline";
export const NEW_VERSION = "A new version is ready.";
export const REPAIRED = "The stored model was damaged, so it was fetched again.";
export const NO_ROOM = "This device has no room to keep the model, so it will be fetched again next time. Free some space to keep it.";
export const COPIED = "Copied. Paste it where you like.";
export const NOT_COPIED = "This browser did not allow copying. Download the file instead.";
export const NO_PHOTO = "There was no photo in that. Drop or paste a picture file.";
export const SHARE_FAILED = "The photo could not be handed over; this device may have no room for it. Choose it here instead.";
export const WAITING = "Waiting for its turn.";
export const STARTING_AGAIN = "Starting again…";
export const RESTARTED = "Hearth ran into trouble and started again. Your photos are still here.";
export const NO_START = "Hearth could not start on this browser. Reload the page, or try a newer browser.";
export const STOPPING = "Stopping…";

/** @param {string} title */
export const redoWith = (title) => `Redo with ${title}`;
