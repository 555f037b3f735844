/**
 * Put into either page before its own scripts: gives it photos and says when their PNG is there, in milliseconds. `PHOTO`
 * stands for a photo's bytes in base64. Python asks for `window.bench`: `opened`, `next()`, and `empty()` before it leaves.
 */

if (location.protocol === "http:") {
  const bytes = Uint8Array.from(atob("PHOTO"), (letter) => letter.charCodeAt(0));
  let dropped = 0;

  /** On the plain page. */
  const ask = async () => {
    const { ms } = await window.cutout(bytes);
    return ms;
  };

  /** On Hearth's: the queue's button of this very photo says how it stands; its file is there before it is "done". */
  const drop = (name) => {
    const start = performance.now();
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
    for (const kind of ["dragenter", "dragover", "drop"]) {
      const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
      document.querySelector("#main").dispatchEvent(event);
    }
    return new Promise((resolve, reject) => {
      const look = () => {
        const state = document.querySelector(`#strip button[title="${name}"]`)?.dataset.state;
        if (state !== "done" && state !== "failed" && state !== "stopped") return;
        observer.disconnect();
        const file = document.querySelector("#download[href]")?.download;
        if (state === "done" && file === name.replace(".jpg", "-cutout.png")) resolve(performance.now() - start);
        else reject(new Error(`${name} is ${state}, the file is ${file}`));
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-state", "href"] });
    });
  };

  const next = () => (window.cutout ? ask() : drop(`photo-${++dropped}.jpg`));
  const opened = new Promise((resolve) => addEventListener("DOMContentLoaded", resolve)).then(async () => {
    await next();
    return performance.now();
  });

  /** Removes all photos by the page's own button, and waits until the device keeps none: none comes back at the next visit. */
  const empty = async () => {
    while (document.querySelector("#strip button")) {
      document.querySelector("#strip [aria-current=true]").click();
      document.querySelector("#remove").click();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const { name } of await indexedDB.databases()) while (await kept(name)) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  /** How many photos a database keeps. */
  const kept = (name) =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const database = opening.result;
        const counting = database.objectStoreNames.contains("files") && database.transaction("files").objectStore("files").count();
        const end = (count) => {
          database.close();
          resolve(count);
        };
        if (counting) counting.onsuccess = () => end(counting.result);
        else end(0);
      };
    });

  window.bench = { opened, next, empty };
}
