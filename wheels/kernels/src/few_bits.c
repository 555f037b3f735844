/* Products with weights of 4 or 8 bits, a scale and a zero point for each block of depth and column. The weights stay
   as they are in memory. A row or two take them as whole numbers on the way past and scale the sum of each block; more
   rows share a panel that is widened into the cache first. */
#include "few_bits.h"

#include "gemm.h"

#define FEW_ROWS 2

INLINE int blocks_of(const struct few_bits *s) { return ceil_div(s->depth, s->block); }
INLINE int step_bytes(int bits) { return bits == 4 ? PANEL : 2 * PANEL; }

#if !defined(__wasm_simd128__)
typedef uint8_t vb_at __attribute__((vector_size(VW), aligned(1), may_alias));

INLINE vi widened(const uint8_t *p) { return __builtin_convertvector(*(const vb_at *)p, vi); }
#endif

/* Two steps of depth of one panel as floats: codes less the middle of their range. */
INLINE void two_steps(int bits, const uint8_t *b, vf even[2], vf odd[2]) {
#if defined(__wasm_simd128__)
    v128_t low, high;
    if (bits == 4) {
        v128_t both = wasm_u16x8_load8x8(b), middle = wasm_i16x8_splat(8);
        low = wasm_i16x8_sub(wasm_v128_and(both, wasm_i16x8_splat(15)), middle);
        high = wasm_i16x8_sub(wasm_u16x8_shr(both, 4), middle);
    } else {
        v128_t middle = wasm_i16x8_splat(128);
        low = wasm_i16x8_sub(wasm_u16x8_load8x8(b), middle);
        high = wasm_i16x8_sub(wasm_u16x8_load8x8(b + PANEL), middle);
    }
    even[0] = (vf)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(low));
    even[1] = (vf)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(low));
    odd[0] = (vf)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(high));
    odd[1] = (vf)wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(high));
#else
    UNROLL for (int j = 0; j < 2; j++) {
        vi first = widened(b + j * VW), second = bits == 4 ? first >> 4 : widened(b + PANEL + j * VW);
        even[j] = __builtin_convertvector(bits == 4 ? (first & 15) - 8 : first - 128, vf);
        odd[j] = __builtin_convertvector(second - (bits == 4 ? 8 : 128), vf);
    }
#endif
}

/* `rows` rows times a panel. scales and zeros [block][PANEL], the zeros already scaled, or null; sums[row][block] are
   those of A. */
INLINE void tile(int rows, int bits, const struct few_bits *s, const float *a, const uint8_t *b, const float *scales,
                 const float *zeros, const float *sums, float *c, int c_stride) {
    const float *row[FEW_ROWS];
    vf total[FEW_ROWS][2];
    int blocks = blocks_of(s);
    UNROLL for (int i = 0; i < rows; i++) {
        row[i] = a + (ptrdiff_t)i * s->a_stride;
        total[i][0] = total[i][1] = vzero();
    }
    for (int block = 0; block < blocks; block++, scales += PANEL) {
        int depth = min_int(s->block, s->depth - block * s->block);
        vf acc[FEW_ROWS][2], more[FEW_ROWS][2], even[2], odd[2];
        UNROLL for (int i = 0; i < rows; i++) acc[i][0] = acc[i][1] = more[i][0] = more[i][1] = vzero();
        ROLLED for (int d = 0; d + 2 <= depth; d += 2, b += step_bytes(bits)) {
            two_steps(bits, b, even, odd);
            UNROLL for (int i = 0; i < rows; i++) {
                vf first = vsplat(row[i][0]), second = vsplat(row[i][1]);
                UNROLL for (int j = 0; j < 2; j++) {
                    acc[i][j] = vfma(first, even[j], acc[i][j]);
                    if (rows == 1) more[i][j] = vfma(second, odd[j], more[i][j]); /* two sums wait less */
                    else acc[i][j] = vfma(second, odd[j], acc[i][j]);
                }
                row[i] += 2;
            }
        }
        if (depth % 2) {
            two_steps(bits, b, even, odd);
            UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)
                acc[i][j] = vfma(vsplat(*row[i]), even[j], acc[i][j]);
        }
        UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) {
            total[i][j] = vfma(vload(scales + j * VW), acc[i][j] + more[i][j], total[i][j]);
            if (zeros) total[i][j] = vfnma(vload(zeros + j * VW), vsplat(sums[i * blocks + block]), total[i][j]);
        }
        if (zeros) zeros += PANEL;
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++) vstore(c + i * c_stride + j * VW, total[i][j]);
}

