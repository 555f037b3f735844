/**
 * Decodes a whole file by Web Audio, for browsers and codecs that WebCodecs does not serve.
 *
 * @typedef {import("./decode.js").Whole} Whole
 */

const RATE = 44100;
const MOST_BYTES = 300e6; // decoded it takes about ten times as much memory

/** @param {Blob} file @returns {Promise<Whole | null>} null where it can't be decoded */
export async function decodeWhole(file) {
  if (file.size > MOST_BYTES) return null;
  try {
    const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, channel) => decoded.getChannelData(channel).slice());
    return { rate: decoded.sampleRate, channels };
  } catch (error) {
    if (error instanceof DOMException) return null; // no sound to this browser, or the file is gone
    throw error;
  }
}
