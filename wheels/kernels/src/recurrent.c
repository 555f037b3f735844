/* LSTM and GRU, one direction, with the standard activations. The products of the input with its weights are one
   large matrix product made before; here is what has to go step by step. */
#include "recurrent.h"

#include "gemm.h"
#include "vmath.h"

int lstm_scratch(const struct recurrent *s) { return s->batch * padded_columns(4 * s->hidden); }
int gru_scratch(const struct recurrent *s) {
    return s->batch * (padded_columns(2 * s->hidden) + padded_columns(s->hidden) + s->hidden);
}

INLINE vf load(const float *p, int lanes) { return lanes == VW ? vload(p) : vload_some(p, lanes); }
INLINE void store(float *p, vf v, int lanes) {
    if (lanes == VW) vstore(p, v);
    else vstore_some(p, v, lanes);
}

INLINE int time_of(const struct recurrent *s, int step) { return s->reverse ? s->steps - 1 - step : step; }

INLINE void emit(const struct recurrent *s, float *arena, int time, const float *h) {
    if (s->y == NONE) return;
    float *y = arena + s->y + (ptrdiff_t)time * s->y_step;
    for (int i = 0; i < s->batch * s->hidden; i++) y[i] = h[i];
}

void lstm(const struct recurrent *s, float *arena, float *scratch) {
    int hidden = s->hidden, wide = padded_columns(4 * hidden);
    float *h = arena + s->h, *c = arena + s->c;
    for (int step = 0; step < s->steps; step++) {
        int time = time_of(s, step);
        gemm(s->batch, 4 * hidden, hidden, h, hidden, arena + s->weights, scratch, wide, 0);
        for (int b = 0; b < s->batch; b++) {
            const float *x = arena + s->projected + ((ptrdiff_t)time * s->batch + b) * 4 * hidden, *r = scratch + b * wide;
            for (int i = 0; i < hidden; i += VW) {
                int lanes = min_int(VW, hidden - i);
                vf in = vsigmoid(load(x + i, lanes) + load(r + i, lanes));
                vf out = vsigmoid(load(x + hidden + i, lanes) + load(r + hidden + i, lanes));
                vf forget = vsigmoid(load(x + 2 * hidden + i, lanes) + load(r + 2 * hidden + i, lanes));
                vf cell = vtanh(load(x + 3 * hidden + i, lanes) + load(r + 3 * hidden + i, lanes));
                cell = vfma(forget, load(c + b * hidden + i, lanes), in * cell);
                store(c + b * hidden + i, cell, lanes);
                store(h + b * hidden + i, out * vtanh(cell), lanes);
            }
        }
        emit(s, arena, time, h);
    }
}

/* Weights: z and r together, [hidden][2 * hidden], then those of the hidden gate, [hidden][hidden]. */
void gru(const struct recurrent *s, float *arena, float *scratch) {
    int hidden = s->hidden, gates = padded_columns(2 * hidden), wide = padded_columns(hidden);
    const float *hidden_weights = arena + s->weights + (ptrdiff_t)hidden * gates;
    const float *bias = s->hidden_bias == NONE ? 0 : arena + s->hidden_bias;
    float *h = arena + s->h, *both = scratch, *inner = both + s->batch * gates, *reset = inner + s->batch * wide;
    for (int step = 0; step < s->steps; step++) {
        int time = time_of(s, step);
        gemm(s->batch, 2 * hidden, hidden, h, hidden, arena + s->weights, both, gates, 0);
        for (int b = 0; b < s->batch; b++) {
            const float *x = arena + s->projected + ((ptrdiff_t)time * s->batch + b) * 3 * hidden;
            for (int i = 0; i < 2 * hidden; i += VW) {
                int lanes = min_int(VW, 2 * hidden - i);
                store(both + b * gates + i, vsigmoid(load(x + i, lanes) + load(both + b * gates + i, lanes)), lanes);
            }
            for (int i = 0; i < hidden; i++)
                reset[b * hidden + i] = h[b * hidden + i] * (s->reset_late ? 1.0f : both[b * gates + hidden + i]);
        }
        gemm(s->batch, hidden, hidden, reset, hidden, hidden_weights, inner, wide, 0);
        for (int b = 0; b < s->batch; b++) {
            const float *x = arena + s->projected + ((ptrdiff_t)time * s->batch + b) * 3 * hidden + 2 * hidden;
            for (int i = 0; i < hidden; i += VW) {
                int lanes = min_int(VW, hidden - i);
                vf z = load(both + b * gates + i, lanes), r = load(both + b * gates + hidden + i, lanes);
                vf state = load(inner + b * wide + i, lanes);
                if (bias) state += load(bias + i, lanes);
                if (s->reset_late) state *= r;
                vf fresh = vtanh(load(x + i, lanes) + state);
                store(h + b * hidden + i, vfma(z, load(h + b * hidden + i, lanes) - fresh, fresh), lanes);
            }
        }
        emit(s, arena, time, h);
    }
}
