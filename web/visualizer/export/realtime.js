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
   * @param {{progress: (fraction: number) => void, saved: (file: Blob, seconds: number) => void}} tell  `saved` with how
   *     much of the part it is, which is less where it was interrupted
   */
  constructor(canvas, player, rate, { from, to }, { progress, saved }) {
    this.player = player;
    this.cancelled = false;
    this.left = false; // whether another song plays by now, which goes on
    let seconds = 0; // recorded so far
    const { audio } = player;
    const repeat = player.onceThrough(); // else a part would begin again before it is seen that it ended
    const kind = realtimeKind();
    const stream = canvas.captureStream(rate);
    for (const track of player.soundStream().getAudioTracks()) stream.addTrack(track);
    /** @type {Blob[]} */
    const parts = [];
    const recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 12e6 });
    this.recorder = recorder;
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const listening = new AbortController();
    const when = (/** @type {EventTarget} */ target, /** @type {string} */ event, /** @type {() => void} */ act) =>
      target.addEventListener(event, act, { signal: listening.signal });
    const stop = () => recorder.state === "inactive" || recorder.stop();
    recorder.onstop = () => {
      clearInterval(this.timer);
      listening.abort();
      if (!this.left) audio.pause();
      repeat(!this.left);
      if (!this.cancelled) saved(new Blob(parts, { type: kind.split(";")[0] }), seconds);
    };
    when(audio, "ended", stop);
    when(audio, "error", stop);
    // What does not play is not recorded; nor is what is out of sight, where no pictures are drawn.
    when(audio, "pause", () => recorder.state === "recording" && recorder.pause());
    when(audio, "play", () => recorder.state === "paused" && recorder.resume());
    let away = false;
    when(document, "visibilitychange", () => {
      if (!document.hidden && away) player.play();
      away = document.hidden && player.playing;
      if (away) audio.pause();
    });
    player.seek(from);
    player.play();
    recorder.start(1000);
    this.timer = setInterval(() => {
      seconds = Math.min(audio.currentTime, to) - from;
      progress(seconds / Math.max(to - from, 1e-3));
      if (audio.currentTime >= to) stop();
    }, 40);
  }

  pause() {
    this.player.audio.pause();
  }

  resume() {
    this.player.play();
  }

  /** Ends it; what is recorded by now is saved. Another song is about to play. */
  leave() {
    this.left = true;
    clearInterval(this.timer); // the clock is that song's now
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }

  cancel() {
    this.cancelled = true;
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}
