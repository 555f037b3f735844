/** One photo is decoded at a time, in page and worker together: each needs four bytes a pixel. */

/** Waits until no other photo is being decoded; gives what ends this turn. @returns {Promise<() => void>} */
export function turnToDecode() {
  if (!("locks" in navigator)) return Promise.resolve(() => {}); // plain http: a photo may then need more memory
  return new Promise((begin, fail) => {
    navigator.locks.request("hearth-decode", () => new Promise((end) => begin(() => end(undefined)))).catch(fail);
  });
}
