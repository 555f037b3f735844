/**
 * Shows what Python says and tells Python what the person did. Takes photos from the first moment, before Python runs.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {import("./messages.js").View} View
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./messages.js").FromWorker} FromWorker
 */

import { Choices } from "./choices.js";
import { takeWorker } from "./early.js";
import { Bulk } from "./bulk.js";
import { Card } from "./card.js";
import { Collection } from "./collection.js";
import { Editor } from "./editor.js";
import { Panels } from "./panel.js";
import { announce, byId, notice, setText } from "../shell/dom.js";
import { confirmed } from "../shell/dialog.js";
import { Eraser } from "../shell/erase.js";
import { isPicture, isSound } from "../shell/handover.js";
import { openIntake } from "../shell/intake.js";
import { Offline } from "../shell/offline.js";
import { Own, isModel } from "./own.js";
import { Pictures } from "./pictures.js";
import { Queue } from "./queue.js";
import { Python } from "../shell/python.js";
import { release } from "../shell/release.js";
import { Shelf } from "../shell/shelf.js";
import { Stage } from "./stage.js";
import { Stored } from "../shell/stored.js";
import { Strip } from "./strip.js";
import { say, told, translate, visibleName } from "../shell/words.js";

const ROOT = new URL("../index.html", import.meta.url);
const PROGRESS_MS = 120; // between two times that progress alone is drawn: that takes the processor from the network

/** @typedef {import("./collection.js").Files} Files */

/** Everything that the page knows; all of it is drawn by `render`. */
const state = {
  /** @type {View | null} */
  view: null,
  selected: 0,
  begun: false, // whether Python has run before
  /** @type {boolean | null} */
  pausing: null, // what the person asked for, until Python says that it is so
  restarting: false, // until the new worker shows its view
};

let rendering = 0; // the timer of the next time
let rendered = 0; // when that was last

translate(document);

const shelf = new Shelf({ tool: "cutout", tell: (message) => python.post(message), changed, notice });
const footer = new Stored(shelf);
const pictures = new Pictures(render);
const collection = new Collection(new URL("./", ROOT), pictures);
const { files } = collection;
const restored = collection.restore();
const choices = new Choices(choose, (on) => python.post({ type: "twice", on }), shelf);
const own = new Own(shelf.own, {
  inspect: (id, file) => python.post({ type: "inspect", id, file }),
  check: (id, file) => python.post({ type: "check", id, file }),
  changed: takeOwn,
});
const offline = new Offline({ busy: () => files.size > 0, stored: async () => choices.chosen !== "" && shelf.holds(choices.chosen) });
const card = new Card({ stop, retry, remove, reload: () => location.reload(), saved, write: (id) => python.post({ type: "export", id }) });
const bulk = new Bulk({ post: (message) => python.post(message), collection, photos, changed: render });
const editor = new Editor({ post: (message, transfer) => python.post(message, transfer), changed: render, collection, share: (id) => bulk.share(id) });
const stage = new Stage(editor, (message) => python.post(message));
const panels = new Panels(editor);
const strip = new Strip({ select: (id, choosing) => (choosing || queue.choosing ? queue.toggle(id) : select(id)) });
const queue = new Queue({
  pause,
  retry: (ids) => ids.forEach(retry),
  remove: removeAll,
  same: (ids) => python.post({ type: "look-all", id: state.selected, ids }),
  archive: (ids) => bulk.archive(ids),
  folder: (ids) => bulk.folder(ids),
  changed: render,
});
const python = new Python({ start: takeWorker, success: "cutout", describe, shelf, offline, receive, broke, restarted: say("start.restarted") });
new Eraser({ root: new URL("./", ROOT), measure, end });
openIntake({ take: takeAny, isOwn: isPicture, isOther: isSound, other: new URL("../visualizer.html", import.meta.url), nothing: say("intake.no-photo") });
byId("own-settings").addEventListener("click", () => {
  const model = choices.models.find((model) => model.id === choices.chosen);
  if (model?.own) own.openSettings(model);
});
restored.then((count) => {
  if (!count) return;
  state.selected ||= [...files.keys()][0];
  announce(say("kept.restored", { count }));
  render();
});
addEventListener("beforeunload", (event) => {
  if (photos().some(wouldBeLost)) event.preventDefault();
});

/** Photos go to the queue, a model to its dialog. @param {File[]} given @param {string[]} folders @param {number} skipped */
function takeAny(given, folders, skipped) {
  const model = given.find(isModel);
  if (model) own.take(model);
  const photos = given.flatMap((file, index) => (isModel(file) ? [] : [index]));
  if (photos.length) take(photos.map((index) => given[index]), photos.map((index) => folders[index]), skipped);
}

