/**
 * The ways in which files reach the page: chosen, dropped, pasted, shared by another app, opened with this one, handed over
 * by the other tool.
 */
import { byId, notice } from "./dom.js";
import { handOver, sharedCache } from "./handover.js";
import { storageWorks } from "./store.js";
import { say } from "./words.js";

/**
 * @param {object} to
 * @param {(files: File[]) => void} to.take
 * @param {(file: File) => boolean} to.isOther  whether a file is for the other tool
 * @param {URL} to.other  that tool's page
 * @param {string} to.nothing  what to say where there was no file
 */
export function openIntake({ take: keep, isOther, other, nothing }) {
  /** @param {File[]} files */
  const take = (files) => {
    const own = files.filter((file) => !isOther(file));
    if (own.length) keep(own);
    else if (files.length) handOver(files, other);
    else notice(nothing);
  };
  choose(take);
  drop(take);
  paste(take);
  shared(take);
  openedWith(take);
}

/** @param {(files: File[]) => void} take */
function choose(take) {
  const input = /** @type {HTMLInputElement} */ (byId("file"));
  input.addEventListener("change", () => {
    if (input.files?.length) take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  for (const button of document.querySelectorAll("[data-choose]")) {
    button.addEventListener("click", () => input.click());
  }
}

/** @param {(files: File[]) => void} take */
function drop(take) {
  let depth = 0; // dragenter and dragleave come for each element under the pointer
  const hover = (/** @type {boolean} */ on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    hover(true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) hover(false);
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    hover(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @param {(files: File[]) => void} take */
function paste(take) {
  addEventListener("paste", (event) => {
    if (event.target instanceof HTMLInputElement) return; // text, into a field
    take([...(event.clipboardData?.files ?? [])]);
  });
}

/**
 * The service worker keeps what another app shared until the page takes it.
 * @param {(files: File[]) => void} take
 */
async function shared(take) {
  const outcome = new URLSearchParams(location.search).get("shared");
  if (outcome === null) return;
  history.replaceState(null, "", location.pathname);
  if (outcome === "failed" || !(await storageWorks())) return notice(say("intake.share-failed"));
  const cache = await caches.open(sharedCache());
  const files = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    await cache.delete(request);
    if (!response) continue;
    const blob = await response.blob();
    files.push(new File([blob], decodeURIComponent(response.headers.get("x-name") ?? "file"), { type: blob.type }));
  }
  take(files);
}

/** @param {(files: File[]) => void} take */
function openedWith(take) {
  /** @type {any} */ (globalThis).launchQueue?.setConsumer(async (/** @type {any} */ launch) => {
    const files = await Promise.all(launch.files.map((/** @type {any} */ handle) => handle.getFile()));
    if (files.length) take(files);
  });
}
