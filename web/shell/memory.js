/** Small choices kept from visit to visit, marks kept in one tab; a browser that forbids it forgets them. */

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

/** Whether this tab was marked. @param {string} key */
export function recallHere(key) {
  try {
    return sessionStorage.getItem(key) !== null;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

/** Marks this tab; false where that is forbidden. @param {string} key */
export function rememberHere(key) {
  try {
    sessionStorage.setItem(key, "yes");
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}