/* A panel as floats, [depth][PANEL]. */
INLINE void widen(int bits, const struct few_bits *s, const uint8_t *b, const float *scales, const float *zeros, float *out) {
    int blocks = blocks_of(s);
    for (int block = 0; block < blocks; block++, scales += PANEL) {
        int depth = min_int(s->block, s->depth - block * s->block);
        vf scale[2], zero[2], even[2], odd[2];
        UNROLL for (int j = 0; j < 2; j++) {
            scale[j] = vload(scales + j * VW);
            zero[j] = zeros ? vload(zeros + j * VW) : vzero();
        }
        if (zeros) zeros += PANEL;
        ROLLED for (int d = 0; d < depth; d += 2, b += step_bytes(bits)) {
            two_steps(bits, b, even, odd);
            UNROLL for (int j = 0; j < 2; j++) vstore(out + j * VW, even[j] * scale[j] - zero[j]);
            out += PANEL;
            if (d + 1 == depth) break;
            UNROLL for (int j = 0; j < 2; j++) vstore(out + j * VW, odd[j] * scale[j] - zero[j]);
            out += PANEL;
        }
    }
}

#define OF_BITS(BITS)                                                                                                 \
    static NOINLINE void one_row_##BITS(const struct few_bits *s, const float *a, const uint8_t *b, const float *scales, \
                                        const float *zeros, const float *sums, float *c, int c_stride) {              \
        tile(1, BITS, s, a, b, scales, zeros, sums, c, c_stride);                                                     \
    }                                                                                                                 \
    static NOINLINE void two_rows_##BITS(const struct few_bits *s, const float *a, const uint8_t *b, const float *scales, \
                                         const float *zeros, const float *sums, float *c, int c_stride) {             \
        tile(2, BITS, s, a, b, scales, zeros, sums, c, c_stride);                                                     \
    }                                                                                                                 \
    static NOINLINE void widen_##BITS(const struct few_bits *s, const uint8_t *b, const float *scales,                \
                                      const float *zeros, float *out) {                                               \
        widen(BITS, s, b, scales, zeros, out);                                                                        \
    }
OF_BITS(4) OF_BITS(8)

INLINE int row_units(const struct few_bits *s) { return ceil_div(s->rows, s->row_block); }
INLINE int column_units(const struct few_bits *s) { return ceil_div(s->columns, s->panels * PANEL); }
INLINE int is_few(const struct few_bits *s) { return s->rows <= FEW_ROWS; }

int few_bits_units(const struct few_bits *s) { return row_units(s) * column_units(s); }

int few_bits_scratch(const struct few_bits *s) {
    int rows = min_int(s->row_block, s->rows);
    return rows * s->panels * PANEL + (is_few(s) ? FEW_ROWS * blocks_of(s) : s->depth * PANEL);
}

void few_bits(const struct few_bits *s, float *arena, int unit, float *scratch) {
    int row = unit / column_units(s) * s->row_block, column = unit % column_units(s) * s->panels * PANEL;
    int rows = min_int(s->row_block, s->rows - row), columns = min_int(s->panels * PANEL, s->columns - column);
    int wide = round_up(columns, PANEL), blocks = blocks_of(s);
    const float *a = arena + s->a + (ptrdiff_t)row * s->a_stride;
    float *result = scratch, *rest = scratch + min_int(s->row_block, s->rows) * s->panels * PANEL;
    if (is_few(s) && s->zeros != NONE)
        for (int r = 0; r < rows; r++)
            for (int block = 0; block < blocks; block++) {
                const float *from = a + (ptrdiff_t)r * s->a_stride + block * s->block;
                float sum = 0.0f;
                for (int d = min_int(s->block, s->depth - block * s->block); d-- > 0;) sum += *from++;
                rest[r * blocks + block] = sum;
            }
    for (int j = 0; j < columns; j += PANEL) {
        ptrdiff_t panel = (column + j) / PANEL;
        const uint8_t *b = (const uint8_t *)(arena + s->b) + panel * ceil_div(s->depth, 2) * step_bytes(s->bits);
        const float *scales = arena + s->scales + panel * blocks * PANEL;
        const float *zeros = s->zeros == NONE ? 0 : arena + s->zeros + panel * blocks * PANEL;
        if (!is_few(s)) {
            (s->bits == 4 ? widen_4 : widen_8)(s, b, scales, zeros, rest);
            gemm(rows, PANEL, s->depth, a, s->a_stride, rest, result + j, wide, 0);
        } else if (rows == 1) {
            (s->bits == 4 ? one_row_4 : one_row_8)(s, a, b, scales, zeros, rest, result + j, wide);
        } else {
            (s->bits == 4 ? two_rows_4 : two_rows_8)(s, a, b, scales, zeros, rest, result + j, wide);
        }
    }
    finish_block(&s->finish, arena, result, wide, arena + s->c, s->c_stride, 0, row, rows, column, columns);
}
