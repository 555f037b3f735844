/* Resampling by tables: nearest, linear, cubic and antialiased are all a few weighted rows, then a few weighted
   columns. Which ones, the tables say. */
#include "resize.h"

int resize_units(const struct resize *s) { return s->y.batch * s->y.height; }

int resize_scratch(const struct resize *s) { return s->x.width * round_up(s->x.channels, VW); }

/* out = sum of taps of weight * row, `count` floats each. */
static NOINLINE void blend_run(int taps, const float *const *rows, const float *weights, int count, float *out) {
    int i = 0;
    for (; i + VW <= count; i += VW) {
        vf v = vload(rows[0] + i) * vsplat(weights[0]);
        for (int t = 1; t < taps; t++) v = vfma(vload(rows[t] + i), vsplat(weights[t]), v);
        vstore(out + i, v);
    }
    for (; i < count; i++) {
        float v = 0.0f;
        for (int t = 0; t < taps; t++) v += rows[t][i] * weights[t];
        out[i] = v;
    }
}

static NOINLINE void blend_two(const float *a, const float *b, float wa, float wb, int count, float *out) {
    vf va = vsplat(wa), vb = vsplat(wb);
    int i = 0;
    for (; i + VW <= count; i += VW) vstore(out + i, vfma(vload(b + i), vb, vload(a + i) * va));
    for (; i < count; i++) out[i] = a[i] * wa + b[i] * wb;
}

static NOINLINE void copy_run(const float *from, int count, float *out) {
    int i = 0;
    for (; i + VW <= count; i += VW) vstore(out + i, vload(from + i));
    for (; i < count; i++) out[i] = from[i];
}

INLINE void blend(int taps, const float *const *rows, const float *weights, int count, float *out) {
    if (taps == 1 && weights[0] == 1.0f) copy_run(rows[0], count, out);
    else if (taps == 2) blend_two(rows[0], rows[1], weights[0], weights[1], count, out);
    else blend_run(taps, rows, weights, count, out);
}

#define MAX_TAPS 64

/* One row of output: rows blended to scratch, then columns of that. */
void resize(const struct resize *s, float *arena, int unit, float *scratch) {
    int n = unit / s->y.height, oy = unit % s->y.height, channels = s->x.channels;
    const int32_t *rows = (const int32_t *)(arena + s->rows) + oy * s->taps_y;
    const float *row_weights = arena + s->row_weights + oy * s->taps_y;
    const int32_t *columns = (const int32_t *)(arena + s->columns);
    const float *column_weights = arena + s->column_weights;
    const float *from[MAX_TAPS];
    const float *line = pixel_at(arena, &s->x, n, rows[0], 0);
    int pitch = s->x.pitch;
    if (s->taps_y > 1 || row_weights[0] != 1.0f) {
        int dense = pitch == channels;
        for (int x = 0; x < (dense ? 1 : s->x.width); x++) {
            for (int t = 0; t < s->taps_y; t++) from[t] = pixel_at(arena, &s->x, n, rows[t], x);
            blend(s->taps_y, from, row_weights, dense ? channels * s->x.width : channels, scratch + x * channels);
        }
        line = scratch;
        pitch = channels;
    }
    float *out = pixel_at(arena, &s->y, n, oy, 0);
    for (int x = 0; x < s->y.width; x++, out += s->y.pitch) {
        for (int t = 0; t < s->taps_x; t++) from[t] = line + (ptrdiff_t)columns[x * s->taps_x + t] * pitch;
        blend(s->taps_x, from, column_weights + x * s->taps_x, channels, out);
    }
}
