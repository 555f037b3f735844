/* Reductions along an axis. Sums go by pieces, and by pieces of pieces, so that each of the three sums has few
   terms and rounding stays small however long the axis is. */
#include "rows.h"
#include "vmath.h"

#define PIECE 64

INLINE int additive(int kind) {
    return kind == REDUCE_SUM || kind == REDUCE_MEAN || kind == REDUCE_SQUARES || kind == REDUCE_ABSOLUTES;
}

INLINE vf start_of(int kind) {
    switch (kind) {
        case REDUCE_MAX: return vsplat(-__builtin_inff());
        case REDUCE_MIN: return vsplat(__builtin_inff());
        case REDUCE_PRODUCT: return vsplat(1.0f);
        default: return vzero();
    }
}

INLINE vf join(int kind, vf acc, vf x) {
    switch (kind) {
        case REDUCE_MAX: return vselect(acc == acc, vmax(x, acc), acc);
        case REDUCE_MIN: return vselect(acc == acc, vmin(x, acc), acc);
        case REDUCE_PRODUCT: return acc * x;
        case REDUCE_SQUARES: return vfma(x, x, acc);
        case REDUCE_ABSOLUTES: return acc + vabs(x);
        default: return acc + x;
    }
}

/* Joins what has been joined already: squares are not squared again. */
INLINE vf join_sums(int kind, vf a, vf b) { return additive(kind) ? a + b : join(kind, a, b); }

INLINE vf column(int kind, const float *x, int count, ptrdiff_t step, int lanes) {
    vf total = start_of(kind), middle = start_of(kind);
    for (int first = 0; first < count; first += PIECE) {
        int end = min_int(count, first + PIECE);
        vf piece = start_of(kind);
        for (int i = first; i < end; i++)
            piece = join(kind, piece, lanes == VW ? vload(x + i * step) : vload_some(x + i * step, lanes));
        middle = join_sums(kind, middle, piece);
        if ((first / PIECE + 1) % PIECE == 0) {
            total = join_sums(kind, total, middle);
            middle = start_of(kind);
        }
    }
    return join_sums(kind, total, middle);
}

#define EACH_KIND(CALL)                                    \
    switch (kind) {                                        \
        case REDUCE_MAX: return CALL(REDUCE_MAX);          \
        case REDUCE_MIN: return CALL(REDUCE_MIN);          \
        case REDUCE_PRODUCT: return CALL(REDUCE_PRODUCT);  \
        case REDUCE_SQUARES: return CALL(REDUCE_SQUARES);  \
        case REDUCE_ABSOLUTES: return CALL(REDUCE_ABSOLUTES); \
        default: return CALL(REDUCE_SUM);                  \
    }

vf reduce_column(int kind, const float *x, int count, ptrdiff_t step, int lanes) {
#define COLUMN(KIND) column(KIND, x, count, step, lanes)
    EACH_KIND(COLUMN)
}

INLINE float run(int kind, const float *x, int count) {
    vf acc = column(kind, x, count / VW, VW, VW);
    int rest = count % VW;
    float value = acc[0];
    for (int i = 1; i < VW; i++) value = join_sums(kind, vsplat(value), vsplat(acc[i]))[0];
    for (int i = count - rest; i < count; i++) value = join(kind, vsplat(value), vsplat(x[i]))[0];
    return value;
}

float reduce_run(int kind, const float *x, int count) {
#define RUN(KIND) run(KIND, x, count)
    EACH_KIND(RUN)
}

int reduce_units(const struct reduce *s) { return s->outer * spans(s->inner); }

void reduce(const struct reduce *s, float *arena, int unit) {
    int line = unit / spans(s->inner), first = unit % spans(s->inner) * SPAN, end = min_int(s->inner, first + SPAN);
    const float *x = arena + s->x + (ptrdiff_t)line * s->x_outer;
    float *y = arena + s->y + (ptrdiff_t)line * s->y_outer;
    float scale = s->kind == REDUCE_MEAN ? 1.0f / (float)s->count : 1.0f;
    if (s->inner == 1 && s->x_step == 1) {
        *y = reduce_run(s->kind, x, s->count) * scale;
        return;
    }
    for (int i = first; i < end; i += VW) {
        int lanes = min_int(VW, end - i);
        vstore_some(y + i, reduce_column(s->kind, x + i, s->count, s->x_step, lanes) * vsplat(scale), lanes);
    }
}
