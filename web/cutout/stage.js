/**
 * The photo on the canvas: seen before and after, near and from afar, painted on.
 *
 * @typedef {import("./messages.js").PhotoView} PhotoView
 * @typedef {import("./pictures.js").Pictures} Pictures
 * @typedef {import("./main.js").Files} Files
 * @typedef {import("./canvas/gl.js").Rect} Rect
 */

import { Hands } from "./canvas/hands.js";
import { around, clipped, grown, shaders } from "./canvas/gl.js";
import { PlainRenderer } from "./canvas/plain.js";
import { Renderer } from "./canvas/renderer.js";
import { Stroke } from "./canvas/stroke.js";
import { Viewport } from "./canvas/viewport.js";
import { byId, notice } from "../shell/dom.js";
import { say } from "../shell/words.js";
import { Toolbar } from "./toolbar.js";

const START_AT = 0.5; // of the width that shows the original when a cutout is done
const REVEAL_MS = 900;
const GHOST = 0.35; // how much is seen of what was removed, while painting
const MOST_PIXELS = 32e6; // of a photo on the graphics card; larger ones are shown smaller
const SETTLED_MS = 150; // after which the part that is seen is asked for with all its pixels
const CHECK = 12; // pixels on the screen
const BRUSH = 48; // the same, across, to begin with
const AS_IT_IS = [1, 0, 0, 0, 1, 0];

/** Whether WebGL is computed by the processor. @param {WebGL2RenderingContext} gl */
function bySoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
}

