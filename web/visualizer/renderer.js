/**
 * Draws frames with WebGL2. A frame is a function of the features, the settings and the time: nothing is kept from one to
 * the next, so any moment can be drawn at any time and comes out the same.
 *
 * @typedef {import("./features.js").Features} Features
 * @typedef {import("./programs.js").Looks} Looks
 * @typedef {import("./programs.js").Program} Program
 * @typedef {import("./settings.js").Settings} Settings
 */

import { BANDS, CURVES, MOST, ROWS, Stretch, TONES, WAVE } from "./features.js";
import { pass, sceneProgram } from "./programs.js";
import { paletteUniforms } from "./settings.js";
import { writeWords } from "./title.js";

const BLOOM_LEVELS = 6;
const BLOOM_SMALLEST = 8; // pixels
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render/i; // what draws on the processor

/** This browser, or this device, gives no WebGL2. */
export class NoWebGL extends Error {}

export class Renderer {
  /** @param {HTMLCanvasElement | OffscreenCanvas} canvas @param {Looks} looks */
  constructor(canvas, looks) {
    const options = { alpha: true, antialias: false, depth: false, preserveDrawingBuffer: true, powerPreference: "high-performance" };
    const gl = /** @type {WebGL2RenderingContext | null} */ (canvas.getContext("webgl2", options));
    if (!gl) throw new NoWebGL();
    this.canvas = canvas;
    this.gl = gl;
    this.looks = looks;
    this.software = SOFTWARE.test(rendererName(gl));
    this.stretch = new Stretch();
    // Light brighter than white needs more than bytes; where those can't be drawn to, bloom is weaker.
    this.deep = Boolean(gl.getExtension("EXT_color_buffer_float") ?? gl.getExtension("EXT_color_buffer_half_float"));
    /** @type {Map<string, {picture: Program, shapes: Program | null}>} */
    this.scenes = new Map();
    this.down = pass(gl, looks, "bloom_down");
    this.up = pass(gl, looks, "bloom_up");
    this.finish = pass(gl, looks, "finish");
    const smooth = gl.LINEAR;
    this.textures = {
      bands_map: texture(gl, gl.R8, BANDS, ROWS, smooth),
      tones_map: texture(gl, gl.R8, TONES, ROWS, smooth),
      curves_map: texture(gl, gl.RGBA16F, CURVES / 4, ROWS, smooth),
      wave_map: texture(gl, gl.RG16F, WAVE, 1, smooth),
      notes_map: texture(gl, gl.RGBA32F, MOST, 1, gl.NEAREST),
      onsets_map: texture(gl, gl.RGBA32F, MOST, 1, gl.NEAREST),
      beats_map: texture(gl, gl.RGBA32F, MOST, 1, gl.NEAREST),
      words_map: picture(gl),
      cover_map: picture(gl),
    };
    this.written = ""; // what the words' texture shows
    /** @type {ImageBitmap | null} */
    this.cover = null;
    this.covers = 0; // that were shown so far
    /** @type {Target[]} */
    this.targets = [];
  }

