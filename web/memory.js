/** Small choices kept from visit to visit; a browser that forbids it forgets them. */

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(`hearth-${key}`);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(`hearth-${key}`, value);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
