/* Layer, instance and root-mean-square normalisation: (x - mean) / sqrt(variance + epsilon), then scale and shift.
   The variance is taken about the mean in a second pass, which large means do not spoil. */
#include "rows.h"
#include "vmath.h"

int normalise_units(const struct normalise *s) { return s->outer * spans(s->inner); }

static void columns(const struct normalise *s, const float *arena, const float *x, float *y, int first, int lanes) {
    vf count = vsplat((float)s->count), mean = vzero(), squares = vzero();
    if (s->centred) mean = reduce_column(REDUCE_SUM, x, s->count, s->x_step, lanes) / count;
    for (int i = 0; i < s->count; i++) {
        vf d = vload_some(x + (ptrdiff_t)i * s->x_step, lanes) - mean;
        squares = vfma(d, d, squares);
    }
    vf inverse = vsplat(1.0f) / vsqrt(squares / count + vsplat(s->epsilon));
    vf scale = s->scale == NONE ? vsplat(1.0f) : vload_some(arena + s->scale + first, lanes);
    vf shift = s->shift == NONE ? vzero() : vload_some(arena + s->shift + first, lanes);
    scale = scale * inverse;
    for (int i = 0; i < s->count; i++) {
        vf d = vload_some(x + (ptrdiff_t)i * s->x_step, lanes) - mean;
        vstore_some(y + (ptrdiff_t)i * s->y_step, vfma(d, scale, shift), lanes);
    }
}

/* A vector of factors along a line: each element has its own, or all have one. */
INLINE vf factors(const float *f, int by_count, int i, int lanes) {
    return !by_count ? vsplat(f[0]) : lanes == VW ? vload(f + i) : vload_some(f + i, lanes);
}

static void line(const struct normalise *s, const float *arena, const float *x, float *y) {
    float count = (float)s->count, mean = s->centred ? reduce_run(REDUCE_SUM, x, s->count) / count : 0.0f;
    vf centre = vsplat(mean), squares = vzero();
    int i = 0;
    for (; i + VW <= s->count; i += VW) {
        vf d = vload(x + i) - centre;
        squares = vfma(d, d, squares);
    }
    float sum = vsum(squares);
    for (; i < s->count; i++) sum += (x[i] - mean) * (x[i] - mean);
    float inverse = 1.0f / __builtin_sqrtf(sum / count + s->epsilon);
    const float *scale = s->scale == NONE ? 0 : arena + s->scale, *shift = s->shift == NONE ? 0 : arena + s->shift;
    for (i = 0; i < s->count; i += VW) {
        int lanes = min_int(VW, s->count - i);
        vf v = ((lanes == VW ? vload(x + i) : vload_some(x + i, lanes)) - centre) * vsplat(inverse);
        if (scale) v *= factors(scale, s->by_count, i, lanes);
        if (shift) v += factors(shift, s->by_count, i, lanes);
        if (lanes == VW) vstore(y + i, v);
        else vstore_some(y + i, v, lanes);
    }
}

void normalise(const struct normalise *s, float *arena, int unit) {
    int row = unit / spans(s->inner), first = unit % spans(s->inner) * SPAN, end = min_int(s->inner, first + SPAN);
    const float *x = arena + s->x + (ptrdiff_t)row * s->x_outer;
    float *y = arena + s->y + (ptrdiff_t)row * s->y_outer;
    if (s->inner == 1 && s->x_step == 1 && s->y_step == 1) {
        line(s, arena, x, y);
        return;
    }
    for (int i = first; i < end; i += VW) columns(s, arena, x + i, y + i, i, min_int(VW, end - i));
}