  /**
   * Draws the frame of a time on the canvas, at the canvas's size.
   * @param {Features} features @param {Settings} settings @param {number} time in seconds
   */
  draw(features, settings, time) {
    const { gl, canvas, stretch } = this;
    const { width, height } = canvas;
    this.#resize(width, height);
    const scene = this.looks.scenes.find(({ id }) => id === settings.scene) ?? this.looks.scenes[0];
    const programs = this.scenes.get(scene.id) ?? sceneProgram(gl, this.looks, scene);
    this.scenes.set(scene.id, programs);
    stretch.fill(features, time);
    this.#upload();
    this.#showCover(settings);
    this.#showWords(settings, scene);
    const shortest = Math.min(width, height);
    const uniforms = {
      ...this.textures,
      ...paletteUniforms(this.looks, settings),
      ...Object.fromEntries(scene.parameters.map(({ name, default: usual }) => [name, settings.parameters[`${scene.id}.${name}`] ?? usual])),
      size: [width, height],
      extent: [width / shortest, height / shortest],
      time,
      duration: features.duration,
      seed: settings.seed,
      motion: settings.calm ? 0.25 : 1,
      backdrop: settings.transparent ? 0 : 1,
      curves_now: stretch.now,
      passed: stretch.passed,
      heard: features.range,
      counts: stretch.counts,
      cover_ratio: settings.cover ? settings.cover.width / settings.cover.height : 0,
    };
    const [frame, ...levels] = this.targets;
    this.#to(frame);
    gl.disable(gl.BLEND);
    programs.picture.use(uniforms);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    if (programs.shapes && scene.shapes) {
      const { count, blend } = scene.shapes;
      gl.enable(gl.BLEND);
      // Light that is added would vanish on a light ground.
      gl.blendFunc(gl.ONE, blend === "add" && uniforms.dark ? gl.ONE : gl.ONE_MINUS_SRC_ALPHA);
      programs.shapes.use(uniforms);
      const seen = { notes: stretch.counts[0], onsets: stretch.counts[1], beats: stretch.counts[2] };
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, typeof count === "number" ? count : seen[count]);
      gl.disable(gl.BLEND);
    }
    if (settings.bloom > 0) this.#bloom(frame, levels, uniforms.dark ? 0.85 : 1.6);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, width, height);
    this.finish.use({
      ...uniforms,
      source: frame.texture,
      bloom: settings.bloom > 0 ? levels[0].texture : frame.texture,
      bloom_amount: settings.bloom * 0.9,
      aberration: settings.aberration,
      vignette: settings.vignette,
      grain: settings.grain,
      words_amount: scene.shows.includes("title") ? 0 : 1,
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Gives its memory back; it draws no more. */
  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  /** The last frame's pixels, row by row from the bottom. */
  pixels() {
    const { gl, canvas } = this;
    const bytes = new Uint8Array(canvas.width * canvas.height * 4);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    return bytes;
  }

  /** @param {Target} frame @param {Target[]} levels @param {number} threshold  of what glows */
  #bloom(frame, levels, threshold) {
    const { gl } = this;
    let source = frame;
    for (const level of levels) {
      this.#to(level);
      this.down.use({ source: source.texture, threshold: source === frame ? threshold : 0 });
      gl.drawArrays(gl.TRIANGLES, 0, 3);
      source = level;
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    for (let index = levels.length - 1; index > 0; index--) {
      const level = levels[index - 1];
      this.#to(level);
      this.up.use({ source: levels[index].texture, target: [level.width, level.height], share: 0.75 });
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    gl.disable(gl.BLEND);
  }

  #upload() {
    const { gl, textures, stretch } = this;
    const put = (/** @type {WebGLTexture} */ target, /** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ format, /** @type {number} */ type, /** @type {any} */ data) => {
      gl.bindTexture(gl.TEXTURE_2D, target);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, format, type, data);
    };
    gl.activeTexture(gl.TEXTURE0);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    put(textures.bands_map, BANDS, ROWS, gl.RED, gl.UNSIGNED_BYTE, stretch.bands);
    put(textures.tones_map, TONES, ROWS, gl.RED, gl.UNSIGNED_BYTE, stretch.tones);
    put(textures.curves_map, CURVES / 4, ROWS, gl.RGBA, gl.FLOAT, stretch.curves);
    put(textures.wave_map, WAVE, 1, gl.RG, gl.FLOAT, stretch.wave);
    put(textures.notes_map, MOST, 1, gl.RGBA, gl.FLOAT, stretch.notes);
    put(textures.onsets_map, MOST, 1, gl.RGBA, gl.FLOAT, stretch.onsets);
    put(textures.beats_map, MOST, 1, gl.RGBA, gl.FLOAT, stretch.beats);
  }

  /** @param {Settings} settings @param {import("./programs.js").Scene} scene */
  #showWords(settings, scene) {
    const { width, height } = this.canvas;
    const key = JSON.stringify([settings.title, settings.artist, settings.palette, scene.shows, scene.words_at, width, height, this.covers]);
    if (key === this.written) return;
    this.written = key;
    this.#paint("words_map", writeWords(settings, scene, width, height, paletteUniforms(this.looks, settings).dark === 1));
  }

  /** @param {Settings} settings */
  #showCover({ cover }) {
    if (cover === this.cover) return;
    this.cover = cover;
    this.covers++;
    if (cover) this.#paint("cover_map", cover);
  }

  /** @param {"words_map" | "cover_map"} name @param {TexImageSource} source  its top comes to the top */
  #paint(name, source) {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[name]);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, true);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }

  /** @param {number} width @param {number} height */
  #resize(width, height) {
    if (this.targets[0]?.width === width && this.targets[0]?.height === height) return;
    const { gl } = this;
    for (const { texture, framebuffer } of this.targets) {
      gl.deleteTexture(texture);
      gl.deleteFramebuffer(framebuffer);
    }
    this.targets = [];
    for (let level = 0; level <= BLOOM_LEVELS; level++) {
      const scale = 2 ** level;
      const [w, h] = [Math.max(1, Math.ceil(width / scale)), Math.max(1, Math.ceil(height / scale))];
      if (level > 1 && Math.min(w, h) < BLOOM_SMALLEST) break;
      this.targets.push(target(gl, w, h, this.deep));
    }
  }

  /** @param {Target} target */
  #to({ framebuffer, width, height }) {
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, framebuffer);
    this.gl.viewport(0, 0, width, height);
  }
}

/** @param {WebGL2RenderingContext} gl */
function rendererName(gl) {
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

/** @typedef {{texture: WebGLTexture, framebuffer: WebGLFramebuffer, width: number, height: number}} Target */

/** @param {WebGL2RenderingContext} gl @param {number} width @param {number} height @param {boolean} deep @returns {Target} */
function target(gl, width, height, deep) {
  const made = texture(gl, deep ? gl.RGBA16F : gl.RGBA8, width, height, gl.LINEAR);
  const framebuffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, made, 0);
  return { texture: made, framebuffer, width, height };
}

/** @param {WebGL2RenderingContext} gl @param {number} format @param {number} width @param {number} height @param {number} filter */
function texture(gl, format, width, height, filter) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, filter);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  return made;
}

/** A texture for a picture of any size, empty as yet. @param {WebGL2RenderingContext} gl */
function picture(gl) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  gl.generateMipmap(gl.TEXTURE_2D);
  return made;
}
