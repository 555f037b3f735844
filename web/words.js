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

/** @param {number} count */
export const taken = (count) => (count === 1 ? "Photo taken." : `${count} photos taken.`);

/** @param {number} bytes */
export const freed = (bytes) => `Models deleted: ${megabytes(bytes)} freed. They are fetched again when needed.`;

export const NOTHING_STORED = "No models are stored on this device.";
export const STORED_HERE = "on this device";
export const OFFLINE_READY = "Ready to work offline";
export const NEW_VERSION = "A new version is ready.";
export const REPAIRED = "The stored model was damaged, so it was fetched again.";
export const NO_ROOM = "This device has no room to keep the model, so it will be fetched again next time. Free some space to keep it.";
export const COPIED = "Copied. Paste it where you like.";
export const NOT_COPIED = "This browser did not allow copying. Download the file instead.";
export const NO_PHOTO = "There was no photo in that. Drop or paste a picture file.";
export const RESTARTED = "Hearth ran into trouble and started again. Your photos are still here.";
export const NO_START = "Hearth could not start on this browser. Reload the page, or try a newer browser.";
export const STOPPING = "Stopping…";

/** @param {string} title */
export const redoWith = (title) => `Redo with ${title}`;
