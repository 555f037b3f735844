/**
 * AIFF as WAV, which browsers play, decode and save: the same samples behind another header, their bytes the other way round.
 * Written to Apple's "Audio Interchange File Format" 1.3 and its draft of AIFF-C.
 */

const PCM = 1; // as WAV calls it
const FLOAT = 3;
/** Which ones can be carried over, and what is done with them. @type {Record<string, {kind: number, swapped: boolean}>} */
const CODINGS = {
  NONE: { kind: PCM, swapped: true },
  twos: { kind: PCM, swapped: true },
  in24: { kind: PCM, swapped: true },
  in32: { kind: PCM, swapped: true },
  sowt: { kind: PCM, swapped: false },
  fl32: { kind: FLOAT, swapped: true },
  FL32: { kind: FLOAT, swapped: true },
  fl64: { kind: FLOAT, swapped: true },
  FL64: { kind: FLOAT, swapped: true },
};
const STEP_FRAMES = 1 << 20; // turned round in one go
const HEAD_BYTES = 64; // of a chunk: more is never looked at
const MOST_BYTES = 2 ** 32 - 64; // that a WAV file can hold

/** @param {File} file */
export const isAiff = ({ name, type }) => /\.(aiff?|aifc)$/i.test(name) || /^audio\/(x-)?aiff$/.test(type);

/** @param {File} file @returns {Promise<File>} as WAV; the same where it is not what it says, or of an unknown coding */
export async function asWav(file) {
  try {
    const found = await chunks(file);
    if (!found || found.size > MOST_BYTES) return file;
    const { channels, rate, width, coding, start, size } = found;
    const frame = channels * width;
    /** @type {BlobPart[]} */
    const parts = [header(coding.kind, channels, rate, width, size)];
    const same = !coding.swapped && width > 1;
    if (same) parts.push(file.slice(start, start + size));
    for (let at = 0; !same && at < size; at += STEP_FRAMES * frame) {
      const bytes = new Uint8Array(await file.slice(start + at, start + Math.min(size, at + STEP_FRAMES * frame)).arrayBuffer());
      parts.push(new Blob([turned(bytes, width)]));
    }
    return new File(parts, file.name, { type: "audio/wav" });
  } catch (error) {
    if (error instanceof DOMException || error instanceof RangeError) return file; // it changed on disk, or ends too soon
    throw error;
  }
}

/** What is in the file, or null where it can't be carried over. @param {File} file */
async function chunks(file) {
  const outer = await ascii(file, 0);
  if (!outer.startsWith("FORM") || !/^AIF[FC]$/.test(outer.slice(8, 12))) return null;
  let format = null; // and the sound: which may come in either order
  let sound = null;
  for (let at = 12; at + 8 <= file.size; ) {
    const view = new DataView(await file.slice(at, at + HEAD_BYTES).arrayBuffer());
    const name = (await ascii(file, at)).slice(0, 4);
    const size = view.getUint32(4);
    if (name === "COMM") {
      const coding = outer.slice(8, 12) === "AIFC" ? (await ascii(file, at + 26)).slice(0, 4) : "NONE";
      format = { channels: view.getInt16(8), width: Math.ceil(view.getInt16(14) / 8), rate: extended(view, 16), coding: CODINGS[coding] };
    }
    if (name === "SSND") {
      const skipped = view.getUint32(8);
      const start = at + 16 + skipped;
      sound = { start, left: Math.min(size - 8 - skipped, file.size - start) };
    }
    if (format && sound) {
      const frame = format.channels * format.width;
      if (!format.coding || format.channels <= 0 || format.width <= 0 || format.width > 8) return null;
      return { ...format, start: sound.start, size: Math.max(0, Math.floor(sound.left / frame) * frame) };
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

/** @param {File} file @param {number} at */
const ascii = async (file, at) => new TextDecoder("latin1").decode(await file.slice(at, at + 12).arrayBuffer());

/** A number of 80 bits, which the rate is in. @param {DataView} view @param {number} at */
function extended(view, at) {
  const power = view.getUint16(at) - 16383 - 31;
  return view.getUint32(at + 2) * 2 ** power + view.getUint32(at + 6) * 2 ** (power - 32);
}

/** The other way round; single bytes are signed in one format and not in the other. @param {Uint8Array<ArrayBuffer>} bytes @param {number} width */
function turned(bytes, width) {
  if (width === 1) return bytes.map((byte) => byte ^ 0x80);
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}

/** @param {number} kind @param {number} channels @param {number} rate @param {number} width  bytes @param {number} size  bytes of samples */
function header(kind, channels, rate, width, size) {
  const view = new DataView(new ArrayBuffer(44));
  for (const [at, text] of /** @type {const} */ ([[0, "RIFF"], [8, "WAVEfmt "], [36, "data"]])) {
    for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index));
  }
  for (const [at, value] of [[4, 36 + size], [16, 16], [24, rate], [28, rate * channels * width], [40, size]]) view.setUint32(at, value, true);
  for (const [at, value] of [[20, kind], [22, channels], [32, channels * width], [34, 8 * width]]) view.setUint16(at, value, true);
  return view.buffer;
}
