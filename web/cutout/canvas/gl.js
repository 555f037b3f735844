/** WebGL 2 in few words: programs from files, textures, drawing into them. */

/** @param {URL} address */
async function text(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return response.text();
}

/** All shaders of the canvas, fetched once. */
export async function shaders() {
  const names = {
    quad: new URL("./quad.vert.glsl", import.meta.url),
    scene: new URL("./scene.glsl", import.meta.url),
    compose: new URL("./compose.frag.glsl", import.meta.url),
    take: new URL("./take.frag.glsl", import.meta.url),
    grow: new URL("./grow.frag.glsl", import.meta.url),
    blur: new URL("./blur.frag.glsl", import.meta.url),
    halve: new URL("./halve.frag.glsl", import.meta.url),
    dab: new URL("./dab.vert.glsl", import.meta.url),
    paint: new URL("./dab.frag.glsl", import.meta.url),
    commit: new URL("./commit.frag.glsl", import.meta.url),
  };
  const sources = await Promise.all(Object.entries(names).map(async ([name, address]) => [name, await text(address)]));
  return /** @type {Record<keyof typeof names, string>} */ (Object.fromEntries(sources));
}

/** A program and the places of its uniforms. */
export class Program {
  /** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment */
  constructor(gl, vertex, fragment) {
    this.gl = gl;
    const program = gl.createProgram();
    for (const [kind, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
      const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
      gl.shaderSource(shader, `#version 300 es\nprecision highp float;\nprecision highp int;\n${source}`);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
      throw new Error([gl.getProgramInfoLog(program), ...logs].join("\n"));
    }
    this.program = program;
    /** @type {Map<string, WebGLUniformLocation | null>} */
    this.places = new Map();
  }

  /**
   * Sets uniforms: a number is a float, an array of 2 to 4 a vector, of 9 a 3x3 matrix, a Float32Array an array of floats,
   * `{int}` an integer, `{ivec}` a vector of them, a Texture is bound to a unit of its own.
   * @param {Record<string, number | number[] | Float32Array | {int: number} | {ivec: number[]} | Texture>} values
   */
  use(values) {
    const { gl } = this;
    gl.useProgram(this.program);
    let unit = 0;
    for (const [name, value] of Object.entries(values)) {
      if (!this.places.has(name)) this.places.set(name, gl.getUniformLocation(this.program, name));
      const place = this.places.get(name) ?? null;
      if (value instanceof Texture) {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, value.texture);
        gl.uniform1i(place, unit++);
      } else if (typeof value === "number") gl.uniform1f(place, value);
      else if (value instanceof Float32Array) gl.uniform1fv(place, value);
      else if ("int" in value) gl.uniform1i(place, value.int);
      else if ("ivec" in value) gl[/** @type {"uniform2iv" | "uniform4iv"} */ (`uniform${value.ivec.length}iv`)](place, value.ivec);
      else if (value.length === 9) gl.uniformMatrix3fv(place, true, value);
      else gl[/** @type {"uniform2fv" | "uniform3fv" | "uniform4fv"} */ (`uniform${value.length}fv`)](place, value);
    }
  }
}

/** @typedef {"R8" | "RG8" | "RGBA8" | "R16F"} Format  the last one is drawn into only, where `EXT_color_buffer_float` is there */

const WRITTEN_BYTES = 1 << 20; // at once: the browser keeps room for as much of it as it ever passed on

let made = 0; // textures so far, each of which has a number

/** A picture on the graphics card; row 0 is the top one. */
export class Texture {
  /**
   * @param {WebGL2RenderingContext} gl @param {Format} format @param {number} width @param {number} height
   * @param {{data?: Uint8Array | ImageBitmap | null, mips?: boolean, sharp?: boolean}} [options]
   *     `sharp` where pixels seen large are squares; `mips` where it is seen small
   */
  constructor(gl, format, width, height, { data = null, mips = false, sharp = false } = {}) {
    this.gl = gl;
    this.format = format;
    this.width = width;
    this.height = height;
    this.levels = mips ? Math.floor(Math.log2(Math.max(width, height))) + 1 : 1;
    this.number = ++made;
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texStorage2D(gl.TEXTURE_2D, this.levels, gl[format], width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, mips ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, sharp ? gl.NEAREST : gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    if (data instanceof ImageBitmap) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, this.#channels, gl.UNSIGNED_BYTE, data);
    else if (data) this.write(data, 0, 0, width, height);
    if (data && mips) gl.generateMipmap(gl.TEXTURE_2D);
  }

  /** @returns {number} */
  get #channels() {
    return { R8: this.gl.RED, R16F: this.gl.RED, RG8: this.gl.RG, RGBA8: this.gl.RGBA }[this.format];
  }

  /**
   * Puts pixels in.
   * @param {Uint8Array} data @param {number} x @param {number} y @param {number} width @param {number} height
   * @param {number} [stride]  pixels from one row of `data` to the next
   */
  write(data, x, y, width, height, stride = width) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride);
    const row = stride * { R8: 1, R16F: 2, RG8: 2, RGBA8: 4 }[this.format]; // bytes
    const step = Math.max(1, Math.floor(WRITTEN_BYTES / row));
    for (let top = 0; top < height; top += step) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y + top, width, Math.min(step, height - top), this.#channels, gl.UNSIGNED_BYTE, data, top * row);
    }
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  free() {
    this.gl.deleteTexture(this.texture);
  }
}

/** Draws into textures. */
export class Target {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.buffer = gl.createFramebuffer();
  }

  /** From now on what is drawn goes into a texture. @param {Texture} texture @param {number} [level] */
  into(texture, level = 0) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture.texture, level);
    gl.viewport(0, 0, Math.max(1, texture.width >> level), Math.max(1, texture.height >> level));
  }

  /** @param {Texture} texture @param {number[]} colour @param {Rect} [rect]  all of it without one */
  clear(texture, colour, rect = { left: 0, top: 0, right: texture.width, bottom: texture.height }) {
    const { gl } = this;
    this.into(texture);
    this.within(rect, () => {
      gl.clearColor(colour[0], colour[1], colour[2], colour[3]);
      gl.clear(gl.COLOR_BUFFER_BIT);
    });
  }

  /** Draws nowhere else than in a part of the target. @param {Rect} rect @param {() => void} draw */
  within({ left, top, right, bottom }, draw) {
    const { gl } = this;
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
    draw();
    gl.disable(gl.SCISSOR_TEST);
  }
}

/** Whole pixels; `right` and `bottom` lie beyond. @typedef {{left: number, top: number, right: number, bottom: number}} Rect */

/** The smallest one around both. @param {Rect | null} a @param {Rect} b @returns {Rect} */
export function around(a, b) {
  if (!a) return b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** @param {Rect} rect @param {number} margin @returns {Rect} */
export const grown = ({ left, top, right, bottom }, margin) => ({
  left: left - margin,
  top: top - margin,
  right: right + margin,
  bottom: bottom + margin,
});

/** What lies within width and height. @param {Rect} rect @param {number} width @param {number} height @returns {Rect} */
export function clipped(rect, width, height) {
  return {
    left: Math.max(0, Math.floor(rect.left)),
    top: Math.max(0, Math.floor(rect.top)),
    right: Math.min(width, Math.ceil(rect.right)),
    bottom: Math.min(height, Math.ceil(rect.bottom)),
  };
}

/** @param {Rect} rect */
export const isEmpty = (rect) => rect.right <= rect.left || rect.bottom <= rect.top;
