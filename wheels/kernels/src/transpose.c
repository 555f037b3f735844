/* Any rearrangement of axes, and copies between layouts: the output is written in order. Where the input runs along
   another axis than the output, the two are walked in small squares, so that neither leaves the cache. */
#include "transpose.h"

#define LAST (MAX_DIMS - 1)
#define SIDE 16

/* The axis along which the input lies densely; LAST where none does. */
static int dense_axis(const struct transpose *s) {
    if (s->strides[LAST] == 1 || s->sizes[LAST] == 1) return LAST;
    for (int d = LAST - 1; d >= 0; d--)
        if (s->strides[d] == 1 && s->sizes[d] > 1) return d;
    return LAST;
}

/* A unit is one index of every axis but the last and the dense one. */
int transpose_units(const struct transpose *s) {
    int axis = dense_axis(s), units = 1;
    for (int d = 0; d < LAST; d++)
        if (d != axis) units *= s->sizes[d];
    return s->sizes[LAST] == 0 || s->sizes[axis] == 0 ? 0 : units;
}

static void copy_run(const float *from, ptrdiff_t stride, int count, float *to) {
    int i = 0;
    if (stride == 1)
        for (; i + VW <= count; i += VW) vstore(to + i, vload(from + i));
    for (; i < count; i++) to[i] = from[i * stride];
}

static void copy_squares(const float *from, ptrdiff_t column, int rows, int columns, float *to, ptrdiff_t row) {
    for (int r0 = 0; r0 < rows; r0 += SIDE) {
        int r1 = min_int(rows, r0 + SIDE);
        for (int c0 = 0; c0 < columns; c0 += SIDE) {
            int c1 = min_int(columns, c0 + SIDE);
            for (int r = r0; r < r1; r++)
                for (int c = c0; c < c1; c++) to[r * row + c] = from[r + c * column];
        }
    }
}

void transpose(const struct transpose *s, float *arena, int unit) {
    int axis = dense_axis(s);
    ptrdiff_t from = s->x, to = s->y, size = s->sizes[LAST], row = 0;
    for (int d = LAST - 1; d >= 0; d--) {
        if (d == axis) {
            row = size;
        } else {
            int index = unit % s->sizes[d];
            unit /= s->sizes[d];
            from += (ptrdiff_t)index * s->strides[d];
            to += index * size;
        }
        size *= s->sizes[d];
    }
    if (axis == LAST) copy_run(arena + from, s->strides[LAST], s->sizes[LAST], arena + to);
    else copy_squares(arena + from, s->strides[LAST], s->sizes[axis], s->sizes[LAST], arena + to, row);
}
