/**
 * Shows what Python says and tells Python what the person did; plays and draws the song meanwhile.
 *
 * @typedef {import("./messages.js").View} View
 * @typedef {import("./messages.js").TrackView} TrackView
 * @typedef {import("./messages.js").FromWorker} FromWorker
 * @typedef {import("./programs.js").Looks} Looks
 */

import { announce, byId, make, notice, setText } from "../shell/dom.js";
import { isPicture, isSound } from "../shell/handover.js";
import { openIntake } from "../shell/intake.js";
import { Offline } from "../shell/offline.js";
import { showStages } from "../shell/progress.js";
import { Python } from "../shell/python.js";
import { Shelf } from "../shell/shelf.js";
import { Stored } from "../shell/stored.js";
import { say, told, translate, visibleName } from "../shell/words.js";
import { asWav, isAiff } from "./aiff.js";
import { takeWorker } from "./early.js";
import { Saver } from "./export/saver.js";
import { Features, sees } from "./features.js";
import { Glimpse } from "./glimpse.js";
import { Live } from "./live.js";
import { Overview } from "./overview.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { Renderer } from "./renderer.js";
import { firstSettings, keepSettings } from "./settings.js";
import { Stage } from "./stage.js";
import { decodeWhole } from "./whole.js";
import { clock } from "./clock.js";

/** @type {Looks} */
const looks = await (await fetch(new URL("./looks.json", import.meta.url))).json();

/** Everything that the page knows; all of it is drawn by `render` and `stage`. */
const state = {
  /** @type {{id: number, file: File} | null} */
  track: null,
  /** @type {Live | null} */
  live: null, // the microphone, while it is listened to
  asking: false, // for the microphone
  mute: false, // whether the browser can't play it
  inWorkers: true, // whether the track can be decoded in a worker
  /** @type {View | null} */
  view: null,
  features: new Features(),
  settings: firstSettings(looks),
  movedOf: 0, // the track whose sound has moved a picture
  thumbsOf: 0, // the track whose small pictures are shown
};
let lastId = 0;
/** @type {Renderer | null} */
let small = null; // draws the scenes' small pictures

translate(document);

const shelf = new Shelf({ tool: "visualizer", tell: (message) => python.post(message), changed, notice });
const footer = new Stored(shelf);
const offline = new Offline({ busy: () => state.track !== null, stored });
const player = new Player({ changed: () => stage.ask(), failed: notPlayed });
const panel = new Panel(looks, state.settings, settingChanged);
const overview = new Overview(player, () => state.features);
const stage = new Stage(looks, { now, drawn, sceneFailed, lost: () => notice(say("look.lost")) });
const glimpse = new Glimpse(() => stage.ask());
const saver = new Saver({
  ...{ looks, settings: state.settings, player, features: () => state.features, sound: soundForSaving, name: fileName },
  failed: () => trackView()?.state === "failed",
  hold: (pixels) => stage.hold(pixels),
});
const python = new Python({ start: takeWorker, success: "heard", describe, shelf, offline, receive, broke: render, restarted: say("song.restarted") });
openIntake({ take: ([file]) => open(file), isOwn: isSound, isOther: isPicture, other: new URL("../index.html", import.meta.url), nothing: say("song.nothing") });
addEventListener("beforeunload", (event) => {
  if (saver.busy || state.live) event.preventDefault();
});
if (!stage.works) notice(say("look.no-webgl"));
byId("retry").addEventListener("click", retry);
byId("stop").addEventListener("click", () => (state.live ? keepRecording() : stop()));
byId("listen").addEventListener("click", listen);
byId("fullscreen").addEventListener("click", fullscreen);
byId("still").addEventListener("click", saveStill);

/** @param {File} given */
async function open(given) {
  const id = ++lastId;
  const file = isAiff(given) ? await asWav(given) : given;
  if (id !== lastId) return; // another one was dropped meanwhile
  if (state.live) setAside(state.live);
  state.live = null;
  state.track = { id, file };
  Object.assign(state, { inWorkers: true, mute: false });
  saver.interrupt();
  state.features = new Features();
  player.known = 0;
  panel.fill(file.name.replace(/\.[^.]*$/, ""), "", null);
  player.open(file);
  player.describe(state.settings.title, "", null);
  glimpse.open(state.track, state.settings.guard);
  python.post({ type: "open", ...state.track });
  render();
  byId("studio").scrollIntoView({ block: "start", behavior: "instant" });
}

