/* Whole numbers two by two: pairs of 16-bit integers, which one instruction multiplies and adds up, twice as many
   products as one of floats makes. */
#ifndef HEARTH_PAIRS_H
#define HEARTH_PAIRS_H

#include "vec.h"

typedef int16_t vs __attribute__((vector_size(4 * VW)));
typedef int16_t vs_at __attribute__((vector_size(4 * VW), aligned(4), may_alias));

/* acc + a[even] * b[even] + a[odd] * b[odd], lane by lane. */
INLINE vi dot_pairs(vi a, vs b, vi acc) {
#if defined(__wasm_simd128__)
    return acc + (vi)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)b);
#elif VW == 8
    return acc + (vi)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
    vs pairs = (vs)a;
    UNROLL for (int i = 0; i < VW; i++) acc[i] += pairs[2 * i] * b[2 * i] + pairs[2 * i + 1] * b[2 * i + 1];
    return acc;
#endif
}

/* A row of whole numbers as pairs; an odd one at the end is paired with zero. */
void pair_up(const float *from, int depth, int16_t *to);

/* C[rows][wide] = A * B, as floats; A's rows are `pairs` long, B lies in panels [pair][PANEL][2], wide in whole panels. */
void pairs_product(int rows, int wide, int pairs, const int32_t *a, const int16_t *b, float *c);

/* The same, as integers. */
void pairs_sums(int rows, int wide, int pairs, const int32_t *a, const int16_t *b, int32_t *sums);

#endif
