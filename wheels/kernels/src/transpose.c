/* Any rearrangement of axes, and copies between layouts: the output is written in order. Where the input runs along
   another axis than the output, the two are walked in small squares, so that neither leaves the cache. */
#include "transpose.h"

#define LAST (MAX_DIMS - 1)
#define SIDE 16
#define UNIT_ROWS 64

/* The axis that makes the rows of a two-dimensional copy, whose columns are the last axis: the one along which the
   input lies densely, or where that is the last axis itself, the one before. */
static int row_axis(const struct transpose *s) {
    if (s->strides[LAST] != 1 && s->sizes[LAST] != 1)
        for (int d = LAST - 1; d >= 0; d--)
            if (s->strides[d] == 1 && s->sizes[d] > 1) return d;
    return LAST - 1;
}

INLINE int blocks_of(const struct transpose *s) { return ceil_div(s->sizes[row_axis(s)], UNIT_ROWS); }

/* A unit is a block of rows at one index of the other axes. */
int transpose_units(const struct transpose *s) {
    int axis = row_axis(s), units = blocks_of(s);
    for (int d = 0; d < LAST; d++)
        if (d != axis) units *= s->sizes[d];
    return s->sizes[LAST] == 0 ? 0 : units;
}

static void copy_run(const float *from, ptrdiff_t stride, int count, float *to) {
    int i = 0;
    if (stride == 1)
        for (; i + VW <= count; i += VW) vstore(to + i, vload(from + i));
    for (; i < count; i++) to[i] = from[i * stride];
}

/* Four by four at once, where the compiler can shuffle vectors. */
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLES 1
typedef float four __attribute__((vector_size(16)));
typedef float four_at __attribute__((vector_size(16), aligned(4), may_alias));

INLINE void copy_four(const float *from, ptrdiff_t column, float *to, ptrdiff_t row) {
    four a = *(const four_at *)from, b = *(const four_at *)(from + column);
    four c = *(const four_at *)(from + 2 * column), d = *(const four_at *)(from + 3 * column);
    four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(four_at *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(four_at *)(to + row) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(four_at *)(to + 2 * row) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
    *(four_at *)(to + 3 * row) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}
#endif
#endif

static void copy_square(const float *from, ptrdiff_t column, int rows, int columns, float *to, ptrdiff_t row) {
    int r = 0;
#if defined(SHUFFLES)
    for (; r + 4 <= rows; r += 4) {
        int c = 0;
        for (; c + 4 <= columns; c += 4) copy_four(from + r + c * column, column, to + r * row + c, row);
        for (; c < columns; c++)
            for (int i = 0; i < 4; i++) to[(r + i) * row + c] = from[r + i + c * column];
    }
#endif
    for (; r < rows; r++)
        for (int c = 0; c < columns; c++) to[r * row + c] = from[r + c * column];
}

static void copy_squares(const float *from, ptrdiff_t column, int rows, int columns, float *to, ptrdiff_t row) {
    for (int r0 = 0; r0 < rows; r0 += SIDE) {
        int r1 = min_int(rows, r0 + SIDE);
        for (int c0 = 0; c0 < columns; c0 += SIDE) {
            int c1 = min_int(columns, c0 + SIDE);
            copy_square(from + r0 + c0 * column, column, r1 - r0, c1 - c0, to + r0 * row + c0, row);
        }
    }
}

void transpose(const struct transpose *s, float *arena, int unit) {
    int axis = row_axis(s), blocks = blocks_of(s), first = unit % blocks * UNIT_ROWS;
    int rows = min_int(UNIT_ROWS, s->sizes[axis] - first), columns = s->sizes[LAST], index = unit / blocks;
    ptrdiff_t size = columns, row = 0, from_row = s->strides[axis], column = s->strides[LAST];
    const float *from = arena + s->x + first * from_row;
    float *to = arena + s->y;
    for (int d = LAST - 1; d >= 0; d--) {
        if (d == axis) {
            row = size;
        } else {
            from += (ptrdiff_t)(index % s->sizes[d]) * s->strides[d];
            to += index % s->sizes[d] * size;
            index /= s->sizes[d];
        }
        size *= s->sizes[d];
    }
    to += first * row;
    if (from_row == 1 && column != 1) copy_squares(from, column, rows, columns, to, row);
    else
        for (int r = 0; r < rows; r++) copy_run(from + r * from_row, column, columns, to + r * row);
}
