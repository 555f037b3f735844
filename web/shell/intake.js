/**
 * The ways in which files reach the page: chosen, dropped, pasted, shared by another app, opened with this one, handed over
 * by the other tool; one by one or in folders, which are looked through to the bottom.
 *
 * @typedef {{file: File, folder: string}} Given  `folder` is where it lay in a folder that was given whole, else empty
 */
import { notice } from "./dom.js";
import { handOver, sharedCache } from "./handover.js";
import { storageWorks } from "./store.js";
import { say } from "./words.js";

/**
 * @param {object} to
 * @param {(files: File[], folders: string[], skipped: number) => void} to.take
 *     `folders` as in `Given`, one a file; `skipped` counts files in folders that are not of the tool's kind
 * @param {(file: File) => boolean} to.isOwn  whether a file in a folder is for this tool
 * @param {(file: File) => boolean} to.isOther  whether a file is for the other tool
 * @param {URL} to.other  that tool's page
 * @param {string} to.nothing  what to say where there was no file
 */
export function openIntake({ take: keep, isOwn, isOther, other, nothing }) {
  /** @param {Given[]} given */
  const take = (given) => {
    const own = given.filter(({ file, folder }) => (folder ? isOwn(file) : !isOther(file)));
    const alone = given.filter(({ folder }) => !folder);
    if (own.length) keep(own.map(({ file }) => file), own.map(({ folder }) => folder), given.length - own.length);
    else if (alone.length) handOver(alone.map(({ file }) => file), other);
    else notice(nothing);
  };
  choose(take);
  drop(take);
  paste(take);
  shared(take);
  openedWith(take);
}

/** @param {(given: Given[]) => void} take */
function choose(take) {
  for (const [id, opener] of [["file", "[data-choose]"], ["folder", "[data-choose-folder]"]]) {
    const input = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
    input?.addEventListener("change", () => {
      take([...(input.files ?? [])].map((file) => ({ file, folder: folderOf(file.webkitRelativePath) })));
      input.value = ""; // so that the same file can be chosen again
    });
    for (const button of document.querySelectorAll(opener)) button.addEventListener("click", () => input?.click());
  }
}

/** @param {(given: Given[]) => void} take */
function drop(take) {
  let depth = 0; // dragenter and dragleave come for each element under the pointer
  let ours = false; // what is dragged out of the page itself is not meant for it
  const hover = (/** @type {boolean} */ on) => document.body.classList.toggle("dropping", on);
  addEventListener("dragstart", () => (ours = true));
  addEventListener("dragend", () => (ours = false));
  addEventListener("dragenter", (event) => {
    if (ours) return;
    event.preventDefault();
    depth += 1;
    hover(true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) hover(false);
  });
  addEventListener("dragover", (event) => ours || event.preventDefault());
  addEventListener("drop", async (event) => {
    if (ours) return;
    event.preventDefault();
    depth = 0;
    hover(false);
    if (event.dataTransfer) take(await dropped(event.dataTransfer));
  });
}

/** @param {File[]} files @returns {Given[]} */
const alone = (files) => files.map((file) => ({ file, folder: "" }));

/** @param {string} path */
const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The files of a drop, those in folders too. @param {DataTransfer} transfer */
async function dropped(transfer) {
  // To be asked for before anything is awaited: after that the drop is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return alone([...transfer.files]);
  /** @type {Given[]} */
  const found = [];
  for (const entry of entries) if (entry) await collect(entry, "", found);
  return found;
}

/** @param {FileSystemEntry} entry @param {string} folder @param {Given[]} found */
async function collect(entry, folder, found) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    found.push({ file, folder });
    return;
  }
  const inside = folder ? `${folder}/${entry.name}` : entry.name;
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return;
    for (const child of some.sort((a, b) => a.name.localeCompare(b.name))) await collect(child, inside, found);
  }
}

/** @param {(given: Given[]) => void} take */
function paste(take) {
  addEventListener("paste", (event) => {
    if (event.target instanceof HTMLInputElement) return; // text, into a field
    take(alone([...(event.clipboardData?.files ?? [])]));
  });
}

/**
 * The service worker keeps what another app shared until the page takes it.
 * @param {(given: Given[]) => void} take
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
  take(alone(files));
}

/** @param {(given: Given[]) => void} take */
function openedWith(take) {
  /** @type {any} */ (globalThis).launchQueue?.setConsumer(async (/** @type {any} */ launch) => {
    const files = await Promise.all(launch.files.map((/** @type {any} */ handle) => handle.getFile()));
    if (files.length) take(alone(files));
  });
}
