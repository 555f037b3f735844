/**
 * The ways in which photos reach the page: chosen, dropped, pasted, shared by another app, opened with this one.
 */
import { byId, notice } from "./dom.js";
import { storageWorks } from "./store.js";
import { say } from "./words.js";

const SHARED = "hearth-shared";

/** @param {(files: File[]) => void} take */
export function openIntake(take) {
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
    takeSome([...(event.dataTransfer?.files ?? [])], take);
  });
}

/** @param {(files: File[]) => void} take */
function paste(take) {
  addEventListener("paste", (event) => takeSome([...(event.clipboardData?.files ?? [])], take));
}

/** @param {File[]} files @param {(files: File[]) => void} take */
function takeSome(files, take) {
  if (files.length) take(files);
  else notice(say("intake.no-photo"));
}

/**
 * The service worker keeps what another app shared until the page takes it.
 * @param {(files: File[]) => void} take
 */
async function shared(take) {
  const root = new URL("./", location.href);
  const outcome = new URLSearchParams(location.search).get("shared");
  if (outcome === null) return;
  history.replaceState(null, "", root);
  if (outcome === "failed" || !(await storageWorks())) return notice(say("intake.share-failed"));
  const cache = await caches.open(`${SHARED} ${root.pathname}`);
  const files = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    await cache.delete(request);
    if (!response) continue;
    const blob = await response.blob();
    files.push(new File([blob], decodeURIComponent(response.headers.get("x-name") ?? "photo"), { type: blob.type }));
  }
  takeSome(files, take);
}

/** @param {(files: File[]) => void} take */
function openedWith(take) {
  /** @type {any} */ (globalThis).launchQueue?.setConsumer(async (/** @type {any} */ launch) => {
    const files = await Promise.all(launch.files.map((/** @type {any} */ handle) => handle.getFile()));
    if (files.length) take(files);
  });
}
