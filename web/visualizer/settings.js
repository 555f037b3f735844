/**
 * What the person chose: how the picture looks. All that a frame depends on beside the music and the time.
 *
 * @typedef {import("./programs.js").Looks} Looks
 */

import { recall, remember } from "../shell/memory.js";

/**
 * @typedef {object} Settings
 * @property {string} scene
 * @property {Record<string, number>} parameters  by "scene.name"; what is missing has its default
 * @property {string} palette
 * @property {string} title
 * @property {string} artist
 * @property {ImageBitmap | null} cover
 * @property {keyof typeof SHAPES} shape
 * @property {number} bloom  0 to 1, as the next ones
 * @property {number} grain
 * @property {number} vignette
 * @property {number} aberration
 * @property {boolean} guard  no more than three flashes a second
 * @property {boolean} calm  less movement
 * @property {boolean} transparent  without the ground
 * @property {number} seed  0 to 1
 */

/** Width to height. */
export const SHAPES = { wide: [16, 9], square: [1, 1], tall: [9, 16] };

const KEPT = /** @type {const} */ (["scene", "parameters", "palette", "shape", "bloom", "grain", "vignette", "aberration", "seed"]);
const STORED = "visualizer-settings";

/** @param {Looks} looks @returns {Settings} what was chosen last time, else what suits most */
export function firstSettings(looks) {
  const usual = {
    ...{ scene: looks.scenes[0].id, parameters: {}, palette: looks.palettes[0].id, title: "", artist: "", cover: null },
    ...{ shape: /** @type {const} */ ("wide"), bloom: 0.5, grain: 0.04, vignette: 0.5, aberration: 0.25 },
    ...{ guard: true, calm: matchMedia("(prefers-reduced-motion: reduce)").matches, transparent: false, seed: 0.5 },
  };
  const kept = stored();
  if (!looks.scenes.some(({ id }) => id === kept.scene)) delete kept.scene;
  if (!looks.palettes.some(({ id }) => id === kept.palette)) delete kept.palette;
  if (!(String(kept.shape) in SHAPES)) delete kept.shape;
  return { ...usual, ...kept };
}

/** @returns {Partial<Settings>} */
function stored() {
  const text = recall(STORED);
  if (!text) return {};
  try {
    const all = JSON.parse(text);
    return Object.fromEntries(KEPT.filter((key) => key in all).map((key) => [key, all[key]]));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Keeps what is not about one song. The guard is not kept: to switch it off is a choice for one visit. @param {Settings} settings */
export function keepSettings(settings) {
  remember(STORED, JSON.stringify(Object.fromEntries(KEPT.map((key) => [key, settings[key]]))));
}

/**
 * The palette as the shaders take it, in linear light.
 * @param {Looks} looks @param {Settings} settings
 */
export function paletteUniforms(looks, { palette }) {
  const { colours } = looks.palettes.find(({ id }) => id === palette) ?? looks.palettes[0];
  const [ground, deep, body, light, spark] = colours.map(linear);
  const brightness = 0.2126 * ground[0] + 0.7152 * ground[1] + 0.0722 * ground[2];
  return { ground, deep, body, light, spark, dark: brightness < 0.3 ? 1 : 0 };
}

/** @param {string} colour  as #rrggbb */
function linear(colour) {
  return [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}
