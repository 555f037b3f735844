/**
 * Shows what Python says and tells Python what the person did. Takes photos from the first moment, before Python runs.
 *
 * @typedef {import("./messages.js").Model} Model
 * @typedef {import("./messages.js").View} View
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./messages.js").FromWorker} FromWorker
 */

import { Choices } from "./choices.js";
import { announce, byId, notice, setText } from "./dom.js";
import { openIntake } from "./intake.js";
import { Link } from "./link.js";
import { goOffline } from "./offline.js";
import { Pictures } from "./pictures.js";
import { Shelf } from "./shelf.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import * as words from "./words.js";

const RUNTIME_BYTES = Number(document.querySelector("meta[name=hearth-runtime-bytes]")?.getAttribute("content") ?? 0);

/** @typedef {{file: File, cutout: Blob | null}} Files */

/** Everything that the page knows; all of it is drawn by `render`. */
const state = {
  /** @type {Map<number, Files>} */
  files: new Map(),
  /** @type {View | null} */
  view: null,
  selected: 0,
  stopping: 0,
  ready: false,
  broken: false, // for good
  loaded: 0,
};
let lastId = 0;

const shelf = new Shelf({ tell: (message, transfer) => link.post(message, transfer), changed: () => choices.update() });
const pictures = new Pictures(render);
const choices = new Choices((model) => link.post({ type: "choose", model }), shelf);
const stage = new Stage({ stop, retry, remove });
const strip = new Strip({ select });
const link = new Link({ receive, describe, broke });
openIntake(take);
shelf.showStored();

/** @param {File[]} files */
function take(files) {
  const added = files.map((file) => ({ id: ++lastId, file }));
  const current = photos().find((photo) => photo.id === state.selected);
  for (const { id, file } of added) {
    state.files.set(id, { file, cutout: null });
    pictures.addThumb(id, file);
  }
  if (!current || !["waiting", "working"].includes(current.state)) state.selected = added[0].id;
  announce(words.taken(added.length));
  link.post({ type: "add", photos: added });
  render();
}

/** The photos as Python sees them, and those that it has not seen yet. @returns {PhotoView[]} */
function photos() {
  const seen = new Map(state.view?.photos.map((photo) => [photo.id, photo]));
  return [...state.files].map(([id, { file }]) => seen.get(id) ?? unseen(id, file.name));
}

/** @param {number} id @param {string} name @returns {PhotoView} */
function unseen(id, name) {
  const text = state.broken ? words.NO_START : words.startingUp(state.loaded, RUNTIME_BYTES);
  const stages = state.loaded && !state.ready ? [{ title: text, fraction: state.loaded / RUNTIME_BYTES }] : [];
  return {
    ...{ id, name, state: "waiting", text, stages, model: "", can_redo: false, note: "" },
    ...{ file_name: "", width: 0, height: 0 },
  };
}

/** @param {FromWorker} message */
function receive(message) {
  switch (message.type) {
    case "booting":
      state.loaded = Math.min(message.loaded, RUNTIME_BYTES);
      break;
    case "ready":
      // Only now: storing the runtime for offline use would slow down its first start.
      if (!state.ready) goOffline({ busy: () => state.files.size > 0, stored: () => shelf.holds(choices.chosen) });
      state.ready = true;
      document.documentElement.dataset.ready = "";
      performance.mark("hearth-ready");
      break;
    case "view":
      takeView(message.view);
      break;
    case "need-model":
      shelf.fetch(message.id);
      return;
    case "drop-model":
      shelf.drop(message.id);
      return;
    case "picture":
      pictures.put(message.id, message.kind, message);
      return;
    case "cutout": {
      const files = state.files.get(message.id);
      if (files) files.cutout = new Blob([message.png], { type: "image/png" });
      shelf.persist();
      break;
    }
  }
  render();
}

/** @param {View} view */
function takeView(view) {
  state.view = view;
  if (view.announcement) announce(view.announcement);
  const stopping = view.photos.find((photo) => photo.id === state.stopping);
  if (state.stopping && stopping?.state !== "working") {
    state.stopping = 0;
    link.stopped();
  }
}

async function describe() {
  const models = await shelf.models();
  await choices.fill(models);
  const eager = await shelf.isEager(choices.chosen);
  if (eager) shelf.fetchAhead(choices.chosen);
  return {
    start: {
      ...{ type: /** @type {const} */ ("start"), models, model: choices.chosen, eager },
      ...{ photos: state.view?.photos ?? [], stopping: state.stopping },
    },
    files: [...state.files].map(([id, { file }]) => ({ id, file })),
  };
}

/** @param {boolean} final */
function broke(final) {
  state.broken = final;
  notice(final ? words.NO_START : words.RESTARTED);
  render();
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
    state.stopping = id;
    link.stop(id);
  } else {
    link.post({ type: "stop", id });
  }
  render();
}

/** @param {number} id */
function retry(id) {
  link.post({ type: "retry", id });
}

/** @param {number} id */
function remove(id) {
  const order = [...state.files.keys()];
  const next = order[order.indexOf(id) + 1] ?? order[order.indexOf(id) - 1] ?? 0;
  state.files.delete(id);
  pictures.remove(id);
  link.post({ type: "remove", id });
  select(next);
  // The keyboard goes on with the photo that is shown now.
  const target = next ? "#strip [aria-current=true]" : "#welcome [data-choose]";
  /** @type {HTMLElement | null} */ (document.querySelector(target))?.focus();
}

function render() {
  const all = photos();
  const selected = all.find((photo) => photo.id === state.selected) ?? null;
  document.body.classList.toggle("at-work", all.length > 0);
  byId("welcome").hidden = all.length > 0;
  byId("work").hidden = byId("queue").hidden = all.length === 0;
  setText(byId("engine"), state.view?.engine ?? words.startingUp(state.loaded, RUNTIME_BYTES));
  strip.render(all, state.selected, pictures);
  if (selected) {
    const files = /** @type {Files} */ (state.files.get(selected.id));
    const title = choices.title(state.view?.model ?? "");
    stage.render(selected, files, pictures, { stopping: state.stopping === selected.id, redo: words.redoWith(title) });
  }
}