/** What failed is opened once more: the file may be there again. */
function retry() {
  if (!state.track) return;
  if (!player.opened) player.open(state.track.file);
  state.mute = false;
  python.post({ type: "retry", id: state.track.id });
}

/** The browser can't play it; whether it can be heard nevertheless, Python says. */
function notPlayed() {
  state.mute = true;
  announce(say("song.not-played"));
  render();
}

/** Shows what the microphone hears. */
async function listen() {
  if (state.asking) return;
  state.asking = true;
  try {
    state.live = await Live.open(state.settings.guard, () => {
      if (state.live) notice(say("live.gone"));
      keepRecording();
    });
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    notice(say("live.refused"));
    return;
  } finally {
    state.asking = false;
  }
  saver.interrupt();
  player.close();
  glimpse.close();
  panel.fill("", "", null);
  render();
  stage.ask();
}

/** What the microphone heard becomes the track. */
async function keepRecording() {
  const live = state.live;
  state.live = null;
  if (live) open(await live.close());
}

/** What the microphone heard is saved where a song takes its place. @param {Live} live */
async function setAside(live) {
  const file = await live.close();
  if (!file.size) return;
  download(file, file.name);
  notice(say("live.set-aside", { name: file.name }));
}

function now() {
  if (state.live) {
    state.live.listen();
    return { features: state.live.features, settings: state.settings, time: state.live.time - 0.04, moving: true };
  }
  const { time, playing } = player;
  const features = sees(state.features, time, glimpse.features) ? state.features : glimpse.features;
  return { features, settings: state.settings, time, moving: playing };
}

/** After each frame. */
function drawn() {
  if (state.movedOf !== lastId && player.playing && now().features.frames) {
    state.movedOf = lastId;
    performance.mark("hearth-moves");
  }
  if (state.live) return setText(byId("clock"), clock(state.live.time));
  overview.render();
  setText(byId("clock"), clock(player.time));
  saver.update();
  setText(byId("length"), overview.duration ? `/ ${clock(overview.duration)}` : "");
}

/** @param {FromWorker} message */
function receive(message) {
  switch (message.type) {
    case "view":
      takeView(message.view);
      break;
    case "decode":
      decode(message.id);
      return;
    case "tags":
      if (message.id === state.track?.id) takeTags(message);
      return;
    case "heard":
      if (message.id === state.track?.id) takeHeard(message);
      return;
  }
  render();
}

/** @param {View} view */
function takeView(view) {
  announce(told(view.announcement));
  state.view = view;
  if (trackView()?.state === "failed" && !state.live) player.close();
  python.settle(view.track?.state === "hearing");
}

/** @param {import("./messages.js").Heard} heard */
function takeHeard(heard) {
  state.features.take(heard);
  if (heard.complete || heard.frames >= glimpse.features.frames) glimpse.close();
  player.known = heard.duration;
  stage.ask();
  document.documentElement.dataset.heard = String(heard.complete);
  if (heard.complete && state.thumbsOf !== heard.id) {
    state.thumbsOf = heard.id;
    drawThumbs();
  }
}

/** @param {import("./messages.js").Tags} tags */
function takeTags({ title, artist, cover }) {
  if (!title && !cover) return;
  panel.fill(title || state.settings.title, artist, cover);
  player.describe(state.settings.title, artist, cover);
}

/** @param {number} id */
async function decode(id) {
  const track = state.track;
  state.inWorkers = false;
  const whole = track?.id === id ? await decodeWhole(track.file) : null;
  python.post({ type: "decoded", id, whole }, whole?.channels.map(({ buffer }) => buffer) ?? []);
}

async function describe() {
  const models = await shelf.models();
  const eager = (await Promise.all(models.map(({ id }) => shelf.isEager(id)))).every(Boolean);
  const start = { type: "start", models, eager, stopping: python.stopping, guard: state.settings.guard };
  return state.track ? [start, { type: "open", ...state.track }] : [start];
}

/** What is stored changed. */
function changed() {
  footer.show();
  offline.update();
}

