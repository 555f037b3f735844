/** WebGL programs, made of the sources in `looks.json`. */

/**
 * @typedef {object} Scene  One of `looks.json`, which `looks.py` writes.
 * @property {string} id
 * @property {string} title
 * @property {string} words
 * @property {("title" | "cover")[]} shows
 * @property {"foot" | "top"} words_at
 * @property {{name: string, title: string, least: number, most: number, default: number}[]} parameters
 * @property {string} picture
 * @property {{count: number | "notes" | "onsets" | "beats", blend: "add" | "over", source: string} | null} shapes
 *
 * @typedef {{id: string, title: string, colours: string[]}} Palette
 * @typedef {{scenes: Scene[], palettes: Palette[], shaders: Record<string, string>}} Looks
 */

const VERSION = "#version 300 es\n";

/** A shader did not compile; the text says which and why. */
export class ShaderFailed extends Error {}

/** A program and its uniforms, set by name. Textures take units in the order in which they are named. */
export class Program {
  /** @param {WebGL2RenderingContext} gl @param {string} name @param {string} vertex @param {string} fragment */
  constructor(gl, name, vertex, fragment) {
    this.gl = gl;
    this.program = gl.createProgram();
    const shaders = [compiled(gl, gl.VERTEX_SHADER, vertex, name), compiled(gl, gl.FRAGMENT_SHADER, fragment, name)];
    for (const shader of shaders) gl.attachShader(this.program, shader);
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new ShaderFailed(`${name}: ${gl.getProgramInfoLog(this.program)}`);
    }
    for (const shader of shaders) gl.deleteShader(shader);
    /** @type {Map<string, {place: WebGLUniformLocation | null, type: number}>} */
    this.uniforms = new Map();
    const count = gl.getProgramParameter(this.program, gl.ACTIVE_UNIFORMS) ?? 0;
    for (let index = 0; index < count; index++) {
      const info = /** @type {WebGLActiveInfo} */ (gl.getActiveUniform(this.program, index));
      const key = info.name.replace("[0]", "");
      this.uniforms.set(key, { place: gl.getUniformLocation(this.program, info.name), type: info.type });
    }
  }

  /**
   * Makes it the current one and sets uniforms; names that the program does not use are passed over.
   * @param {Record<string, number | ArrayLike<number> | WebGLTexture>} values
   */
  use(values) {
    const { gl } = this;
    gl.useProgram(this.program);
    let unit = 0;
    for (const [name, { place, type }] of this.uniforms) {
      const value = /** @type {any} */ (values[name]);
      if (value === undefined) continue;
      switch (type) {
        case gl.SAMPLER_2D:
          gl.activeTexture(gl.TEXTURE0 + unit);
          gl.bindTexture(gl.TEXTURE_2D, value);
          gl.uniform1i(place, unit++);
          break;
        case gl.INT_VEC3:
          gl.uniform3iv(place, value);
          break;
        case gl.FLOAT_VEC2:
          gl.uniform2fv(place, value);
          break;
        case gl.FLOAT_VEC3:
          gl.uniform3fv(place, value);
          break;
        case gl.FLOAT_VEC4:
          gl.uniform4fv(place, value);
          break;
        default:
          gl.uniform1f(place, value);
      }
    }
  }
}

/** @param {WebGL2RenderingContext} gl @param {Looks} looks @param {string} name  of a fragment shader over the whole picture */
export function pass(gl, { shaders }, name) {
  return new Program(gl, name, VERSION + shaders.corners, VERSION + shaders[name]);
}

/** The programs of a scene. @param {WebGL2RenderingContext} gl @param {Looks} looks @param {Scene} scene */
export function sceneProgram(gl, { shaders }, scene) {
  const own = scene.parameters.map(({ name }) => `uniform float ${name};\n`).join("");
  const head = VERSION + shaders.scene + own;
  const picture = new Program(gl, `${scene.id}/picture`, VERSION + shaders.corners, head + scene.picture + shaders.picture);
  if (!scene.shapes) return { picture, shapes: null };
  const both = head + shaders.shapes + scene.shapes.source;
  const shapes = new Program(gl, `${scene.id}/shapes`, both + shaders.shapes_place, both + shaders.shapes_shade);
  return { picture, shapes };
}

/** @param {WebGL2RenderingContext} gl @param {number} kind @param {string} source @param {string} name */
function compiled(gl, kind, source, name) {
  const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new ShaderFailed(`${name}: ${gl.getShaderInfoLog(shader)}`);
  }
  return shader;
}
