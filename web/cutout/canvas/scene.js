/**
 * Gives the shader what `scene.glsl` draws around the subject.
 *
 * @typedef {import("../messages.js").Scene} SceneMessage
 */

import { Texture } from "./gl.js";

const KINDS = { none: 0, colour: 1, linear: 2, radial: 3, picture: 4, blur: 5 };

export class Scene {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.empty = new Texture(gl, "R8", 1, 1, { data: new Uint8Array(1) });
    /** @type {Record<string, Texture>} */
    this.textures = {};
    /** @type {SceneMessage | null} */
    this.message = null;
  }

  /** @param {SceneMessage} message */
  take(message) {
    this.clear();
    this.message = message;
    for (const [name, pixels] of Object.entries(message.data)) {
      const [width, height] = message.shapes[name];
      const format = name === "backdrop" ? "RGBA8" : "R8";
      this.textures[name] = new Texture(this.gl, format, width, height, { data: new Uint8Array(pixels), mips: name === "backdrop" });
    }
  }

  clear() {
    for (const texture of Object.values(this.textures)) texture.free();
    this.textures = {};
    this.message = null;
  }

  /**
   * The uniforms of a scene around a photo; where Python has told of none yet, nothing stands around it.
   * @param {{width: number, height: number}} photo
   */
  uniforms({ width, height }) {
    const { message, textures, empty } = this;
    return {
      to_frame: inverse(message?.matrix ?? [1, 0, 0, 0, 1, 0]),
      frame: message ? [message.width, message.height] : [width, height],
      backdrop_kind: { int: KINDS[message?.kind ?? "none"] },
      first: message?.first ?? [0, 0, 0],
      second: message?.second ?? [0, 0, 0],
      direction: message?.direction ?? [0, 0],
      to_picture: [...(message?.to_picture ?? [1, 0, 0, 0, 1, 0]), 0, 0, 1],
      backdrop: textures.backdrop ?? empty,
      shadow: textures.shadow ?? empty,
      reach: textures.reach ?? empty,
      shaded: { int: Number("shadow" in textures) },
      wraps: { int: Number("reach" in textures) },
      shade: message?.shade ?? [0, 0, 0],
    };
  }
}

/** The way back of an affine map, as a 3x3 matrix row by row. @param {number[]} matrix  its first two rows */
export function inverse([a, b, c, d, e, f]) {
  const area = a * e - b * d;
  return [e / area, -b / area, (b * f - c * e) / area, -d / area, a / area, (c * d - a * f) / area, 0, 0, 1];
}