async function stored() {
  const models = await shelf.models();
  return (await Promise.all(models.map((model) => shelf.store.holds(model)))).every(Boolean);
}

/** @param {string} key */
function settingChanged(key) {
  keepSettings(state.settings);
  if (key === "guard") python.post({ type: "guard", on: state.settings.guard });
  stage.ask();
}

/** @param {string} scene */
function sceneFailed(scene) {
  const next = looks.scenes.find(({ id }) => id !== scene);
  if (!next) return;
  notice(say("look.scene-failed"));
  panel.choose(next.id);
}

function stop() {
  if (state.track) python.stop(state.track.id);
}

/** Small pictures of all scenes, at the moment of the song when most goes on. */
function drawThumbs() {
  if (!stage.works) return;
  if (small?.gl.isContextLost()) small = null;
  small ??= new Renderer(new OffscreenCanvas(192, 108), looks); // one for all songs: a page may not have many
  const renderer = small;
  const { features, settings } = state;
  const moment = features.duration * 0.4;
  panel.drawThumbs((scene, thumb) => {
    renderer.draw(features, { ...settings, scene, cover: null, shape: "wide", title: settings.title }, moment);
    thumb.getContext("2d")?.drawImage(renderer.canvas, 0, 0);
  });
}

/** What a worker can make the soundtrack of. */
async function soundForSaving() {
  const file = /** @type {File} */ (state.track?.file);
  return (state.inWorkers ? null : await decodeWhole(file)) ?? file;
}

/** For what is saved, without a suffix. */
function fileName() {
  return (state.settings.title || "hearth").replace(/[\\/:*?"<>|]/g, "-");
}

function fullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else byId("stage").requestFullscreen?.();
}

/** Saves what is shown, at the size of the video. */
async function saveStill() {
  if (!stage.works) return notice(say("look.no-webgl"));
  const { features, settings, time } = now();
  const { width, height } = saver.pixels;
  const canvas = new OffscreenCanvas(width, height);
  const renderer = new Renderer(canvas, looks);
  renderer.draw(features, settings, time);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  renderer.close();
  download(blob, `${fileName()}.png`);
}

/** @param {Blob} blob @param {string} name */
function download(blob, name) {
  const link = make("a", "");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The track as Python sees it, or as it is before Python runs. @returns {TrackView | null} */
function trackView() {
  const { track, view, live } = state;
  const nothing = { stages: [], notes: [], duration: 0, tempo: 0 };
  if (live) return { id: 0, name: say("live.name"), state: "hearing", text: say("live.text"), ...nothing };
  if (!track) return null;
  const seen = view?.track?.id === track.id ? view.track : null;
  if (seen && python.broken && (seen.state === "opening" || seen.state === "hearing")) return { ...seen, state: "failed", text: python.broken };
  const text = python.broken || (python.ready ? say("song.opening") : python.words);
  return seen ?? { id: track.id, name: visibleName(track.file.name), state: "opening", text, ...nothing };
}

/** What is drawn from: for whoever looks at frames from outside. */
export function studio() {
  return { features: state.features, glimpse: glimpse.features, settings: { ...state.settings, cover: null }, looks };
}

function render() {
  const track = trackView();
  document.body.classList.toggle("at-work", track !== null);
  byId("welcome").hidden = track !== null;
  byId("studio").hidden = track === null;
  setText(byId("engine"), python.broken || (state.view ? told(state.view.engine) : python.words));
  if (!track) return;
  setText(byId("name"), track.name);
  const unplayed = state.mute && (track.state === "hearing" || track.state === "done");
  setText(byId("state"), [track.text, ...track.notes, unplayed ? say("song.not-played") : ""].map(told).join(" "));
  byId("studio").dataset.state = track.state;
  byId("studio").classList.toggle("unopened", track.state === "failed" && !player.opened);
  byId("retry").hidden = (track.state !== "failed" && track.state !== "stopped") || python.broken !== "";
  byId("stop").hidden = track.state !== "hearing";
  setText(byId("stop"), say(state.live ? "live.keep" : "song.stop"));
  byId("studio").classList.toggle("live", state.live !== null);
  showStages(byId("progress"), track.stages);
  saver.update();
}
