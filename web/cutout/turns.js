/** One photo is decoded at a time, in page and worker together: each needs four bytes a pixel. */

/** Waits until no other photo is being decoded; gives what ends this turn. @returns {Promise<() => void>} */
export function turnToDecode() {
  return new Promise((begin, fail) => {
    navigator.locks.request("hearth-decode", () => new Promise((end) => begin(() => end(undefined)))).catch(fail);
  });
}
