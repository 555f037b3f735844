/* Matrix products on packed panels: the one inner loop under convolution, MatMul and the recurrent nets. */
#ifndef HEARTH_GEMM_H
#define HEARTH_GEMM_H

#include "vec.h"

/* Columns of B lie in panels of PANEL columns, [k][PANEL] each; a last panel of at most VW columns is
   [k][VW]. Missing columns are zero. Panel p therefore starts at p * k * PANEL. */
#define PANEL (2 * VW)

/* Columns as stored: what `columns` takes up once padded to whole vectors. */
INLINE int padded_columns(int columns) { return round_up(columns, VW); }

/* What may be done to results while they are in registers: clamp(c + bias[column], low, high). */
struct touch {
    const float *bias; /* whole vectors long, or null */
    float low, high;
};

/* C[rows][padded_columns] = A[rows][k] * B; strides in floats. C is written whole vectors wide. `touch` may be null. */
void gemm(int rows, int columns, int k, const float *a, ptrdiff_t a_stride, const float *b, float *c,
          ptrdiff_t c_stride, const struct touch *touch);

/* The same with every row of A in `taps` pieces of k floats, wherever they lie:
   C[r] = sum over t of A(t, r)[k] * B[t], where A(t, r) = pieces[t * rows + r] and B is packed with taps * k. */
void gemm_pieces(int rows, int columns, int taps, int k, const float *const *pieces, const float *b, float *c,
                 ptrdiff_t c_stride, const struct touch *touch);

/* Columns so few that a vector of them would be mostly padding. Their B is not packed: [column][taps * k]. */
INLINE int few_columns(int columns) { return columns <= VW / 2; }

/* gemm_pieces for few columns: each result is a dot product, taken a vector of depth at a time. */
void gemm_few(int rows, int columns, int taps, int k, const float *const *pieces, const float *b, float *c,
              ptrdiff_t c_stride);

#endif