/** @param {File[]} given @param {string[]} folders @param {number} skipped */
function take(given, folders, skipped) {
  const soon = python.ready && !state.restarting && !python.broken && !paused() && !photos().some(isActive);
  const added = collection.add(given, folders, soon);
  const current = photos().find((photo) => photo.id === state.selected);
  if (!current || !isActive(current)) state.selected = added[0].id;
  announce(say("intake.taken", { count: added.length }));
  if (skipped) notice(say("intake.skipped", { taken: added.length, count: skipped }));
  python.post({ type: "add", photos: added });
  render();
}

/** @param {PhotoView} photo */
function isActive({ state }) {
  return state === "waiting" || state === "working";
}

/** The photos as Python sees them, and those that it has not seen yet. @returns {PhotoView[]} */
function photos() {
  const seen = new Map(state.view?.photos.map((photo) => [photo.id, photo]));
  return [...files].map(([id, { file, view }]) => asItIs(seen.get(id) ?? view ?? unseen(id, visibleName(file.name))));
}

/** What Python said last, corrected where it does not know yet what was done, or where its worker has ended since. @param {PhotoView} photo @returns {PhotoView} */
function asItIs(photo) {
  if (!editor.settled(photo) && !python.broken) photo = { ...photo, fresh: false };
  if (isActive(photo) && python.broken) return { ...photo, state: photo.model ? "done" : "failed", text: python.broken, stages: [] };
  if (python.broken) return { ...photo, can_redo: false };
  if (photo.state === "working" && state.restarting) return { ...photo, text: say("start.again"), stages: [] };
  return photo;
}

/** Whether closing the page would lose work: only where the device keeps nothing. @param {PhotoView} photo */
function wouldBeLost({ id, state }) {
  if (collection.kept.holds(id)) return false;
  return state === "waiting" || state === "working" || (state === "done" && !filesOf(id).saved);
}

/** @param {number} id */
function filesOf(id) {
  return /** @type {Files} */ (files.get(id));
}

/** @param {number} id @param {string} name @returns {PhotoView} */
function unseen(id, name) {
  const text = python.ready ? say("photo.waiting") : python.words;
  const stages = python.loaded && !python.ready ? [{ title: text, fraction: python.fraction }] : [];
  return {
    ...{ id, name, state: "waiting", text, stages, model: "", twice: false, can_redo: false, note: "" },
    ...{ file_name: "", file_note: "", file_width: 0, file_height: 0, fresh: false, writing: false, width: 0, height: 0 },
    ...{ look: null, serial: 0, undo: "", redo: "", touched: false },
  };
}

/** @param {FromWorker} message */
function receive(message) {
  switch (message.type) {
    case "ready":
      stage.forget();
      if (state.begun) editor.forget();
      state.begun = true;
      break;
    case "view": {
      const before = standing();
      takeView(message.view);
      if (before === standing()) return renderSoon();
      break;
    }
    case "checked":
      own.checked(message.id, message.verdict);
      return;
    case "inspected":
      own.show(message.report);
      return;
    case "picture":
      pictures.put(message.id, message.kind, message);
      return;
    case "layers":
      stage.takeLayers(message);
      Object.values(message.data).forEach(release);
      return;
    case "near":
      stage.takeNear(message);
      Object.values(message.data).forEach(release);
      return;
    case "tiles":
      stage.takeTiles(message);
      return;
    case "scene":
      stage.takeScene(message);
      return;
    case "history":
      collection.kept.history(message.id, message.data);
      return;
    case "cutout":
      collection.take(message.id, message.file).then(render);
      shelf.persist();
      break;
  }
  render();
}

/** What of all photos is to be seen at once, progress left out. */
function standing() {
  return JSON.stringify(state.view, (key, value) => (["text", "stages", "announcement"].includes(key) ? undefined : value));
}

/** @param {View} view */
function takeView(view) {
  const said = told(view.announcement);
  if (said && said !== told(state.view?.announcement ?? "")) announce(said);
  state.view = view;
  if (view.paused === state.pausing) state.pausing = null;
  state.restarting = false;
  collection.kept.see(view.photos);
  pictures.see(view.photos);
  bulk.see(photos());
  python.settle(view.photos.find((photo) => photo.id === python.stopping)?.state === "working");
}

