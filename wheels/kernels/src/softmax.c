/* Softmax and its logarithm: the maximum taken off first, so that no exponential overflows. */
#include "rows.h"
#include "vmath.h"

int softmax_units(const struct softmax *s) { return s->outer; }

/* One vector of neighbours, each along its own line of `count` values. */
static void columns(const struct softmax *s, const float *x, float *y, int lanes) {
    vf high = reduce_column(REDUCE_MAX, x, s->count, s->x_step, lanes), sum = vzero();
    for (int i = 0; i < s->count; i++) {
        vf v = vload_some(x + (ptrdiff_t)i * s->x_step, lanes) - high, e = vexp(v);
        sum += e;
        vstore_some(y + (ptrdiff_t)i * s->y_step, s->logarithm ? v : e, lanes);
    }
    vf last = s->logarithm ? vlog(sum) : vsplat(1.0f) / sum;
    for (int i = 0; i < s->count; i++) {
        float *at = y + (ptrdiff_t)i * s->y_step;
        vf v = vload_some(at, lanes);
        vstore_some(at, s->logarithm ? v - last : v * last, lanes);
    }
}

/* One line of `count` values side by side. */
static void line(const struct softmax *s, const float *x, float *y) {
    vf high = vsplat(reduce_run(REDUCE_MAX, x, s->count)), sum = vzero();
    for (int i = 0; i < s->count; i += VW) {
        int lanes = min_int(VW, s->count - i);
        vf v = (lanes == VW ? vload(x + i) : vload_some(x + i, lanes)) - high, e = vexp(v);
        if (lanes == VW) vstore(y + i, s->logarithm ? v : e);
        else vstore_some(y + i, s->logarithm ? v : e, lanes);
        for (int l = lanes; l < VW; l++) e[l] = 0.0f;
        sum += e;
    }
    vf total = vsplat(vsum(sum)), last = s->logarithm ? vlog(total) : vsplat(1.0f) / total;
    int i = 0;
    for (; i + VW <= s->count; i += VW) {
        vf v = vload(y + i);
        vstore(y + i, s->logarithm ? v - last : v * last);
    }
    for (; i < s->count; i++) y[i] = s->logarithm ? y[i] - last[0] : y[i] * last[0];
}

void softmax(const struct softmax *s, float *arena, int unit) {
    const float *x = arena + s->x + (ptrdiff_t)unit * s->x_outer;
    float *y = arena + s->y + (ptrdiff_t)unit * s->y_outer;
    if (s->inner == 1 && s->x_step == 1 && s->y_step == 1) {
        line(s, x, y);
        return;
    }
    for (int i = 0; i < s->inner; i += VW) columns(s, x + i, y + i, min_int(VW, s->inner - i));
}
