/**
 * A stroke of the brush on its way: where it went becomes touches close enough to each other to look like one.
 *
 * @typedef {import("./painter.js").Dab} Dab
 */

const SPACING = 0.2; // from one touch to the next, of the brush's radius
const SMART_SPACING = 0.35; // the same where each pixel of a touch looks along its way: edges make its rim anyway
const LIGHTEST = 0.2; // of the brush's radius, at no pressure

export class Stroke {
  constructor() {
    this.active = false;
    /** @type {{x: number, y: number} | null} the brush, on the photo */
    this.brushAt = null;
    /** @type {Dab | null} */
    this.last = null;
    /** @type {Dab[]} not painted yet */
    this.dabs = [];
  }

  begin() {
    this.active = true;
    this.last = null;
    this.dabs = [];
  }

  /** On to a place of the photo. @param {{x: number, y: number}} place @param {number} radius @param {number} pressure  0 to 1 @param {boolean} smart */
  go({ x, y }, radius, pressure, smart) {
    if (!this.active) return;
    const dab = { x, y, radius: Math.max(0.5, radius * (LIGHTEST + (1 - LIGHTEST) * pressure)), opacity: 1 };
    const last = this.last ?? dab;
    const steps = Math.max(1, Math.ceil(Math.hypot(x - last.x, y - last.y) / Math.max(0.5, (smart ? SMART_SPACING : SPACING) * dab.radius)));
    for (let step = 1; step <= steps; step++) {
      const part = step / steps;
      const mix = (/** @type {"x" | "y" | "radius"} */ name) => last[name] + (dab[name] - last[name]) * part;
      this.dabs.push({ x: mix("x"), y: mix("y"), radius: mix("radius"), opacity: 1 });
    }
    this.last = dab;
  }

  /** What is still to be painted. */
  take() {
    return this.dabs.splice(0);
  }

  end() {
    this.active = false;
    this.dabs = [];
  }
}