/** What a new worker has to know. @returns {Promise<{type: string}[]>} */
async function describe() {
  await restored;
  const models = await shelf.models();
  await choices.fill(models);
  const eager = await shelf.isEager(choices.chosen);
  if (eager) shelf.fetchAhead(choices.chosen);
  const start = { type: "start", models, model: choices.chosen, twice: choices.twice, eager, photos: state.view?.photos ?? [], stopping: python.stopping };
  const backgrounds = collection.backgrounds.map((picture) => ({ type: "add-picture", ...picture }));
  const add = { type: "add", photos: await collection.described(state.view?.photos ?? []) };
  const pause = { type: "pause", on: paused() };
  return [start, ...backgrounds, ...(pause.on ? [pause] : []), add];
}

/** @param {boolean} final */
function broke(final) {
  state.restarting = !final;
  pictures.expectNothing();
  own.broke();
  render();
}

/** What is stored changed. */
function changed() {
  footer.show();
  choices.update();
  offline.update();
}

/** The person's own models are others now. @param {string} chosen  empty for the first of all */
async function takeOwn(chosen) {
  const models = await shelf.models();
  python.post({ type: "models", models: await shelf.own.list() });
  await choices.fill(models);
  choices.take(chosen || models[0].id);
}

/** @param {string} model */
function choose(model) {
  python.post({ type: "choose", model });
  offline.update();
}

/** Whether the queue stands, or will in a moment. */
function paused() {
  return state.pausing ?? state.view?.paused ?? false;
}

/** @param {boolean} on */
function pause(on) {
  state.pausing = on;
  python.post({ type: "pause", on });
  render();
}

/** @param {number} id */
function saved(id) {
  collection.saved(id);
}

/** @param {number} id */
function select(id) {
  state.selected = id;
  render();
}

/** @param {number} id */
function stop(id) {
  const working = photos().some((photo) => photo.id === id && photo.state === "working");
  if (working) {
    python.stop(id);
  } else {
    python.post({ type: "stop", id });
  }
  render();
}

/** @param {number} id */
function retry(id) {
  python.post({ type: "retry", id });
}

/** @param {number} id */
function remove(id) {
  const order = [...files.keys()];
  const next = order[order.indexOf(id) + 1] ?? order[order.indexOf(id) - 1] ?? 0;
  collection.remove(id);
  python.post({ type: "remove", id });
  select(next);
  // The keyboard goes on with the photo that is shown now.
  const target = next ? "#strip [aria-current=true]" : "#welcome [data-choose]";
  /** @type {HTMLElement | null} */ (document.querySelector(target))?.focus();
}

/** @param {number[]} ids */
async function removeAll(ids) {
  if (!(await confirmed(say("queue.remove-title", { count: ids.length }), say("queue.remove-words"), say("work.remove")))) return;
  for (const id of ids) {
    collection.remove(id);
    python.post({ type: "remove", id });
  }
  queue.choosing = false;
  if (!files.has(state.selected)) state.selected = [...files.keys()][0] ?? 0;
  render();
  /** @type {HTMLElement | null} */ (document.querySelector(files.size ? "#strip [aria-current=true]" : "#welcome [data-choose]"))?.focus();
}

/** What is stored, for the question before it is deleted. */
async function measure() {
  const { photos, files, cutouts, rest } = await collection.kept.measure();
  return [
    { words: say("erase.photos", { count: photos }), bytes: files },
    { words: say("erase.results"), bytes: cutouts },
    { words: say("erase.edits"), bytes: rest },
  ];
}

/** Ends all work for good and deletes what was kept. */
async function end() {
  python.end();
  shelf.end();
  await collection.kept.destroy();
}

function renderSoon() {
  rendering ||= setTimeout(render, Math.max(0, rendered + PROGRESS_MS - performance.now()));
}

function render() {
  clearTimeout(rendering);
  rendering = 0;
  rendered = performance.now();
  const all = photos();
  const selected = all.find((photo) => photo.id === state.selected) ?? null;
  document.body.classList.toggle("at-work", all.length > 0);
  byId("welcome").hidden = all.length > 0;
  byId("work").hidden = byId("queue").hidden = all.length === 0;
  setText(byId("engine"), python.broken || (state.view ? told(state.view.engine) : python.words));
  strip.render(all, state.selected, pictures, queue.chosen);
  const model = choices.title(state.view?.model ?? "");
  const twice = state.view?.twice ?? false;
  queue.render(all, paused(), bulk.saving, (count) => say(twice ? "queue.redo-twice" : "queue.redo", { count, model }));
  if (selected) {
    const files = filesOf(selected.id);
    editor.render(selected, all.length);
    stage.render(selected, files, pictures);
    panels.render(selected);
    card.render(selected, files, {
      ...{ stopping: python.stopping === selected.id && !python.broken, broken: Boolean(python.broken) },
      redo: say(twice ? "work.redo-twice" : "work.redo", { model }),
    });
  }
}
