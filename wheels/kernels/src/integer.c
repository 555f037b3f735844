/* Products of whole numbers, exact: A's come as floats and are made pairs of 16-bit integers, B's are packed as such. */
#include "integer.h"

#include "gemm.h"
#include "pairs.h"

#define ROWS 4

/* `rows` rows of pairs times a panel [pair][PANEL][2]; to floats, or `whole` as they are. */
INLINE void tile(int whole, int rows, int pairs, const int32_t *a, const int16_t *b, float *c, int c_stride) {
    vi acc[ROWS][2];
    const int32_t *row[ROWS];
    UNROLL for (int i = 0; i < rows; i++) {
        row[i] = a + i * pairs;
        acc[i][0] = acc[i][1] = visplat(0);
    }
    ROLLED for (int p = 0; p < pairs; p++) {
        vs left = *(const vs_at *)b, right = *(const vs_at *)(b + 2 * VW);
        b += 2 * PANEL;
        UNROLL for (int i = 0; i < rows; i++) {
            vi pair = visplat(*row[i]++);
            acc[i][0] = dot_pairs(pair, left, acc[i][0]);
            acc[i][1] = dot_pairs(pair, right, acc[i][1]);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)
        vstore(c + i * c_stride + j * VW, whole ? (vf)acc[i][j] : __builtin_convertvector(acc[i][j], vf));
}

#define TILE(R, NAME, WHOLE)                                                                                   \
    static NOINLINE void tile_##R##NAME(int pairs, const int32_t *a, const int16_t *b, float *c, int stride) { \
        tile(WHOLE, R, pairs, a, b, c, stride);                                                                \
    }
TILE(1, _as_floats, 0) TILE(2, _as_floats, 0) TILE(3, _as_floats, 0) TILE(4, _as_floats, 0)
TILE(1, _whole, 1) TILE(2, _whole, 1) TILE(3, _whole, 1) TILE(4, _whole, 1)

NOINLINE void pair_up(const float *from, int depth, int16_t *to) {
    int d = 0;
#if defined(__wasm_simd128__)
    for (; d + 2 * VW <= depth; d += 2 * VW) {
        v128_t low = wasm_i32x4_trunc_sat_f32x4(wasm_v128_load(from + d));
        v128_t high = wasm_i32x4_trunc_sat_f32x4(wasm_v128_load(from + d + VW));
        wasm_v128_store(to + d, wasm_i16x8_narrow_i32x4(low, high));
    }
#endif
    for (; d < depth; d++) to[d] = (int16_t)(int32_t)from[d];
    if (depth % 2) to[depth] = 0;
}

#define PRODUCT(NAME)                                                                                          \
    for (int j = 0; j < wide; j += PANEL, b += (ptrdiff_t)PANEL * pairs * 2)                                   \
        for (int i = 0; i < rows; i += ROWS)                                                                   \
            switch (min_int(ROWS, rows - i)) {                                                                 \
                case 1: tile_1##NAME(pairs, a + i * pairs, b, c + i * wide + j, wide); break;                  \
                case 2: tile_2##NAME(pairs, a + i * pairs, b, c + i * wide + j, wide); break;                  \
                case 3: tile_3##NAME(pairs, a + i * pairs, b, c + i * wide + j, wide); break;                  \
                default: tile_4##NAME(pairs, a + i * pairs, b, c + i * wide + j, wide); break;                 \
            }

void pairs_product(int rows, int wide, int pairs, const int32_t *a, const int16_t *b, float *c) { PRODUCT(_as_floats) }

void pairs_sums(int rows, int wide, int pairs, const int32_t *a, const int16_t *b, int32_t *sums) {
    float *c = (float *)sums;
    PRODUCT(_whole)
}

INLINE int row_units(const struct integer_product *s) { return ceil_div(s->rows, s->row_block); }
INLINE int column_units(const struct integer_product *s) { return ceil_div(s->columns, s->panels * PANEL); }
INLINE int pairs_of(const struct integer_product *s) { return ceil_div(s->depth, 2); }

int integer_product_units(const struct integer_product *s) { return row_units(s) * column_units(s); }

int integer_product_scratch(const struct integer_product *s) {
    return s->row_block * (round_up(pairs_of(s), 8) + s->panels * PANEL);
}

void integer_product(const struct integer_product *s, float *arena, int unit, float *scratch) {
    int row = unit / column_units(s) * s->row_block, column = unit % column_units(s) * s->panels * PANEL;
    int rows = min_int(s->row_block, s->rows - row), columns = min_int(s->panels * PANEL, s->columns - column);
    int pairs = pairs_of(s), wide = round_up(columns, PANEL);
    float *result = scratch;
    int32_t *a = (int32_t *)(scratch + s->row_block * s->panels * PANEL);
    for (int r = 0; r < rows; r++) pair_up(arena + s->a + (ptrdiff_t)(row + r) * s->a_stride, s->depth, (int16_t *)(a + r * pairs));
    pairs_product(rows, wide, pairs, a, (const int16_t *)(arena + s->b) + (ptrdiff_t)column * pairs * 2, result);
    finish_block(&s->finish, arena, result, wide, arena + s->c, s->c_stride, 0, row, rows, column, columns);
}
