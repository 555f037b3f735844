/**
 * Shifts and feathers the edge of the mask, of the part that is seen and no finer than it is seen, by the formulas of
 * `app/hearth/tools/cutout/adjust.py`.
 *
 * @typedef {import("./gl.js").Rect} Rect
 * @typedef {{texture: Texture, part: number[]}} Adjusted  the part is left, top, width, height in pixels of the base
 */

import { Program, Texture, clipped, isEmpty } from "./gl.js";

const SQUARES = Math.SQRT2 - 1; // of the steps of a shift look at 8 neighbours, the others at 4
const MOST_TAPS = 96;

export class Adjuster {
  /**
   * @param {WebGL2RenderingContext} gl @param {import("./gl.js").Target} target
   * @param {{quad: string, take: string, grow: string, blur: string}} sources
   */
  constructor(gl, target, sources) {
    this.gl = gl;
    this.target = target;
    this.take = new Program(gl, sources.quad, sources.take);
    this.grow = new Program(gl, sources.quad, sources.grow);
    this.blur = new Program(gl, sources.quad, sources.blur);
    // In bytes, what follows (the contrast) would make the rounding seen.
    const fine = gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float");
    /** @type {import("./gl.js").Format} */
    this.format = fine ? "R16F" : "R8";
    /** @type {Texture[]} */
    this.pair = [];
    this.key = "";
    /** @type {Adjusted | null} */
    this.last = null;
  }

  /** What was made is not to be used again. */
  forget() {
    this.key = "";
  }

  /**
   * @param {Texture} base @param {{shift: number, feather: number}} mask  in its pixels
   * @param {Rect} part  of it, that is seen
   * @param {number} scale  at which it is seen
   * @returns {Adjusted | null}  null where there is nothing to do
   */
  adjust(base, { shift, feather }, part, scale) {
    if ((!shift && !feather) || isEmpty(part)) return null;
    const level = Math.min(base.levels - 1, Math.max(0, Math.floor(-Math.log2(scale))));
    const factor = 2 ** level;
    const margin = Math.ceil(Math.abs(shift) / factor) + Math.ceil((1.5 * feather) / factor) + 2;
    const scaled = {
      left: part.left / factor - margin,
      top: part.top / factor - margin,
      right: part.right / factor + margin,
      bottom: part.bottom / factor + margin,
    };
    const rect = clipped(scaled, Math.max(1, base.width >> level), Math.max(1, base.height >> level));
    const key = JSON.stringify([base.number, shift, feather, level, rect]);
    if (key === this.key) return this.last;
    const size = [rect.right - rect.left, rect.bottom - rect.top];
    this.#room(size[0], size[1]);
    this.#run(this.take, size, { source: base, level: { int: level }, corner: { ivec: [rect.left, rect.top] }, inverted: Number(shift < 0) });
    this.#shift(Math.abs(shift) / factor, size);
    if (shift < 0) this.#run(this.take, size, { source: this.pair[0], level: { int: 0 }, corner: { ivec: [0, 0] }, inverted: 1 });
    this.#feather(feather / factor, size);
    const [width, height] = [this.pair[0].width * factor, this.pair[0].height * factor];
    this.key = key;
    this.last = { texture: this.pair[0], part: [rect.left * factor, rect.top * factor, width, height] };
    return this.last;
  }

  /** @param {number} shift  pixels of the level @param {number[]} size */
  #shift(shift, size) {
    for (let step = 0; step < shift; step += 1) {
      const square = Math.floor((step + 1) * SQUARES) > Math.floor(step * SQUARES);
      this.#run(this.grow, size, { source: this.pair[0], size: { ivec: size }, square: { int: Number(square) }, part: Math.min(1, shift - step) });
    }
  }

  /** @param {number} feather  pixels of the level @param {number[]} size */
  #feather(feather, size) {
    if (!feather) return;
    const taps = gaussian(feather / 2);
    const padded = new Float32Array(MOST_TAPS);
    padded.set(taps);
    for (const direction of [[0, 1], [1, 0]]) {
      const values = { source: this.pair[0], size: { ivec: size }, direction: { ivec: direction }, last: { int: taps.length - 1 }, taps: padded };
      this.#run(this.blur, size, values);
    }
  }

  /** Draws from the first texture of the pair into the second, and changes their places. @param {Program} program @param {number[]} size @param {any} values */
  #run(program, size, values) {
    const { gl } = this;
    gl.disable(gl.BLEND);
    this.target.into(this.pair[1]);
    program.use(values);
    this.target.within({ left: 0, top: 0, right: size[0], bottom: size[1] }, () => gl.drawArrays(gl.TRIANGLES, 0, 3));
    this.pair.reverse();
  }

  /** @param {number} width @param {number} height */
  #room(width, height) {
    if (this.pair.length && this.pair[0].width >= width && this.pair[0].height >= height) return;
    for (const texture of this.pair) texture.free();
    const [old] = this.pair;
    const side = (/** @type {number} */ wanted, /** @type {number | undefined} */ had) => Math.max(Math.ceil(wanted / 64) * 64, had ?? 0);
    this.pair = [0, 1].map(() => new Texture(this.gl, this.format, side(width, old?.width), side(height, old?.height)));
  }
}

/** The weights at 0, 1, 2, ... pixels from the middle; those of both sides add up to 1. @param {number} sigma */
function gaussian(sigma) {
  const last = Math.min(MOST_TAPS - 1, Math.ceil(3 * sigma));
  const weights = Array.from({ length: last + 1 }, (_, at) => Math.exp(-0.5 * (at / sigma) ** 2));
  const sum = 2 * weights.reduce((total, weight) => total + weight) - weights[0];
  return weights.map((weight) => weight / sum);
}
