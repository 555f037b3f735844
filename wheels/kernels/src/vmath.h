/* Elementary functions on vectors, within a few units in the last place of float. The polynomials were fitted to
   the functions by reweighted least squares on the ranges named. */
#ifndef HEARTH_VMATH_H
#define HEARTH_VMATH_H

#include "vec.h"

/* c[0] + c[1] x + c[2] x^2 + ... */
INLINE vf polynomial(const float *c, int terms, vf x) {
    vf sum = vsplat(c[terms - 1]);
    UNROLL for (int i = terms - 2; i >= 0; i--) sum = vfma(sum, x, vsplat(c[i]));
    return sum;
}

INLINE vf vabs(vf x) { return (vf)((vi)x & visplat(0x7fffffff)); }
INLINE vf with_sign(vf magnitude, vf sign) { return (vf)((vi)magnitude | ((vi)sign & visplat((int32_t)0x80000000))); }
INLINE vf vsqrt(vf x) {
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_sqrt((v128_t)x);
#elif VW == 8
    return (vf)_mm256_sqrt_ps((__m256)x);
#else
    UNROLL for (int i = 0; i < VW; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

/* Adding 1.5 * 2^23 leaves the nearest integer, ties to even, in the low bits. Good for |x| < 2^22. */
#define ROUNDER 12582912.0f

INLINE vf vround(vf x) {
    vf near = with_sign((vabs(x) + vsplat(8388608.0f)) - vsplat(8388608.0f), x);
    return vselect(vabs(x) < vsplat(8388608.0f), near, x);
}
INLINE vf vfloor(vf x) {
    vf near = vround(x);
    return near - (vf)((near > x) & (vi)vsplat(1.0f));
}

/* exp(x) = 2^n exp(r), |r| < ln 2 / 2: exp(r), and n in the low bits of `shifted`. */
INLINE vf exp_of_rest(vf x, vf *shifted) {
    /* exp(r) = 1 + r + r^2 p(r) */
    static const float p[] = {0.49999994f, 0.16666521f, 0.04166839f, 0.00836871f, 0.00138146f};
    *shifted = vfma(x, vsplat(1.44269504f), vsplat(ROUNDER));
    vf n = *shifted - vsplat(ROUNDER);
    vf r = vfnma(n, vsplat(0.693359375f), x);
    r = vfnma(n, vsplat(-2.12194440e-4f), r);
    return vfma(r * r, polynomial(p, 5, r), r) + vsplat(1.0f);
}

INLINE vf vexp(vf x) {
    vf low = vsplat(-87.33654f), high = vsplat(88.72283f), shifted;
    vf value = exp_of_rest(vmin(vmax(x, low), high), &shifted);
    /* 2^n in two halves: n reaches 128, beyond the exponent of a float */
    vi whole = (vi)shifted - visplat(0x4b400000), half = whole >> 1;
    value = value * (vf)((half + 127) << 23) * (vf)((whole - half + 127) << 23);
    value = vselect(x > high, vsplat(__builtin_inff()), value);
    value = vselect(x < low, vzero(), value);
    return vselect(x == x, value, x);
}

/* exp of what is brought to [-87, 87] first: enough where 1 is added to it. Keeps a NaN. */
INLINE vf vexp_within(vf x) {
    vf shifted, value = exp_of_rest(vmin(vmax(x, vsplat(-87.0f)), vsplat(87.0f)), &shifted);
    return value * (vf)(((vi)shifted - visplat(0x4b400000 - 127)) << 23);
}

/* exp of what is not above 0; what would have no normal number is 0. Keeps a NaN. */
INLINE vf vexp_below(vf x) {
    vf shifted, value = exp_of_rest(vmax(x, vsplat(-88.0f)), &shifted); /* 2^-127, made of an empty exponent, is 0 */
    return value * (vf)(((vi)shifted - visplat(0x4b400000 - 127)) << 23);
}

INLINE vf vlog(vf x) {
    /* log(1 + f) = f - f^2 / 2 + f^3 p(f) on sqrt(1/2) <= 1 + f < sqrt(2) */
    static const float p[] = {0.33333313f, -0.25000009f, 0.20002119f, -0.16667995f, 0.14219551f,
                              -0.12405594f, 0.11888181f, -0.11675628f, 0.06746571f};
    vi tiny = x < vsplat(1.17549435e-38f);
    vf scaled = vselect(tiny, x * vsplat(8388608.0f), x);
    vi bits = (vi)scaled - visplat(0x3f3504f3);
    vi exponent = bits >> 23;
    vf f = (vf)((bits & visplat(0x007fffff)) + visplat(0x3f3504f3)) - vsplat(1.0f);
    vf n;
    UNROLL for (int i = 0; i < VW; i++) n[i] = (float)exponent[i];
    n -= (vf)(tiny & (vi)vsplat(23.0f));
    vf square = f * f;
    vf value = vfma(square * f, polynomial(p, 9, f), n * vsplat(-2.12194440e-4f));
    value = vfma(square, vsplat(-0.5f), value) + f;
    value = vfma(n, vsplat(0.693359375f), value);
    value = vselect(x == vsplat(__builtin_inff()), x, value);
    value = vselect(x == vzero(), vsplat(-__builtin_inff()), value);
    return vselect(x >= vzero(), value, vsplat(__builtin_nanf("")));
}

INLINE vf vsigmoid(vf x) { return vsplat(1.0f) / (vsplat(1.0f) + vexp_within(-x)); }

INLINE vf vtanh(vf x) {
    /* tanh(x) = x + x^3 p(x^2) on |x| < 0.625 */
    static const float p[] = {-0.33333284f, 0.13331491f, -0.05374349f, 0.02065057f, -0.00571703f};
    vf square = x * x, size = vabs(x);
    vf near = vfma(x * square, polynomial(p, 5, square), x);
    vf far = vsplat(1.0f) - vsplat(2.0f) / (vexp_within(size + size) + vsplat(1.0f));
    return vselect(size < vsplat(0.625f), near, with_sign(far, x));
}

INLINE vf verf(vf x) {
    /* erf(x) = x p(x^2) on |x| < 1; log(1 - erf(x)) = q(x) on 1 <= x < 4.1; beyond that erf is 1 */
    static const float p[] = {1.12837911f, -0.37612626f, 0.112836f, -0.02685444f, 0.00518954f, -0.00080208f, 7.889118e-5f};
    static const float q[] = {-0.0003537f, -1.12704015f, -0.63822556f, -0.1030375f, 0.02180537f, -0.00293962f,
                              0.00018557547f};
    vf size = vmin(vabs(x), vsplat(4.1f));
    vf near = x * polynomial(p, 7, x * x), far = vsplat(1.0f) - vexp(polynomial(q, 7, size));
    vf value = vselect(vabs(x) < vsplat(1.0f), near, with_sign(far, x));
    return vselect(x == x, value, x);
}

#endif
