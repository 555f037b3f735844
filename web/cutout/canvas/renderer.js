/**
 * Draws a photo's layers as the person wants to see them. Holds what is on the graphics card, decides nothing.
 *
 * @typedef {import("../messages.js").Layers} LayersMessage
 * @typedef {import("../messages.js").Look} Look
 * @typedef {import("./gl.js").Rect} Rect
 *
 * @typedef {object} Seen  How the photo is to be seen.
 * @property {Look | null} look  null where there is none yet
 * @property {number[]} toPhoto  3x3, row by row: from pixels of the canvas to pixels of the photo
 * @property {number} scale  pixels of the canvas for one of the photo
 * @property {number} split  pixels of the canvas from the left up to which the original is seen
 * @property {number} ghost  0 to 1: how much is seen of what was removed
 * @property {[number[], number[]]} checks  two colours of 0 to 1
 * @property {number} checkSize  pixels of the canvas
 */

import { Adjuster } from "./adjuster.js";
import { Near } from "./near.js";
import { Painter } from "./painter.js";
import { Scene } from "./scene.js";
import { Program, Target, Texture, clipped, isEmpty } from "./gl.js";

const TILE = 256;

/** @type {Look["mask"]} */
const UNTOUCHED = { source: "refined", shift: 0, feather: 0, threshold: 0.5, contrast: 0 };

export class Renderer {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {Awaited<ReturnType<typeof import("./gl.js").shaders>>} sources
   */
  constructor(gl, sources) {
    this.gl = gl;
    this.target = new Target(gl);
    this.compose = new Program(gl, sources.quad, sources.scene + sources.compose);
    this.adjuster = new Adjuster(gl, this.target, sources);
    this.scene = new Scene(gl);
    this.near = new Near(gl);
    this.painter = new Painter(gl, this.target, sources);
    this.empty = new Texture(gl, "RGBA8", 1, 1, { data: new Uint8Array(4) });
    this.neutral = new Texture(gl, "RG8", 1, 1, { data: new Uint8Array([0, 255]) });
    /** @type {Record<string, Texture>} */
    this.textures = {};
    this.size = { width: 0, height: 0 };
    this.hasAlpha = false;
    this.standsIn = false; // small pictures for the layers
    /** How the stroke on its way is painted. @type {{dabs: import("./painter.js").Dab[], hardness: number, smart: boolean}} */
    this.way = { dabs: [], hardness: 0, smart: false };
    /** @type {ImageBitmap | null} the one that is the photo's texture */
    this.before = null;
    gl.bindVertexArray(gl.createVertexArray());
  }

  /** Whether there is a cutout to see, not the photo alone. */
  get whole() {
    return "found" in this.textures;
  }

  /**
   * Takes small pictures of a photo and, once there is one, of its cutout, until its layers come.
   * @param {import("../pictures.js").Pair} pair @param {{width: number, height: number}} size
   */
  takePair({ before, after }, size) {
    const { photo, ...others } = this.textures;
    if (photo && before && before === this.before) this.textures = others; // it stays
    this.clear();
    if (photo && before && before === this.before) this.textures = { photo };
    this.standsIn = true;
    this.size = size;
    this.hasAlpha = false;
    const put = (/** @type {string} */ name, /** @type {ImageBitmap} */ data) =>
      this.#put(name, new Texture(this.gl, "RGBA8", data.width, data.height, { data, mips: true, sharp: true }));
    if (before && before !== this.before) put("photo", before);
    if (before && after) put("found", after);
    this.before = before;
  }

  /** Takes what Python sent. @param {LayersMessage} message */
  takeLayers({ width, height, full, small, has_alpha, data }) {
    const { gl } = this;
    if (data.photo) {
      this.clear();
      this.standsIn = false;
      this.size = { width: full?.[0] ?? width, height: full?.[1] ?? height };
      this.hasAlpha = Boolean(has_alpha);
      this.#put("photo", new Texture(gl, "RGBA8", width, height, { data: new Uint8Array(data.photo), mips: true, sharp: true }));
      for (const name of /** @type {const} */ (["subject", "background"])) {
        const pixels = data[name];
        if (pixels && small) this.#put(name, new Texture(gl, "RGBA8", small[0], small[1], { data: new Uint8Array(pixels) }));
      }
      const sharp = width === this.size.width; // else the file has finer strokes than the canvas: no squares of many pixels
      this.#put("strokes", new Texture(gl, "RG8", width, height, { mips: true, sharp }));
      this.target.clear(this.textures.strokes, [0, 1, 0, 0]);
      gl.bindTexture(gl.TEXTURE_2D, this.textures.strokes.texture);
      gl.generateMipmap(gl.TEXTURE_2D);
      this.#put("stroke", new Texture(gl, "R8", width, height, { sharp }));
      this.target.clear(this.textures.stroke, [0, 0, 0, 0]);
    }
    for (const name of /** @type {const} */ (["found", "base"])) {
      const pixels = data[name];
      if (pixels) this.#put(name, new Texture(gl, "R8", width, height, { data: new Uint8Array(pixels), mips: true, sharp: true }));
    }
    this.adjuster.forget();
  }

  /** Takes strokes as Python has them. @param {[number, number][]} places @param {ArrayBuffer} data */
  takeTiles(places, data) {
    const { strokes } = this.textures;
    if (!strokes) return;
    places.forEach(([x, y], index) => {
      const tile = new Uint8Array(data, index * TILE * TILE * 2, TILE * TILE * 2);
      const rect = clipped({ left: x * TILE, top: y * TILE, right: (x + 1) * TILE, bottom: (y + 1) * TILE }, strokes.width, strokes.height);
      if (isEmpty(rect)) return;
      strokes.write(tile, rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top, TILE);
      this.painter.shrink(strokes, rect);
    });
  }

