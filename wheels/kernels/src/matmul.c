/* Matrix product on packed weights. Weights stored narrow are widened a panel at a time, into the cache. */
#include "matmul.h"

#include "gemm.h"

INLINE int row_units(const struct matmul *s) { return ceil_div(s->rows, s->row_block); }
INLINE int column_units(const struct matmul *s) { return ceil_div(s->columns, s->panels * PANEL); }

int matmul_units(const struct matmul *s) {
    return s->batch_outer * s->batch_inner * row_units(s) * column_units(s);
}

int matmul_scratch(const struct matmul *s) {
    int widened = s->number == FLOAT32 ? 0 : s->depth * PANEL;
    return s->row_block * s->panels * PANEL + widened;
}

/* One vector of columns of a stored panel, [k][width], widened to [k][width]. */
static NOINLINE void widen_panel(const struct matmul *s, const float *arena, ptrdiff_t start, int column, int width,
                                 float *out) {
    int count = s->depth * width;
    if (s->number == FLOAT16) {
        const uint16_t *stored = (const uint16_t *)(arena + s->b) + start;
        for (int i = 0; i < count; i += VW) vstore(out + i, vwiden(stored + i));
        return;
    }
    const uint8_t *stored = (const uint8_t *)(arena + s->b) + start;
    const float *scales = arena + s->scales + column, *zeros = s->zeros == NONE ? 0 : arena + s->zeros + column;
    for (int j = 0; j < width; j++) {
        float scale = column + j < s->columns ? scales[j] : 0.0f;
        float zero = zeros && column + j < s->columns ? zeros[j] : 0.0f;
        for (int k = 0; k < s->depth; k++) {
            uint8_t byte = stored[k * width + j];
            float value = s->number == INT8 ? (float)(int8_t)byte : (float)byte;
            out[k * width + j] = (value - zero) * scale;
        }
    }
}

void matmul(const struct matmul *s, float *arena, int unit, float *scratch) {
    int column = unit % column_units(s) * s->panels * PANEL, rest = unit / column_units(s);
    int row = rest % row_units(s) * s->row_block, batch = rest / row_units(s);
    int outer = batch / s->batch_inner, inner = batch % s->batch_inner;
    int rows = min_int(s->row_block, s->rows - row), columns = min_int(s->panels * PANEL, s->columns - column);
    int wide = padded_columns(columns);
    const float *a = arena + s->a + (ptrdiff_t)outer * s->a_outer + (ptrdiff_t)inner * s->a_inner +
                     (ptrdiff_t)row * s->a_stride;
    ptrdiff_t b = (ptrdiff_t)outer * s->b_outer + (ptrdiff_t)inner * s->b_inner + (ptrdiff_t)column * s->depth;
    float *result = scratch + (s->number == FLOAT32 ? 0 : s->depth * PANEL);
    ptrdiff_t matrix = (ptrdiff_t)outer * s->c_outer + (ptrdiff_t)inner * s->c_inner;
    if (s->number == FLOAT32 && finishes_early(&s->finish, s->columns)) {
        struct touch touch = {s->finish.bias == NONE ? 0 : arena + s->finish.bias + column, s->finish.low, s->finish.high};
        gemm(rows, columns, s->depth, a, s->a_stride, arena + s->b + b,
             arena + s->c + matrix + (ptrdiff_t)row * s->c_stride + column, s->c_stride, &touch);
        return;
    }
    if (s->number == FLOAT32) {
        gemm(rows, columns, s->depth, a, s->a_stride, arena + s->b + b, result, wide, 0);
    } else {
        for (int j = 0; j < columns; j += PANEL) {
            int width = columns - j > VW ? PANEL : VW;
            widen_panel(s, arena, b + (ptrdiff_t)j * s->depth, column + j, width, scratch);
            gemm(rows, min_int(width, columns - j), s->depth, a, s->a_stride, scratch, result + j, wide,
                 0);
        }
    }
    finish_block(&s->finish, arena, result, wide, arena + s->c + matrix, s->c_stride, matrix, row, rows, column, columns);
}

INLINE int matrix_panels(const struct pack_matrix *s) { return ceil_div(s->columns, PANEL); }

int pack_matrix_units(const struct pack_matrix *s) { return s->batch * matrix_panels(s); }

#define PACK(TYPE)                                                                                       \
    {                                                                                                    \
        const TYPE *from = (const TYPE *)(arena + s->source) + source;                                   \
        TYPE *to = (TYPE *)(arena + s->packed) + packed;                                                 \
        for (int k = 0; k < s->depth; k++, from += s->stride_k)                                          \
            for (int j = 0; j < width; j++) *to++ = j < columns ? from[(ptrdiff_t)j * s->stride_n] : 0;  \
    }

/* One panel. */
void pack_matrix(const struct pack_matrix *s, float *arena, int unit) {
    int batch = unit / matrix_panels(s), first = unit % matrix_panels(s) * PANEL;
    int columns = min_int(PANEL, s->columns - first), width = columns > VW ? PANEL : VW;
    ptrdiff_t source = (ptrdiff_t)batch * s->stride_batch + (ptrdiff_t)first * s->stride_n;
    ptrdiff_t packed = ((ptrdiff_t)batch * padded_columns(s->columns) + first) * s->depth;
    if (s->number == FLOAT32) PACK(float)
    else if (s->number == FLOAT16) PACK(uint16_t)
    else PACK(uint8_t)
}

#define WIDEN_UNIT 16384

int widen_units(const struct widen *s) { return ceil_div(s->count, WIDEN_UNIT); }

void widen(const struct widen *s, float *arena, int unit) {
    int first = unit * WIDEN_UNIT, count = min_int(WIDEN_UNIT, s->count - first), i = 0;
    const uint16_t *from = (const uint16_t *)(arena + s->source) + first;
    float *to = arena + s->out + first;
    for (; i + VW <= count; i += VW) vstore(to + i, vwiden(from + i));
    for (; i < count; i++) to[i] = widen_one(from[i]);
}
