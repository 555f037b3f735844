/**
 * Several files at once: as one archive that goes to the disk while it is made, or as files in a folder.
 *
 * @typedef {{name: string, folder: string, blob: Blob}} Finished
 * @typedef {AsyncIterable<Finished>} Coming  files, some of which have yet to be written
 */

import { unique, zip } from "../shell/zip.js";

export const canSaveFolder = "showDirectoryPicker" in globalThis;

/**
 * Saves an archive. Where the browser lets the person choose a place, it is written there piece by piece; else it is a
 * download, whose bytes stay where the files lie until it is saved.
 * @param {Coming} files @param {string} name
 * @returns {Promise<boolean>}  false where the person thought better of it
 */
export async function saveArchive(files, name) {
  const entries = archived(files);
  if (!("showSaveFilePicker" in globalThis)) {
    const parts = [];
    for await (const part of zip(entries)) parts.push(part);
    download(new Blob(parts, { type: "application/zip" }), name);
    return true;
  }
  const types = [{ description: "ZIP", accept: { "application/zip": [".zip"] } }];
  const handle = await chosen(() => /** @type {any} */ (globalThis).showSaveFilePicker({ suggestedName: name, types }));
  if (!handle) return false;
  const place = await handle.createWritable();
  try {
    for await (const part of zip(entries)) await place.write(part);
    await place.close();
  } catch (error) {
    await place.abort().catch(() => {}); // what was there before stays
    throw error;
  }
  return true;
}

/**
 * Saves files in a folder that the person chooses, with the folders that the photos came from. Files that are there stay.
 * @param {Coming} files
 * @returns {Promise<boolean>}  false where the person thought better of it
 */
export async function saveFolder(files) {
  const root = await chosen(() => /** @type {any} */ (globalThis).showDirectoryPicker({ mode: "readwrite" }));
  if (!root) return false;
  /** @type {Map<string, {handle: any, taken: Set<string>}>} */
  const folders = new Map();
  for await (const { name, folder, blob } of files) {
    let place = folders.get(folder);
    if (!place) {
      place = { handle: await within(root, folder), taken: new Set() };
      for await (const there of place.handle.keys()) place.taken.add(there.toLowerCase());
      folders.set(folder, place);
    }
    const file = await place.handle.getFileHandle(unique(name, place.taken), { create: true });
    const writable = await file.createWritable();
    await writable.write(blob);
    await writable.close();
  }
  return true;
}

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has opened it by then
}

/** @param {Coming} files */
async function* archived(files) {
  for await (const { name, folder, blob } of files) yield { name: folder ? `${folder}/${name}` : name, blob, modified: new Date() };
}

/** @param {any} root @param {string} folder */
async function within(root, folder) {
  let handle = root;
  for (const part of folder.split("/").filter(Boolean)) handle = await handle.getDirectoryHandle(part, { create: true });
  return handle;
}

/** What a picker gives; null where the person closed it. @param {() => Promise<any>} pick */
async function chosen(pick) {
  try {
    return await pick();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}
