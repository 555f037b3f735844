/* Register-tiled matrix product: a tile of a few rows by two vectors stays in registers over the whole depth, A
   is read by splats where it lies, B comes packed. */
#include "gemm.h"

/* 6 x 2 accumulators, 2 of B and 1 of A fill the 15 registers V8 has on x86; without a fused multiply-add each
   product needs one more. */
#if defined(__wasm__) && !defined(__wasm_relaxed_simd__)
#define MAX_ROWS 5
#else
#define MAX_ROWS 6
#endif

/* One step of depth: `rows` splats times `vectors` vectors of B. */
INLINE void multiply(int rows, int vectors, const float *const *a, const float *b, vf acc[MAX_ROWS][2]) {
    vf bv[2];
    UNROLL for (int j = 0; j < vectors; j++) bv[j] = vload(b + j * VW);
    UNROLL for (int i = 0; i < rows; i++) {
        vf av = vsplat(*a[i]);
        UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = vfma(av, bv[j], acc[i][j]);
    }
}

/* A run of depth. Not unrolled further: clang would order the products by accumulator, which needs all of
   B's vectors at once and spills. */
INLINE const float *multiply_run(int rows, int vectors, const float **a, int depth, const float *b,
                                 vf acc[MAX_ROWS][2]) {
    ROLLED for (int k = 0; k < depth; k++) {
        multiply(rows, vectors, a, b, acc);
        UNROLL for (int i = 0; i < rows; i++) a[i]++;
        b += vectors * VW;
    }
    return b;
}

/* Stores a tile; `column` is where its bias starts. */
INLINE void store_tile(int rows, int vectors, vf acc[MAX_ROWS][2], const struct touch *touch, int column, float *c,
                       ptrdiff_t c_stride) {
    if (touch) {
        vf low = vsplat(touch->low), high = vsplat(touch->high);
        UNROLL for (int j = 0; j < vectors; j++) {
            vf bias = touch->bias ? vload(touch->bias + column + j * VW) : vzero();
            UNROLL for (int i = 0; i < rows; i++) acc[i][j] = vmin(vmax(acc[i][j] + bias, low), high);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++)
        vstore(c + i * c_stride + j * VW, acc[i][j]);
}

INLINE void tile(int rows, int vectors, int k, const float *a, ptrdiff_t a_stride, const float *b, float *c,
                 ptrdiff_t c_stride, const struct touch *touch, int column) {
    const float *row[MAX_ROWS];
    vf acc[MAX_ROWS][2];
    UNROLL for (int i = 0; i < rows; i++) row[i] = a + i * a_stride;
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = vzero();
    multiply_run(rows, vectors, row, k, b, acc);
    store_tile(rows, vectors, acc, touch, column, c, c_stride);
}

/* A single row: its few sums would wait for one another, so four steps of depth at a time have sums of their own. */
INLINE void row_tile(int vectors, int k, const float *a, const float *b, float *c, const struct touch *touch, int column) {
    int width = vectors * VW, d = 0;
    vf part[4][2], acc[MAX_ROWS][2];
    UNROLL for (int u = 0; u < 4; u++) UNROLL for (int j = 0; j < vectors; j++) part[u][j] = vzero();
    ROLLED for (; d + 4 <= k; d += 4) {
        UNROLL for (int u = 0; u < 4; u++) {
            vf av = vsplat(a[d + u]);
            UNROLL for (int j = 0; j < vectors; j++) part[u][j] = vfma(av, vload(b + u * width + j * VW), part[u][j]);
        }
        b += 4 * width;
    }
    ROLLED for (; d < k; d++, b += width) {
        UNROLL for (int j = 0; j < vectors; j++) part[0][j] = vfma(vsplat(a[d]), vload(b + j * VW), part[0][j]);
    }
    UNROLL for (int j = 0; j < vectors; j++) acc[0][j] = (part[0][j] + part[1][j]) + (part[2][j] + part[3][j]);
    store_tile(1, vectors, acc, touch, column, c, 0);
}

INLINE void tile_pieces(int rows, int vectors, int taps, int k, const float *const *pieces, int pieces_stride,
                        const float *b, float *c, ptrdiff_t c_stride, const struct touch *touch, int column) {
    const float *row[MAX_ROWS];
    vf acc[MAX_ROWS][2];
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = vzero();
    for (int t = 0; t < taps; t++) {
        UNROLL for (int i = 0; i < rows; i++) row[i] = pieces[i];
        b = multiply_run(rows, vectors, row, k, b, acc);
        pieces += pieces_stride;
    }
    store_tile(rows, vectors, acc, touch, column, c, c_stride);
}

#define TILE(R, V)                                                                                            \
    static NOINLINE void tile_##R##x##V(int k, const float *a, ptrdiff_t a_stride, const float *b, float *c,  \
                                        ptrdiff_t c_stride, const struct touch *touch, int column) {          \
        if (R == 1) row_tile(V, k, a, b, c, touch, column);                                                   \
        else tile(R, V, k, a, a_stride, b, c, c_stride, touch, column);                                       \
    }                                                                                                         \
    static NOINLINE void tile_pieces_##R##x##V(int taps, int k, const float *const *pieces, int stride,       \
                                               const float *b, float *c, ptrdiff_t c_stride,                  \
                                               const struct touch *touch, int column) {                       \
        tile_pieces(R, V, taps, k, pieces, stride, b, c, c_stride, touch, column);                            \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)

