/** @typedef {{width: number, height: number, rate: number}} Picture  in pixels and frames a second */

const FULL_HD = { pixels: 1920 * 1080 * 30, bits: 20e6 }; // a second: enough for grain and sparks to stay

/**
 * How many bits a second a picture of this size needs: a larger one fewer for each pixel.
 * @param {Picture} picture
 */
export const bitrate = ({ width, height, rate }) => Math.round(FULL_HD.bits * ((width * height * rate) / FULL_HD.pixels) ** 0.6);
