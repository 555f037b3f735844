/**
 * Brush strokes, painted on the graphics card: a stroke grows in a texture of its own, then becomes one with the earlier
 * ones. Only what a stroke touches is drawn, and read back once, when it ends.
 *
 * @typedef {import("./gl.js").Rect} Rect
 * @typedef {{x: number, y: number, radius: number, opacity: number}} Dab  in pixels of the photo
 */

import { Program, around, clipped, isEmpty } from "./gl.js";

/** @typedef {import("./gl.js").Texture} Texture */

const TILE = 256;

export class Painter {
  /**
   * @param {WebGL2RenderingContext} gl @param {import("./gl.js").Target} target
   * @param {{quad: string, dab: string, paint: string, commit: string, halve: string}} sources
   */
  constructor(gl, target, sources) {
    this.gl = gl;
    this.target = target;
    this.dab = new Program(gl, sources.dab, sources.paint);
    this.commit = new Program(gl, sources.quad, sources.commit);
    this.halve = new Program(gl, sources.quad, sources.halve);
    this.buffer = gl.createBuffer();
    this.array = gl.createVertexArray();
    this.plain = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 4, gl.FLOAT, false, 0, 0);
    gl.vertexAttribDivisor(0, 1);
    gl.bindVertexArray(this.plain);
    this.paints = 1;
    /** @type {Rect | null} what the stroke touched */
    this.touched = null;
    /** @type {Set<number>} tiles that it touched, row by row of 2 ** 16 */
    this.tiles = new Set();
  }

  /**
   * Adds touches of the brush to the stroke.
   * @param {{photo: Texture, stroke: Texture}} layers @param {Dab[]} dabs @param {{tool: "restore" | "erase", hardness: number, smart: boolean}} brush
   * @returns {Rect | null}  what changed, in pixels of the photo
   */
  paint({ photo, stroke }, dabs, { tool, hardness, smart }) {
    const { gl } = this;
    this.paints = tool === "restore" ? 1 : 0;
    /** @type {Rect | null} */
    let changed = null;
    for (const { x, y, radius } of dabs) {
      const rect = clipped({ left: x - radius - 1, top: y - radius - 1, right: x + radius + 1, bottom: y + radius + 1 }, stroke.width, stroke.height);
      if (isEmpty(rect)) continue;
      changed = around(changed, rect);
      for (let row = Math.floor(rect.top / TILE); row * TILE < rect.bottom; row++) {
        for (let column = Math.floor(rect.left / TILE); column * TILE < rect.right; column++) this.tiles.add(row * 65536 + column);
      }
    }
    if (!changed) return null;
    this.touched = around(this.touched, changed);
    this.target.into(stroke);
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(dabs.flatMap(({ x, y, radius, opacity }) => [x, y, radius, opacity])), gl.STREAM_DRAW);
    gl.enable(gl.BLEND);
    gl.blendEquation(gl.MAX);
    this.dab.use({ photo, size: [stroke.width, stroke.height], hardness, smart: { int: Number(smart) } });
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, dabs.length);
    gl.blendEquation(gl.FUNC_ADD);
    gl.disable(gl.BLEND);
    gl.bindVertexArray(this.plain);
    return changed;
  }

  /**
   * Ends the stroke.
   * @param {{strokes: Texture, stroke: Texture}} layers @param {boolean} alone  whether this stroke alone is wanted
   * @returns {{tiles: [number, number][], data: ArrayBuffer} | null}  the tiles that it touched as they are now, low and
   *     high of each pixel; or how much it covers
   */
  finish({ strokes, stroke }, alone) {
    const { gl, touched } = this;
    if (!touched) return null;
    const tiles = [...this.tiles].map((key) => /** @type {[number, number]} */ ([key % 65536, Math.floor(key / 65536)]));
    this.target.into(stroke);
    const cover = alone && this.#read(stroke, tiles, 1);
    this.target.into(strokes);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    this.commit.use({ stroke, paints: this.paints });
    this.target.within(touched, () => gl.drawArrays(gl.TRIANGLES, 0, 3));
    gl.disable(gl.BLEND);
    const data = cover || this.#read(strokes, tiles, 2);
    this.shrink(strokes, touched);
    this.drop({ stroke });
    return { tiles, data };
  }

  /** Takes the stroke that is being painted away. @param {{stroke: Texture}} layers */
  drop({ stroke }) {
    if (this.touched) this.target.clear(stroke, [0, 0, 0, 0], this.touched);
    this.touched = null;
    this.tiles.clear();
  }

  /** @param {Texture} texture  which is drawn into now @param {[number, number][]} tiles @param {1 | 2} bytes  a pixel */
  #read(texture, tiles, bytes) {
    const { gl } = this;
    const out = new Uint8Array(tiles.length * TILE * TILE * bytes);
    const pixels = new Uint8Array(TILE * TILE * 4);
    tiles.forEach(([x, y], index) => {
      const width = Math.min(TILE, texture.width - x * TILE);
      const height = Math.min(TILE, texture.height - y * TILE);
      gl.readPixels(x * TILE, y * TILE, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
      const at = index * TILE * TILE * bytes;
      const tile = bytes === 1 ? new Uint8Array(out.buffer, at, TILE * TILE) : new Uint16Array(out.buffer, at, TILE * TILE).fill(0xff00); // low 0, high 255
      const whole = new Uint32Array(pixels.buffer);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) tile[row * TILE + column] = whole[row * width + column];
      }
    });
    return out.buffer;
  }

  /** Brings the smaller levels of a texture up to what changed in the largest. @param {Texture} texture @param {Rect} rect */
  shrink(texture, rect) {
    const { gl } = this;
    for (let level = 1; level < texture.levels; level++) {
      const factor = 2 ** level;
      const { left, top, right, bottom } = rect;
      const part = { left: left / factor, top: top / factor, right: right / factor, bottom: bottom / factor };
      this.target.into(texture, level);
      this.halve.use({ source: texture });
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_BASE_LEVEL, level - 1);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAX_LEVEL, level - 1);
      const inside = clipped(part, Math.max(1, texture.width >> level), Math.max(1, texture.height >> level));
      this.target.within(inside, () => gl.drawArrays(gl.TRIANGLES, 0, 3));
    }
    gl.bindTexture(gl.TEXTURE_2D, texture.texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_BASE_LEVEL, 0);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAX_LEVEL, texture.levels - 1);
  }
}
