/**
 * H.264 where the encoder takes no quantizer. Encoders begin with a guess: of the first key frame they know nothing, and
 * OpenH264 makes it coarser than all later ones. So the first picture is encoded twice, as a key frame each time, and what
 * comes of the first time is thrown away.
 */

import { CustomVideoEncoder, EncodedPacket, registerEncoder } from "../../mediabunny.mjs";

const MOST_WAITING = 4; // frames in an encoder
const USUAL_RATE = 30; // frames a second, where none is told

/** To be called once it is known what this browser encodes: from then on the library takes H.264 for granted. */
export const registerRunUp = () => registerEncoder(RunUpEncoder);

class RunUpEncoder extends CustomVideoEncoder {
  /** @override @param {import("mediabunny").VideoCodec} codec @param {VideoEncoderConfig} config */
  static supports(codec, config) {
    return codec === "avc" && config.bitrateMode !== "quantizer";
  }

  constructor() {
    super();
    this.frames = 0; // given to the encoder so far
    /** @type {Map<number, {timestamp: number, duration: number}>} */
    this.times = new Map(); // in the video, in seconds, by what the encoder is told, in microseconds
    this.reclaimed = false; // by the browser, while nothing was done
    this.encoder = this.#made();
  }

  /** @override */
  init() {
    this.encoder.configure(this.config);
  }

  #made() {
    /** @type {VideoDecoderConfig | undefined} */
    let decoderConfig; // comes with the run-up
    return new VideoEncoder({
      output: (chunk, meta) => {
        decoderConfig = meta?.decoderConfig ?? decoderConfig;
        const times = this.times.get(chunk.timestamp);
        if (!times) return; // the run-up itself
        this.times.delete(chunk.timestamp);
        this.onPacket(EncodedPacket.fromEncodedChunk(chunk).clone(times), { ...meta, decoderConfig });
        decoderConfig = undefined;
      },
      error: (error) => {
        this.reclaimed = error.name === "QuotaExceededError";
        if (!this.reclaimed) this.onError(error);
      },
    });
  }

  /** @override @param {import("mediabunny").VideoSample} sample @param {VideoEncoderEncodeOptions} options */
  async encode(sample, options) {
    const again = this.encoder.state === "closed" && this.reclaimed;
    if (again) {
      this.encoder = this.#made();
      this.encoder.configure(this.config);
    }
    const frame = sample.toVideoFrame();
    const first = again || !this.frames;
    const chosen = first ? { ...options, keyFrame: true } : options;
    if (first) this.#put(frame, chosen, null);
    this.#put(frame, chosen, sample);
    frame.close();
    while (this.encoder.state === "configured" && this.encoder.encodeQueueSize > MOST_WAITING) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** @param {VideoFrame} frame @param {VideoEncoderEncodeOptions} options @param {import("mediabunny").VideoSample | null} sample  null for the run-up */
  #put(frame, options, sample) {
    const timestamp = Math.round((this.frames++ * 1e6) / (this.config.framerate ?? USUAL_RATE));
    if (sample) this.times.set(timestamp, { timestamp: sample.timestamp, duration: sample.duration });
    const timed = new VideoFrame(frame, { timestamp, duration: frame.duration ?? undefined });
    this.encoder.encode(timed, options);
    timed.close();
  }

  /** @override */
  async flush() {
    if (this.encoder.state !== "closed") await this.encoder.flush();
  }

  /** @override */
  close() {
    if (this.encoder.state !== "closed") this.encoder.close();
  }
}
