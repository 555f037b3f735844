/**
 * Records the preview while it plays, for browsers that can't encode faster: MediaRecorder over the canvas and the sound.
 *
 * @typedef {import("../player.js").Player} Player
 */

const KINDS = ["video/mp4;codecs=avc1.640028,mp4a.40.2", "video/webm;codecs=vp9,opus", "video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];

/** What MediaRecorder can write; empty where there is none. */
export const realtimeKind = () => (typeof MediaRecorder === "undefined" ? "" : (KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? ""));

export class RealtimeRecorder {
  /**
   * @param {HTMLCanvasElement} canvas @param {Player} player @param {number} rate
   * @param {{from: number, to: number}} part  of the song, seconds
   * @param {{progress: (fraction: number) => void, saved: (file: Blob) => void}} tell
   */
  constructor(canvas, player, rate, { from, to }, { progress, saved }) {
    this.player = player;
    this.cancelled = false;
    this.left = false; // whether another song plays by now, which goes on
    const repeat = player.onceThrough(); // else a part would begin again before it is seen that it ended
    const kind = realtimeKind();
    const stream = canvas.captureStream(rate);
    for (const track of player.soundStream().getAudioTracks()) stream.addTrack(track);
    /** @type {Blob[]} */
    const parts = [];
    this.recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 12e6 });
    this.recorder.ondataavailable = ({ data }) => parts.push(data);
    const stop = () => this.recorder.state === "inactive" || this.recorder.stop();
    this.recorder.onstop = () => {
      clearInterval(this.timer);
      player.audio.removeEventListener("ended", stop);
      if (!this.left) player.audio.pause();
      repeat(!this.left);
      if (!this.cancelled) saved(new Blob(parts, { type: kind.split(";")[0] }));
    };
    player.audio.addEventListener("ended", stop);
    player.seek(from);
    player.play();
    this.recorder.start(1000);
    this.timer = setInterval(() => {
      const { currentTime } = player.audio;
      progress((currentTime - from) / Math.max(to - from, 1e-3));
      if (currentTime >= to) stop();
    }, 40);
  }

  pause() {
    this.player.audio.pause();
    this.recorder.pause();
  }

  resume() {
    this.player.play();
    this.recorder.resume();
  }

  /** @param {boolean} [left]  whether another song is about to play */
  cancel(left = false) {
    clearInterval(this.timer);
    this.cancelled = true;
    this.left = left;
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}
