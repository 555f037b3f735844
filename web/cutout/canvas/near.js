/**
 * A part of the photo with all its pixels, where its layers are smaller than it is.
 *
 * @typedef {import("../messages.js").Near} NearMessage
 * @typedef {import("./gl.js").Rect} Rect
 */

import { Texture } from "./gl.js";

const MOST_PIXELS = 8e6; // of a part
const MARGIN = 0.2; // around what is seen, of its sides

export class Near {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.empty = new Texture(gl, "R8", 1, 1, { data: new Uint8Array(1) });
    /** @type {{photo: Texture, found: Texture} | null} */
    this.textures = null;
    /** @type {Rect} in pixels of the photo */
    this.part = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /** @param {NearMessage} message */
  take({ left, top, width, height, data }) {
    this.clear();
    const layer = (/** @type {"RGBA8" | "R8"} */ format, /** @type {ArrayBuffer} */ pixels) =>
      new Texture(this.gl, format, width, height, { data: new Uint8Array(pixels), sharp: true });
    this.textures = { photo: layer("RGBA8", data.photo), found: layer("R8", data.found) };
    this.part = { left, top, right: left + width, bottom: top + height };
  }

  clear() {
    this.textures?.photo.free();
    this.textures?.found.free();
    this.textures = null;
    this.part = { left: 0, top: 0, right: 0, bottom: 0 };
  }

  /**
   * The part to ask for so that `seen` is there; null where it is already, or is too much.
   * @param {Rect} seen @param {{width: number, height: number}} photo
   * @returns {Rect | null}
   */
  missing(seen, { width, height }) {
    const { part } = this;
    if (seen.left >= part.left && seen.top >= part.top && seen.right <= part.right && seen.bottom <= part.bottom) return null;
    if ((seen.right - seen.left) * (seen.bottom - seen.top) * (1 + 2 * MARGIN) ** 2 > MOST_PIXELS) return null;
    const x = MARGIN * (seen.right - seen.left);
    const y = MARGIN * (seen.bottom - seen.top);
    return {
      left: Math.max(0, Math.floor(seen.left - x)),
      top: Math.max(0, Math.floor(seen.top - y)),
      right: Math.min(width, Math.ceil(seen.right + x)),
      bottom: Math.min(height, Math.ceil(seen.bottom + y)),
    };
  }

  get uniforms() {
    const { left, top, right, bottom } = this.part;
    return {
      near_part: [left, top, right - left, bottom - top],
      near_photo: this.textures?.photo ?? this.empty,
      near_found: this.textures?.found ?? this.empty,
    };
  }
}