export class Stage {
  /** @param {import("./editor.js").Editor} editor @param {(message: import("./messages.js").ToWorker) => void} post */
  constructor(editor, post) {
    this.editor = editor;
    this.post = post;
    this.canvas = /** @type {HTMLCanvasElement} */ (byId("canvas"));
    this.standIn = /** @type {HTMLCanvasElement} */ (byId("stand-in"));
    this.view = new Viewport();
    /** @type {Renderer | PlainRenderer | null} */
    this.renderer = null;
    /** @type {PlainRenderer | null} where no graphics card draws: shows pictures until there are layers, at a tenth of the time */
    this.plain = null;
    /** @type {PhotoView | null} */
    this.photo = null;
    this.asked = 0; // the photo whose layers were asked for
    this.layersOf = 0; // the photo whose layers are on the canvas
    /** @type {import("./pictures.js").Pair} the pictures that stand in for them */
    this.pair = { before: null, after: null };
    /** @type {import("./messages.js").Scene | null} what stands around the photo's subject */
    this.scene = null;
    this.size = { width: 3, height: 2 }; // of the photo
    this.comparing = false;
    this.split = 1; // of what is seen of the photo, from the left: the original
    this.revealed = -Infinity; // when a cutout began to be uncovered
    /** @type {Rect | null} pixels of the canvas to be drawn again, whatever was drawn last */
    this.dirty = null;
    this.drawn = { sight: "", at: 0 }; // how the photo was seen then, and where the split was
    this.drawing = 0; // the frame that is asked for
    this.settling = 0; // the timer after which a part is asked for
    this.stroke = new Stroke();
    this.toolbar = new Toolbar(this, editor);
    this.compare = /** @type {HTMLInputElement} */ (byId("compare"));
    this.compare.addEventListener("input", () => this.setSplit(Number(this.compare.value) / 100));
    this.#dragDivider();
    editor.handySize = () => Math.round((BRUSH * devicePixelRatio) / this.view.photoScale);
    new Hands(this.canvas, this.#doing());
    const resized = new ResizeObserver(() => this.#resize());
    for (const id of ["frame", "toolbar"]) resized.observe(byId(id));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.invalidate());
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => this.#open());
    this.#open();
  }

  /** @param {PhotoView} photo @param {Files} files @param {Pictures} pictures */
  render(photo, files, pictures) {
    const another = this.photo?.id !== photo.id;
    this.photo = photo;
    const pair = pictures.pair(photo.id, files);
    const before = pair.before ?? pictures.thumbs.get(photo.id) ?? null;
    byId("stage").dataset.state = photo.state;
    byId("frame").hidden = !before;
    byId("nothing").toggleAttribute("hidden", Boolean(before));
    const { width, height } = photo.width ? photo : (before ?? { width: 3, height: 2 });
    if (another) this.scene = null;
    if (another) this.stroke.end();
    this.size = { width, height };
    if (this.view.show(this.scene ?? { width, height }, this.scene?.matrix ?? AS_IT_IS) || another) this.view.fit();
    this.#feed(photo, { before, after: pair.after }, another);
    this.#showCompare(another);
    this.#moved();
    this.toolbar.render(photo);
  }

  /** The worker was started anew and knows nothing of the canvas. */
  forget() {
    this.asked = 0;
  }

  /** @param {import("./messages.js").Layers} message */
  takeLayers(message) {
    if (!(this.renderer instanceof Renderer) || message.id !== this.photo?.id) return;
    this.renderer.takeLayers(message);
    if (message.data.photo) {
      this.layersOf = message.id;
      this.pair = { before: null, after: null };
    }
    this.#showCompare(false);
    this.invalidate();
    this.#moved();
  }

  /** @param {import("./messages.js").Near} message */
  takeNear(message) {
    if (!(this.renderer instanceof Renderer) || message.id !== this.layersOf) return;
    this.renderer.near.take(message);
    this.invalidate();
  }

  /** @param {import("./messages.js").Scene} message */
  takeScene(message) {
    if (!(this.renderer instanceof Renderer) || message.id !== this.layersOf) return;
    this.renderer.scene.take(message);
    this.scene = message;
    if (this.view.show(message, message.matrix)) this.view.fit();
    this.invalidate();
    this.#moved();
  }

  /** @param {import("./messages.js").Tiles} message */
  takeTiles({ id, tiles, data }) {
    if (!(this.renderer instanceof Renderer) || id !== this.layersOf) return;
    this.renderer.takeTiles(tiles, data);
    this.invalidate();
  }

  /** @param {"in" | "out" | "fit" | "pixels"} kind */
  zoomTo(kind) {
    const { canvas, scale, fitScale } = this.view;
    this.view.zoomTo({ in: scale * 1.5, out: scale / 1.5, fit: fitScale, pixels: 1 }[kind], canvas.width / 2, canvas.height / 2);
    this.#moved();
  }

  /** @param {number} split  0 to 1 */
  setSplit(split) {
    this.split = Math.min(1, Math.max(0, split));
    this.revealed = -Infinity;
    const part = Math.round(100 * this.split) / 100;
    this.compare.value = String(Math.round(100 * part));
    this.compare.setAttribute("aria-valuetext", say("work.compared", { part }));
    this.#schedule();
  }

  /** Draws again, all of it or a part in pixels of the canvas. @param {Rect} [part] */
  invalidate(part = { left: 0, top: 0, right: this.canvas.width, bottom: this.canvas.height }) {
    this.dirty = around(this.dirty, part);
    this.#schedule();
  }

  /** Draws what is seen otherwise now; without a graphics card, drawing takes the processor from the network. */
  #schedule() {
    this.drawing ||= requestAnimationFrame(() => this.#draw());
  }

  async #open() {
    this.asked = this.layersOf = 0;
    this.pair = { before: null, after: null };
    const gl = this.canvas.getContext("webgl2", { antialias: false, depth: false, preserveDrawingBuffer: true });
    if (gl) {
      this.renderer = new Renderer(gl, await shaders());
      const context = bySoftware(gl) ? this.standIn.getContext("2d") : null;
      this.plain = context && new PlainRenderer(context);
    } else {
      this.renderer = new PlainRenderer(/** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d")));
      byId("work").classList.add("no-webgl");
      notice(say("canvas.no-webgl"));
    }
    this.editor.changed();
  }

  /** @param {PhotoView} photo @param {import("./pictures.js").Pair} pair @param {boolean} another  photo than before */
  #feed(photo, pair, another) {
    const { renderer } = this;
    if (renderer instanceof Renderer && photo.model && this.asked !== photo.id) {
      this.asked = photo.id;
      const side = renderer.gl.getParameter(renderer.gl.MAX_TEXTURE_SIZE);
      this.post({ type: "open", id: photo.id, side, pixels: MOST_PIXELS });
    }
    const same = pair.before === this.pair.before && pair.after === this.pair.after;
    if (!renderer || this.layersOf === photo.id) return;
    const standsIn = this.plain ?? renderer;
    standsIn.size = this.size;
    if (same && !another) return;
    this.layersOf = 0;
    this.pair = pair;
    if (this.plain && renderer instanceof Renderer) renderer.clear();
    standsIn.takePair(pair, this.size);
    this.invalidate();
  }

  /** What is seen: the layers, or what stands in for them. */
  get #shown() {
    return this.layersOf === this.photo?.id ? this.renderer : (this.plain ?? this.renderer);
  }

  /** @param {boolean} another  photo than before */
  #showCompare(another) {
    const comparing = Boolean(this.#shown?.whole);
    const turned = comparing !== this.comparing || another;
    const come = comparing && !this.comparing && !another;
    this.comparing = comparing;
    this.compare.hidden = !comparing;
    byId("frame").classList.toggle("comparing", comparing && this.editor.tool === "move");
    if (turned) this.setSplit(comparing ? START_AT : 1);
    // A cutout that comes while one looks on is uncovered from the right, unless that takes the processor from its file.
    if (come && !this.plain && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.revealed = performance.now();
  }

  #resize() {
    const { width, height } = byId("frame").getBoundingClientRect();
    const pixels = (/** @type {number} */ points) => Math.round(points * devicePixelRatio);
    const canvas = { width: Math.max(1, pixels(width)), height: Math.max(1, pixels(height)) };
    const side = Math.min(16, width / 40);
    const { top, bottom } = this.toolbar.room(byId("frame").getBoundingClientRect());
    this.view.resize(canvas, { side: pixels(side), top: pixels(Math.max(side, top)), bottom: pixels(Math.max(side, bottom)) });
    for (const one of [this.canvas, this.standIn]) {
      if (canvas.width !== one.width || canvas.height !== one.height) Object.assign(one, canvas);
    }
    this.invalidate();
    this.#moved();
    cancelAnimationFrame(this.drawing);
    this.#draw(); // at once: to resize a canvas empties it
  }

  /** The photo may lie elsewhere on the canvas now. */
  #moved() {
    this.toolbar.showZoom(this.view);
    this.#showBrush();
    this.#schedule();
    this.#lookNear();
  }

