/* LSTM with weights of 8 bits, one direction: the inputs of all steps are quantised by their common range, the outputs
   of each step by theirs, and both are multiplied as integers. */
#include "quantised_lstm.h"

#include "gemm.h"
#include "pairs.h"
#include "vmath.h"

#define BLOCK 16

INLINE int wide_of(const struct quantised_lstm *s) { return round_up(4 * s->hidden, PANEL); }
INLINE int most_rows(const struct quantised_lstm *s) { return max_int(BLOCK, s->batch); }
INLINE int longest_row(const struct quantised_lstm *s) { return round_up(max_int(s->size, s->hidden), 2 * VW); }

int quantised_lstm_scratch(const struct quantised_lstm *s) {
    return longest_row(s) + most_rows(s) * (longest_row(s) / 2 + wide_of(s));
}

struct range {
    float scale, zero;
};

/* How numbers whose range includes 0 fill 0 to 255. */
static NOINLINE struct range range_of(const float *x, ptrdiff_t count) {
    vf low = vzero(), high = vzero();
    ptrdiff_t i = 0;
    for (; i + VW <= count; i += VW) {
        low = vmin(low, vload(x + i));
        high = vmax(high, vload(x + i));
    }
    float least = 0.0f, most = 0.0f;
    UNROLL for (int j = 0; j < VW; j++) {
        least = low[j] < least ? low[j] : least;
        most = high[j] > most ? high[j] : most;
    }
    for (; i < count; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    float scale = (most - least) / 255.0f;
    if (!(scale > 0.0f)) scale = 1.0f;
    float zero = vround(vsplat(-least / scale))[0];
    struct range range = {scale, zero < 0.0f ? 0.0f : zero > 255.0f ? 255.0f : zero};
    return range;
}

/* Rows as pairs of what is left of their numbers without the zero point; `row` has room for one. */
static NOINLINE void quantise(struct range range, int rows, int depth, const float *x, float *row, int32_t *to) {
    vf scale = vsplat(range.scale), low = vsplat(-range.zero), high = vsplat(255.0f - range.zero);
    for (int r = 0; r < rows; r++, x += depth, to += ceil_div(depth, 2)) {
        int i = 0;
        for (; i + VW <= depth; i += VW) vstore(row + i, vmin(vmax(vround(vload(x + i) / scale), low), high));
        if (i < depth) vstore(row + i, vmin(vmax(vround(vload_some(x + i, depth - i) / scale), low), high));
        pair_up(row, depth, (int16_t *)to);
    }
}

/* sums * (scale * scales[column]) + c, into c. */
static NOINLINE void add_scaled(int count, float scale, const float *sums, const float *scales, float *c) {
    for (int i = 0; i < count; i += VW) vstore(c + i, vfma(vload(sums + i), vsplat(scale) * vload(scales + i), vload(c + i)));
}

INLINE vf gate(const float *gates, int at, int lanes) { return lanes == VW ? vload(gates + at) : vload_some(gates + at, lanes); }

void quantised_lstm(const struct quantised_lstm *s, float *arena, float *scratch) {
    int hidden = s->hidden, batch = s->batch, wide = wide_of(s), rows = s->steps * batch;
    float *row = scratch, *sums = row + longest_row(s);
    int32_t *pairs = (int32_t *)(sums + most_rows(s) * wide);
    float *projected = arena + s->projected, *h = arena + s->h, *c = arena + s->c;
    const float *x = arena + s->x, *bias = arena + s->bias;
    struct range range = range_of(x, (ptrdiff_t)rows * s->size);
    for (int first = 0; first < rows; first += BLOCK) {
        int count = min_int(BLOCK, rows - first);
        quantise(range, count, s->size, x + (ptrdiff_t)first * s->size, row, pairs);
        pairs_product(count, wide, ceil_div(s->size, 2), pairs, (const int16_t *)(arena + s->weights), sums);
        for (int r = 0; r < count; r++) {
            float *gates = projected + (ptrdiff_t)(first + r) * wide;
            for (int i = 0; i < wide; i += VW) vstore(gates + i, vload(bias + i));
            add_scaled(wide, range.scale, sums + r * wide, arena + s->weight_scales, gates);
        }
    }
    for (int step = 0; step < s->steps; step++) {
        int time = s->reverse ? s->steps - 1 - step : step;
        float *now = projected + (ptrdiff_t)time * batch * wide;
        range = range_of(h, batch * hidden);
        quantise(range, batch, hidden, h, row, pairs);
        pairs_product(batch, wide, ceil_div(hidden, 2), pairs, (const int16_t *)(arena + s->recurrent), sums);
        for (int b = 0; b < batch; b++) {
            float *gates = now + b * wide;
            add_scaled(wide, range.scale, sums + b * wide, arena + s->recurrent_scales, gates);
            for (int i = 0; i < hidden; i += VW) {
                int lanes = min_int(VW, hidden - i);
                vf in = vsigmoid(gate(gates, i, lanes)), out = vsigmoid(gate(gates, hidden + i, lanes));
                vf forget = vsigmoid(gate(gates, 2 * hidden + i, lanes)), fresh = vtanh(gate(gates, 3 * hidden + i, lanes));
                vf cell = vfma(forget, gate(c, b * hidden + i, lanes), in * fresh), state = out * vtanh(cell);
                vstore_some(c + b * hidden + i, cell, lanes);
                vstore_some(h + b * hidden + i, state, lanes);
            }
        }
        if (s->y == NONE) continue;
        float *y = arena + s->y + (ptrdiff_t)time * s->y_step;
        for (int i = 0; i < batch * hidden; i++) y[i] = h[i];
    }
}
