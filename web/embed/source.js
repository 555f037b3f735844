/** What a photo may be given as, and how it becomes a file. */

import { say } from "../shell/words.js";

/**
 * @typedef {Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | string | URL | Response | ImageData | ImageBitmap | HTMLImageElement
 *   | HTMLCanvasElement | OffscreenCanvas} Source
 */

/**
 * The photo as a file. Throws TypeError with a sentence for what is no photo, or cannot be fetched.
 * @param {Source} source @param {{signal?: AbortSignal, fetchArgs?: RequestInit}} how  it is fetched, where it is an address
 * @returns {Promise<File>}
 */
export async function fileOf(source, how) {
  if (source instanceof Blob && /^image\/x-(rgba8|alpha8)\b/.test(source.type)) return bare(source);
  if (source instanceof File) return source;
  if (source instanceof Blob) return new File([source], "photo", { type: source.type });
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return new File([source], "photo");
  if (source instanceof Response) return new File([await source.blob()], nameOf(source.url));
  if (typeof source === "string" || source instanceof URL) return fetched(String(source), how);
  if (source instanceof HTMLImageElement) {
    await source.decode().catch(() => {}); // why it has no picture, fetching it says better
    return fetched(source.currentSrc || source.src, how).catch((error) =>
      drawn(source, source.naturalWidth, source.naturalHeight).catch(() => {
        throw error;
      }),
    );
  }
  if (source instanceof ImageData || source instanceof ImageBitmap) return drawn(source, source.width, source.height);
  if (source instanceof HTMLCanvasElement || source instanceof OffscreenCanvas) return drawn(source, source.width, source.height);
  throw new TypeError(say("embed.no-source"));
}

/** Bare pixels, width and height in their type. @param {Blob} pixels */
async function bare(pixels) {
  const [kind, ...sizes] = pixels.type.split(";");
  const { width, height } = Object.fromEntries(sizes.map((size) => size.trim().split("=")));
  const bytes = new Uint8ClampedArray(await pixels.arrayBuffer());
  const grey = kind === "image/x-alpha8";
  const rgba = grey ? new Uint8ClampedArray(4 * bytes.length).map((_, at) => (at % 4 === 3 ? 255 : bytes[at >> 2])) : bytes;
  if (!(width * height * 4 === rgba.length)) throw new TypeError(say("embed.no-source"));
  return drawn(new ImageData(rgba, Number(width), Number(height)), Number(width), Number(height));
}

/** @param {string} url @param {{signal?: AbortSignal, fetchArgs?: RequestInit}} how */
async function fetched(url, { signal, fetchArgs }) {
  const [, type = "", data] = /^data:([^;,]*);base64,([A-Za-z0-9+/]+={0,2})$/.exec(url) ?? [];
  const whole = data && (data.length % 4 === 0 || (data.length % 4 > 1 && !data.endsWith("="))); // what is not, fetching refuses in words
  if (whole) return new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], "photo", { type });
  const named = url.length > 100 ? `${url.slice(0, 100)}…` : url;
  const response = await fetch(url, { ...fetchArgs, ...(signal && { signal }) }).catch((error) => {
    throw error instanceof TypeError ? new TypeError(say("embed.not-fetched", { url: named, reason: say("embed.no-answer") })) : error;
  });
  if (!response.ok) throw new TypeError(say("embed.not-fetched", { url: named, reason: say("fetch.answered", { status: response.status }) }));
  return new File([await response.blob()], nameOf(response.url));
}

/** @param {string} url */
function nameOf(url) {
  const { protocol, pathname } = new URL(url, document.baseURI);
  const last = protocol.startsWith("http") ? pathname.split("/").pop() : "";
  try {
    return decodeURIComponent(last || "photo");
  } catch {
    return "photo"; // a lone % is allowed in an address
  }
}

/**
 * Throws TypeError where there are no pixels, or they may not be read.
 * @param {ImageData | CanvasImageSource} picture @param {number} width @param {number} height
 */
async function drawn(picture, width, height) {
  if (!(width && height)) throw new TypeError(say("embed.no-source")); // a bitmap was closed
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (picture instanceof ImageData) context?.putImageData(picture, 0, 0);
  else context?.drawImage(picture, 0, 0);
  return new File([await canvas.convertToBlob({ type: "image/png" })], "photo.png", { type: "image/png" });
}
