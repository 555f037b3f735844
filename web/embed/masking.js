/** A photo with a mask as its alpha, both as their owner has them: no network runs. */

import { say } from "../shell/words.js";

/**
 * The mask is stretched over the photo. Where it has transparency, that is what counts, else how bright it is.
 * @param {File} photo @param {File} mask @param {string} type @param {number} quality  0 to 1
 * @returns {Promise<Blob>}
 */
export async function masked(photo, mask, type, quality) {
  const picture = await pixelsOf(photo);
  const { data } = await pixelsOf(mask, picture.width, picture.height);
  const see = alphaOf(data);
  for (let at = 3; at < data.length; at += 4) picture.data[at] = see(at);
  const { width, height } = picture;
  if (type === "image/x-rgba8") return new Blob([picture.data], { type: `${type};width=${width};height=${height}` });
  if (type === "image/x-alpha8") return new Blob([picture.data.filter((_, at) => at % 4 === 3)], { type: `${type};width=${width};height=${height}` });
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(picture, 0, 0);
  if (type === "image/jpeg") {
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  const file = await canvas.convertToBlob({ type, quality });
  if (file.type !== type) throw new Error(say("file.not-encoded"));
  return file;
}

/** How the mask's pixel at an index of its alpha is read. @param {Uint8ClampedArray} data @returns {(at: number) => number} */
function alphaOf(data) {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return (at) => data[at];
  return (at) => data[at - 3]; // grey: red is as good as any
}

/** @param {File} file @param {number} [width] @param {number} [height] */
async function pixelsOf(file, width, height) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(say("photo.not-decoded"));
  });
  const canvas = new OffscreenCanvas(width ?? bitmap.width, height ?? bitmap.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
