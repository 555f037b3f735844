/* Softmax and its logarithm: the maximum taken off first, so that no exponential overflows. Three passes over what lies
   in the cache by then. A NaN is passed over by the maximum and comes into all results by the sum. */
#include "rows.h"
#include "vmath.h"

#define WIDE 4 /* vectors that are looked at together */

int softmax_units(const struct softmax *s) { return s->outer * spans(s->inner); }

/* `vectors` vectors of neighbours, each along its own line of `count` values. */
INLINE void columns(const struct softmax *s, const float *x, float *y, int vectors) {
    vf high[WIDE], sum[WIDE];
    UNROLL for (int j = 0; j < vectors; j++) {
        high[j] = vsplat(-__builtin_inff());
        sum[j] = vzero();
    }
    for (int i = 0; i < s->count; i++)
        UNROLL for (int j = 0; j < vectors; j++) high[j] = vmax(high[j], vload(x + (ptrdiff_t)i * s->x_step + j * VW));
    for (int i = 0; i < s->count; i++) {
        UNROLL for (int j = 0; j < vectors; j++) {
            vf v = vload(x + (ptrdiff_t)i * s->x_step + j * VW) - high[j], e = vexp_below(v);
            sum[j] += e;
            vstore(y + (ptrdiff_t)i * s->y_step + j * VW, s->logarithm ? v : e);
        }
    }
    UNROLL for (int j = 0; j < vectors; j++) sum[j] = s->logarithm ? vlog(sum[j]) : vsplat(1.0f) / sum[j];
    for (int i = 0; i < s->count; i++) {
        UNROLL for (int j = 0; j < vectors; j++) {
            float *at = y + (ptrdiff_t)i * s->y_step + j * VW;
            vstore(at, s->logarithm ? vload(at) - sum[j] : vload(at) * sum[j]);
        }
    }
}

static NOINLINE void columns_1(const struct softmax *s, const float *x, float *y) { columns(s, x, y, 1); }
static NOINLINE void columns_wide(const struct softmax *s, const float *x, float *y) { columns(s, x, y, WIDE); }

/* A vector of neighbours of which there are only some. */
static void columns_some(const struct softmax *s, const float *x, float *y, int lanes) {
    vf high = reduce_column(REDUCE_MAX, x, s->count, s->x_step, lanes), sum = vzero();
    for (int i = 0; i < s->count; i++) {
        vf v = vload_some(x + (ptrdiff_t)i * s->x_step, lanes) - high, e = vexp_below(v);
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

static NOINLINE float highest(const float *x, int count) {
    vf high[WIDE];
    int i = 0;
    UNROLL for (int j = 0; j < WIDE; j++) high[j] = vsplat(-__builtin_inff());
    for (; i + WIDE * VW <= count; i += WIDE * VW)
        UNROLL for (int j = 0; j < WIDE; j++) high[j] = vmax(high[j], vload(x + i + j * VW));
    for (; i + VW <= count; i += VW) high[0] = vmax(high[0], vload(x + i));
    UNROLL for (int j = 1; j < WIDE; j++) high[0] = vmax(high[0], high[j]);
    float most = -__builtin_inff();
    UNROLL for (int l = 0; l < VW; l++) most = high[0][l] > most ? high[0][l] : most;
    for (; i < count; i++) most = x[i] > most ? x[i] : most;
    return most;
}

/* One line of `count` values side by side. */
static NOINLINE void line(const struct softmax *s, const float *x, float *y) {
    vf high = vsplat(highest(x, s->count)), sum = vzero();
    int i = 0;
    for (; i + VW <= s->count; i += VW) {
        vf v = vload(x + i) - high, e = vexp_below(v);
        vstore(y + i, s->logarithm ? v : e);
        sum += e;
    }
    float total = vsum(sum);
    for (; i < s->count; i++) {
        float v = x[i] - high[0], e = vexp_below(vsplat(v))[0];
        y[i] = s->logarithm ? v : e;
        total += e;
    }
    vf last = s->logarithm ? vlog(vsplat(total)) : vsplat(1.0f) / vsplat(total);
    for (i = 0; i + VW <= s->count; i += VW) vstore(y + i, s->logarithm ? vload(y + i) - last : vload(y + i) * last);
    for (; i < s->count; i++) y[i] = s->logarithm ? y[i] - last[0] : y[i] * last[0];
}

void softmax(const struct softmax *s, float *arena, int unit) {
    int row = unit / spans(s->inner), first = unit % spans(s->inner) * SPAN, end = min_int(s->inner, first + SPAN);
    const float *x = arena + s->x + (ptrdiff_t)row * s->x_outer;
    float *y = arena + s->y + (ptrdiff_t)row * s->y_outer;
    if (s->inner == 1 && s->x_step == 1 && s->y_step == 1) {
        line(s, x, y);
        return;
    }
    int i = first;
    for (; i + WIDE * VW <= end; i += WIDE * VW) columns_wide(s, x + i, y + i);
    for (; i + VW <= end; i += VW) columns_1(s, x + i, y + i);
    if (i < end) columns_some(s, x + i, y + i, end - i);
}