  /** Pixels of the layers for one of the photo: less than 1 where the photo is too large for the graphics card. */
  get reduction() {
    return this.textures.strokes ? this.textures.strokes.width / this.size.width : 1;
  }

  /**
   * Goes on with a stroke.
   * @param {import("./painter.js").Dab[]} dabs  in pixels of the photo @param {import("../editor.js").Brush} brush
   * @returns {Rect | null}  what changed, in pixels of the photo
   */
  paint(dabs, brush) {
    if (!this.textures.stroke) return null;
    const { photo, stroke } = this.textures;
    const part = this.reduction;
    this.way.dabs.push(...dabs);
    Object.assign(this.way, { hardness: brush.hardness, smart: brush.smart });
    const scaled = dabs.map(({ x, y, radius, opacity }) => ({ x: x * part, y: y * part, radius: radius * part, opacity }));
    const changed = this.painter.paint({ photo, stroke }, scaled, brush);
    return changed && scaledRect(changed, 1 / part);
  }

  /** Ends the stroke; gives the tiles that it changed, or where the photo is larger, how it was painted and what it covers. */
  finishStroke() {
    const { strokes, stroke } = this.textures;
    const part = Math.round(1 / this.reduction);
    const way = part > 1 ? { ...this.way, part, dabs: this.way.dabs.map(({ x, y, radius }) => [x, y, radius]) } : undefined;
    this.way.dabs = [];
    const painted = stroke && this.painter.finish({ strokes, stroke }, Boolean(way));
    return painted ? { ...painted, way } : null;
  }

  /** Takes the stroke away again. */
  dropStroke() {
    this.way.dabs = [];
    if (this.textures.stroke) this.painter.drop({ stroke: this.textures.stroke });
  }

  /**
   * Draws the canvas, or a part of it.
   * @param {Seen} seen @param {Rect} [part]  pixels of the canvas from its top left
   */
  draw(seen, part) {
    const { gl, textures, size } = this;
    const { width, height } = /** @type {HTMLCanvasElement} */ (gl.canvas);
    if (!textures.photo) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      return;
    }
    const mask = (!this.standsIn && seen.look?.mask) || UNTOUCHED;
    const base = mask.source === "raw" && textures.base ? textures.base : textures.found;
    const adjusted = base ? this.#adjusted(base, mask, seen) : null;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    gl.disable(gl.BLEND);
    this.compose.use({
      photo: textures.photo,
      found: textures.found ?? this.empty,
      base: base ?? this.empty,
      adjusted: adjusted?.texture ?? this.empty,
      strokes: textures.strokes ?? this.neutral,
      stroke: textures.stroke ?? this.empty,
      subject: textures.subject ?? this.empty,
      background: textures.background ?? this.empty,
      size: [size.width, size.height],
      to_photo: seen.toPhoto,
      canvas: [width, height],
      split: seen.split,
      adjusted_part: adjusted?.part ?? [0, 0, 0, 0],
      paints: this.painter.paints,
      threshold_bias: 1 / (1 - mask.threshold) - 2,
      slope: 1 / (1 - Math.min(mask.contrast, 0.999)),
      ghost: seen.ghost,
      has_alpha: { int: Number(this.hasAlpha) },
      base_is_found: { int: Number(this.standsIn || base === textures.found) },
      ...this.near.uniforms,
      clean: { int: Number("subject" in textures) },
      original: { int: Number(!this.whole) },
      stands_in: { int: Number(this.standsIn) },
      check_a: seen.checks[0],
      check_b: seen.checks[1],
      check_size: seen.checkSize,
      ...this.scene.uniforms(size),
    });
    const all = { left: 0, top: 0, right: width, bottom: height };
    const { left, top, right, bottom } = clipped(part ?? all, width, height);
    this.target.within({ left, top: height - bottom, right, bottom: height - top }, () => gl.drawArrays(gl.TRIANGLES, 0, 3));
  }

  /** Lets go of the photo. */
  clear() {
    for (const texture of Object.values(this.textures)) texture.free();
    this.textures = {};
    this.scene.clear();
    this.near.clear();
    this.adjuster.forget();
  }

  /** @param {string} name @param {Texture} texture */
  #put(name, texture) {
    this.textures[name]?.free();
    this.textures[name] = texture;
  }

  /** @param {Texture} base @param {Look["mask"]} mask @param {Seen} seen */
  #adjusted(base, mask, { toPhoto: [a, b, c, d, e, f], scale }) {
    const { width, height } = /** @type {HTMLCanvasElement} */ (this.gl.canvas);
    const part = this.reduction;
    const corners = [[0, 0], [width, 0], [0, height], [width, height]];
    const x = corners.map(([u, v]) => (a * u + b * v + c) * part);
    const y = corners.map(([u, v]) => (d * u + e * v + f) * part);
    const rect = { left: Math.min(...x) - 1, top: Math.min(...y) - 1, right: Math.max(...x) + 1, bottom: Math.max(...y) + 1 };
    const seen = clipped(rect, base.width, base.height);
    const adjusted = this.adjuster.adjust(base, { shift: mask.shift * part, feather: mask.feather * part }, seen, scale / part);
    return adjusted && { texture: adjusted.texture, part: adjusted.part.map((side) => side / part) };
  }
}

/** @param {Rect} rect @param {number} factor @returns {Rect} */
const scaledRect = ({ left, top, right, bottom }, factor) => ({
  left: left * factor,
  top: top * factor,
  right: right * factor,
  bottom: bottom * factor,
});