  /** Asks for all pixels of what is seen, where the layers have fewer than the canvas shows. */
  #lookNear() {
    clearTimeout(this.settling);
    const { renderer, view, photo } = this;
    if (!(renderer instanceof Renderer) || !photo || this.layersOf !== photo.id) return;
    if (renderer.reduction === 1 || view.photoScale <= renderer.reduction) return;
    const part = renderer.near.missing(clipped(view.onPhoto(view.seen), photo.width, photo.height), photo);
    if (part) this.settling = window.setTimeout(() => this.post({ type: "near", id: photo.id, ...part }), SETTLED_MS);
  }

  #draw() {
    this.drawing = 0;
    const { view, photo, editor } = this;
    const renderer = this.#shown;
    if (!renderer || !photo) return;
    this.standIn.hidden = renderer !== this.plain;
    this.canvas.classList.toggle("covered", renderer === this.plain);
    if (renderer instanceof Renderer) {
      const painted = renderer.paint(this.stroke.take(), editor.brush);
      if (painted) this.dirty = around(this.dirty, grown(view.onCanvas(painted), 2));
    }
    const { left, top, right, bottom } = view.seen;
    const at = Math.round(left + (right - left) * this.#splitNow());
    const seen = {
      look: editor.look(photo),
      toPhoto: view.matrix,
      scale: view.photoScale,
      ghost: editor.tool === "brush" && editor.brush.ghost ? GHOST : 0,
      checks: this.toolbar.checks,
      checkSize: CHECK * devicePixelRatio,
    };
    const { width, height } = this.canvas;
    const sight = JSON.stringify([seen, editor.tool, view.seen]);
    if (sight !== this.drawn.sight) this.dirty = { left: 0, top: 0, right: width, bottom: height };
    else if (at !== this.drawn.at) this.dirty = around(this.dirty, { left: Math.min(at, this.drawn.at), top: 0, right: Math.max(at, this.drawn.at), bottom: height });
    if (this.#isRevealing) this.#schedule();
    if (!this.dirty) return;
    const places = { "split-at": at, left, top, width: right - left, height: bottom - top };
    const { style } = byId("frame");
    style.setProperty("--split", `${Math.round(100 * this.split)}%`);
    for (const [name, value] of Object.entries(places)) style.setProperty(`--${name}`, `${value / devicePixelRatio}px`);
    renderer.draw({ ...seen, split: this.comparing && editor.tool === "brush" ? 0 : at }, this.dirty);
    this.drawn = { sight, at };
    this.dirty = null;
  }

  get #isRevealing() {
    return performance.now() - this.revealed < REVEAL_MS;
  }

  /** Where the split is seen, on its way to where it goes. */
  #splitNow() {
    if (!this.#isRevealing) return this.split;
    const left = 1 - (performance.now() - this.revealed) / REVEAL_MS;
    return this.split + (1 - this.split) * left ** 3;
  }

  /** The ring around what the brush would paint. */
  #showBrush() {
    const ring = byId("ring");
    const { brushAt } = this.stroke;
    ring.hidden = !brushAt || this.editor.tool !== "brush" || !this.canPaint;
    this.canvas.classList.toggle("painting", this.editor.tool === "brush");
    this.canvas.classList.toggle("movable", this.view.canPan);
    if (!brushAt) return;
    const across = (this.editor.brush.size * this.view.photoScale) / devicePixelRatio;
    const { x, y } = this.view.toCanvas(brushAt.x, brushAt.y);
    ring.style.width = ring.style.height = `${across}px`;
    ring.style.translate = `${x / devicePixelRatio - across / 2}px ${y / devicePixelRatio - across / 2}px`;
  }

  /** Whether there are layers to paint on. */
  get canPaint() {
    return this.renderer instanceof Renderer && this.renderer.whole && this.layersOf === this.photo?.id;
  }

  #dragDivider() {
    const divider = byId("divider");
    const move = (/** @type {PointerEvent} */ event) => {
      if (divider.hasPointerCapture(event.pointerId)) this.#compareAt((event.clientX - byId("frame").getBoundingClientRect().left) * devicePixelRatio);
    };
    divider.addEventListener("pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      this.compare.focus({ preventScroll: true });
      event.preventDefault();
    });
    divider.addEventListener("pointermove", move);
  }

  /** @param {number} u  pixels of the canvas */
  #compareAt(u) {
    const { left, right } = this.view.seen;
    if (this.comparing) this.setSplit((u - left) / (right - left));
  }

  /** @returns {import("./canvas/hands.js").Doing} */
  #doing() {
    const { view, editor, stroke } = this;
    const moved = (/** @type {void} */ _) => this.#moved();
    const touch = (/** @type {import("./canvas/hands.js").Spot} */ { x, y }, /** @type {number} */ pressure) =>
      stroke.go(view.toPhoto(x, y), editor.brush.size / 2, pressure, editor.brush.smart);
    return {
      tool: () => editor.tool,
      canPan: () => view.canPan,
      pan: (du, dv) => moved(view.pan(du, dv)),
      zoom: (factor, { x, y }) => moved(view.zoomTo(view.scale * factor, x, y)),
      jump: ({ x, y }) => moved(view.zoomTo(view.fitted ? Math.max(1, 2 * view.fitScale) : view.fitScale, x, y)),
      zoomTo: (kind) => this.zoomTo(kind),
      compare: ({ x }) => this.#compareAt(x),
      begin: (spot, pressure) => {
        if (!this.canPaint) return;
        stroke.begin();
        touch(spot, pressure);
        this.#schedule();
      },
      go: (spots) => {
        for (const { x, y, pressure } of spots) touch({ x, y }, pressure);
        this.#schedule();
      },
      end: (kept) => this.#endStroke(kept),
      hover: (spot) => {
        stroke.brushAt = spot && view.toPhoto(spot.x, spot.y);
        this.#showBrush();
      },
      moveBrush: (du, dv) => this.#moveBrush(du, dv),
      resizeBrush: (factor) => editor.setBrush({ size: editor.brush.size * factor }),
      undo: () => editor.undo(),
      redo: () => editor.redo(),
    };
  }

  /** @param {boolean} kept */
  #endStroke(kept) {
    if (!this.stroke.active || !(this.renderer instanceof Renderer)) return;
    if (kept) {
      this.renderer.paint(this.stroke.take(), this.editor.brush);
      this.editor.sendStroke(this.renderer.finishStroke());
    } else {
      this.renderer.dropStroke();
    }
    this.stroke.end();
    this.invalidate();
  }

  /** Moves the brush by keys, a step a quarter of its size; gives where it is then. @param {number} du @param {number} dv */
  #moveBrush(du, dv) {
    const { stroke, view, editor } = this;
    const step = Math.max(1, editor.brush.size / 4);
    const { x, y } = stroke.brushAt ?? view.toPhoto(view.canvas.width / 2, view.canvas.height / 2);
    const { width, height } = this.photo ?? { width: 0, height: 0 };
    stroke.brushAt = { x: Math.min(Math.max(x + du * step, 0), width), y: Math.min(Math.max(y + dv * step, 0), height) };
    this.#showBrush();
    return view.toCanvas(stroke.brushAt.x, stroke.brushAt.y);
  }
}
