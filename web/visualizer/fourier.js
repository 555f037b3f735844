/** The spectrum of a window of samples, by the fast Fourier transform of radix two [Cooley, Tukey 1965]. */

export class Fourier {
  /** @param {number} size  samples, a power of two */
  constructor(size) {
    this.size = size;
    const half = size / 2;
    this.window = Float32Array.from({ length: size }, (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / size)); // Hann's
    this.cosines = Float32Array.from({ length: half }, (_, index) => Math.cos((2 * Math.PI * index) / size));
    this.sines = Float32Array.from({ length: half }, (_, index) => -Math.sin((2 * Math.PI * index) / size));
    const bits = Math.log2(size);
    this.order = Uint32Array.from({ length: size }, (_, index) => {
      let turned = 0;
      for (let bit = 0; bit < bits; bit++) turned |= ((index >> bit) & 1) << (bits - 1 - bit);
      return turned;
    });
    this.real = new Float32Array(size);
    this.imaginary = new Float32Array(size);
  }

  /**
   * Decibels of the bins, of which a sine of full scale has 0.
   * @param {Float32Array} samples  `size` of them @param {Float32Array} decibels  half as many, which are written
   */
  decibels(samples, decibels) {
    const { size, order, window, real, imaginary, cosines, sines } = this;
    for (let index = 0; index < size; index++) real[index] = samples[order[index]] * window[order[index]];
    imaginary.fill(0);
    for (let width = 1; width < size; width *= 2) {
      const stride = size / (2 * width);
      for (let start = 0; start < size; start += 2 * width) {
        for (let index = 0; index < width; index++) {
          const [a, b] = [start + index, start + index + width];
          const [c, s] = [cosines[index * stride], sines[index * stride]];
          const re = real[b] * c - imaginary[b] * s;
          const im = real[b] * s + imaginary[b] * c;
          real[b] = real[a] - re;
          imaginary[b] = imaginary[a] - im;
          real[a] += re;
          imaginary[a] += im;
        }
      }
    }
    const scale = (4 / size) ** 2; // the window's sum is half its size, and a sine is halved between two bins
    for (let bin = 0; bin < size / 2; bin++) {
      decibels[bin] = 10 * Math.log10(Math.max((real[bin] ** 2 + imaginary[bin] ** 2) * scale, 1e-12));
    }
  }
}