#define CHOOSE(PREFIX, R, V, ...)                    \
    switch ((R) * 2 + (V)) {                         \
        case 3: PREFIX##1x1(__VA_ARGS__); break;     \
        case 4: PREFIX##1x2(__VA_ARGS__); break;     \
        case 5: PREFIX##2x1(__VA_ARGS__); break;     \
        case 6: PREFIX##2x2(__VA_ARGS__); break;     \
        case 7: PREFIX##3x1(__VA_ARGS__); break;     \
        case 8: PREFIX##3x2(__VA_ARGS__); break;     \
        case 9: PREFIX##4x1(__VA_ARGS__); break;     \
        case 10: PREFIX##4x2(__VA_ARGS__); break;    \
        case 11: PREFIX##5x1(__VA_ARGS__); break;    \
        case 12: PREFIX##5x2(__VA_ARGS__); break;    \
        case 13: PREFIX##6x1(__VA_ARGS__); break;    \
        default: PREFIX##6x2(__VA_ARGS__); break;    \
    }

/* Rows go in as few tiles as they need, of nearly equal height: 9 rows are 5 + 4, not 6 + 3. */
void gemm(int rows, int columns, int k, const float *a, ptrdiff_t a_stride, const float *b, float *c,
          ptrdiff_t c_stride, const struct touch *touch) {
    int tiles = ceil_div(rows, MAX_ROWS);
    for (int j = 0; j < columns; j += PANEL) {
        int vectors = columns - j > VW ? 2 : 1;
        const float *panel = b + (ptrdiff_t)j * k;
        for (int t = 0, left = rows, i = 0; t < tiles; t++) {
            int height = ceil_div(left, tiles - t);
            CHOOSE(tile_, height, vectors, k, a + i * a_stride, a_stride, panel, c + i * c_stride + j, c_stride,
                   touch, j)
            i += height;
            left -= height;
        }
    }
}

void gemm_pieces(int rows, int columns, int taps, int k, const float *const *pieces, const float *b, float *c,
                 ptrdiff_t c_stride, const struct touch *touch) {
    int tiles = ceil_div(rows, MAX_ROWS);
    for (int j = 0; j < columns; j += PANEL) {
        int vectors = columns - j > VW ? 2 : 1;
        const float *panel = b + (ptrdiff_t)j * taps * k;
        for (int t = 0, left = rows, i = 0; t < tiles; t++) {
            int height = ceil_div(left, tiles - t);
            CHOOSE(tile_pieces_, height, vectors, taps, k, pieces + i, rows, panel, c + i * c_stride + j, c_stride,
                   touch, j)
            i += height;
            left -= height;
        }
    }
}

#define DOT_ROWS 4

INLINE void dot_tile(int rows, int columns, int taps, int k, const float *const *pieces, int stride, const float *b,
                     ptrdiff_t depth, float *c, ptrdiff_t c_stride) {
    vf acc[DOT_ROWS][2];
    float rest[DOT_ROWS][2] = {{0}};
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++) acc[i][j] = vzero();
    for (int t = 0; t < taps; t++, pieces += stride, b += k) {
        int d = 0;
        ROLLED for (; d + VW <= k; d += VW) {
            vf bv[2];
            UNROLL for (int j = 0; j < columns; j++) bv[j] = vload(b + j * depth + d);
            UNROLL for (int i = 0; i < rows; i++) {
                vf av = vload(pieces[i] + d);
                UNROLL for (int j = 0; j < columns; j++) acc[i][j] = vfma(av, bv[j], acc[i][j]);
            }
        }
        UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++)
            for (int e = d; e < k; e++) rest[i][j] += pieces[i][e] * b[j * depth + e];
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < columns; j++)
        c[i * c_stride + j] = vsum(acc[i][j]) + rest[i][j];
}

#define DOT_TILE(R, C)                                                                                        \
    static NOINLINE void dot_tile_##R##x##C(int taps, int k, const float *const *pieces, int stride,          \
                                            const float *b, ptrdiff_t depth, float *c, ptrdiff_t c_stride) {  \
        dot_tile(R, C, taps, k, pieces, stride, b, depth, c, c_stride);                                       \
    }
DOT_TILE(4, 1) DOT_TILE(4, 2) DOT_TILE(1, 1) DOT_TILE(1, 2)

void gemm_few(int rows, int columns, int taps, int k, const float *const *pieces, const float *b, float *c,
              ptrdiff_t c_stride) {
    ptrdiff_t depth = (ptrdiff_t)taps * k;
    for (int j = 0; j < columns; j += 2, b += 2 * depth) {
        int i = 0, two = j + 1 < columns;
        for (; i + DOT_ROWS <= rows; i += DOT_ROWS) {
            if (two) dot_tile_4x2(taps, k, pieces + i, rows, b, depth, c + i * c_stride + j, c_stride);
            else dot_tile_4x1(taps, k, pieces + i, rows, b, depth, c + i * c_stride + j, c_stride);
        }
        for (; i < rows; i++) {
            if (two) dot_tile_1x2(taps, k, pieces + i, rows, b, depth, c + i * c_stride + j, c_stride);
            else dot_tile_1x1(taps, k, pieces + i, rows, b, depth, c + i * c_stride + j, c_stride);
        }
    }
}
