/** Sums a spectrum into bands, as `hearth.tools.visualizer.analysis.scales` does: triangles, with the ear's weighting. */

const STEPS = 16; // to a bin, in which the triangles are summed; low bands are narrower than one

/** Mel and back [O'Shaughnessy 1987]. */
const mel = (/** @type {number} */ hz) => 2595 * Math.log10(1 + hz / 700);
const fromMel = (/** @type {number} */ mels) => 700 * (10 ** (mels / 2595) - 1);

/** Edges in Hz, of bands as wide as each other in mel. @param {number} count @param {number} low @param {number} high */
export function melEdges(count, low, high) {
  const [from, until] = [mel(low), mel(high)];
  return Array.from({ length: count + 2 }, (_, index) => fromMel(from + ((until - from) * index) / (count + 1)));
}

/** Edges in Hz, of bands a semitone apart. @param {number} count @param {number} lowest  the first one's centre */
export const toneEdges = (count, lowest) => Array.from({ length: count + 2 }, (_, index) => lowest * 2 ** ((index - 1) / 12));

/** How strongly the ear hears a frequency, as a factor of power, but for a constant [IEC 61672-1]. @param {number} hz */
function weighting(hz) {
  const squared = hz * hz;
  const low = (squared + 20.598997 ** 2) * Math.sqrt((squared + 107.65265 ** 2) * (squared + 737.86223 ** 2));
  return (squared ** 2 / (low * (squared + 12194.217 ** 2))) ** 2;
}

/** The power that a Hann window makes of a sine so many bins off, 1 on a bin. @param {number} off */
function line(off) {
  if (Math.abs(Math.abs(off) - 1) < 1e-6) return 0.25;
  const sinc = off === 0 ? 1 : Math.sin(Math.PI * off) / (Math.PI * off);
  return (sinc / (1 - off * off)) ** 2;
}

export class Bands {
  /** @param {number[]} edges  in Hz: band b rises from b to b + 1 and falls to b + 2 @param {number} bins @param {number} spacing  of the bins, in Hz */
  constructor(edges, bins, spacing) {
    const loudest = weighting(1000);
    this.parts = edges.slice(0, -2).map((low, band) => {
      const [centre, high] = [edges[band + 1], edges[band + 2]];
      const first = Math.min(bins, Math.floor(low / spacing));
      const weights = new Float32Array(Math.max(0, Math.min(bins, Math.floor(high / spacing) + 2) - first));
      for (let step = 0; step < (weights.length - 1) * STEPS; step++) {
        const at = (first + step / STEPS) * spacing;
        const triangle = Math.max(0, Math.min((at - low) / (centre - low), (high - at) / (high - centre)));
        const bin = Math.floor(step / STEPS);
        const part = (step % STEPS) / STEPS; // what lies between two bins is shared by them
        weights[bin] += triangle * (1 - part);
        weights[bin + 1] += triangle * part;
      }
      const sum = weights.reduce((total, weight, bin) => total + weight * line(first + bin - centre / spacing), 0);
      return { first, weights: weights.map((weight, bin) => ((weight / (sum || 1)) * weighting((first + bin) * spacing)) / loudest) };
    });
  }

  /** The power in each band. @param {Float32Array} power  of the bins @returns {number[]} */
  sums(power) {
    return this.parts.map(({ first, weights }) => weights.reduce((sum, weight, bin) => sum + weight * power[first + bin], 0));
  }
}
