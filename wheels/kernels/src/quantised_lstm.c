/* LSTM with weights of 8 bits, one direction: the inputs of all steps are quantised by their common range, the outputs
   of each step by theirs, and both are multiplied as integers.

   An output that falls on the other side of a rounding changes all that follow, so what one step is off by does not
   stay small. Every sum is therefore made in onnxruntime's order, and sigmoid and tanh are its rational functions: with
   fused products, which it has on most machines, the results are the same to the bit. */
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

INLINE vf scaled(const float *sums, vf scale, const float *scales) { return vproduct(vload(sums), scale * vload(scales)); }

/* c[0] + c[1] x + c[2] x^2 + ... and 1 / 2 + x p(x^2) / q(x^2) on [-18, 18], x p(x^2) / q(x^2) on [-9, 9]: the
   fractions that Eigen fitted to the two functions. */
INLINE vf fraction(vf x, const float *p, int above, const float *q, int below) {
    vf square = x * x;
    return x * polynomial(p, above, square) / polynomial(q, below, square);
}

INLINE vf sigmoid(vf x) {
    static const float p[] = {2.48287947061529e-01f, 8.51377133304701e-03f, 6.08574864600143e-05f, 1.15627324459942e-07f,
                              4.37031012579801e-11f};
    static const float q[] = {9.93151921023180e-01f, 1.16817656904453e-01f, 1.70198817374094e-03f,
                              6.29106785017040e-06f, 5.76102136993427e-09f, 6.10247389755681e-13f};
    vf value = fraction(vmin(vmax(x, vsplat(-18.0f)), vsplat(18.0f)), p, 5, q, 6) + vsplat(0.5f);
    return vmin(vmax(value, vzero()), vsplat(1.0f));
}

INLINE vf tanh_of(vf x) {
    static const float p[] = {4.89352455891786e-03f, 6.37261928875436e-04f,  1.48572235717979e-05f, 5.12229709037114e-08f,
                              -8.60467152213735e-11f, 2.00018790482477e-13f, -2.76076847742355e-16f};
    static const float q[] = {4.89352518554385e-03f, 2.26843463243900e-03f, 1.18534705686654e-04f, 1.19825839466702e-06f};
    return fraction(vmin(vmax(x, vsplat(-9.0f)), vsplat(9.0f)), p, 7, q, 4);
}

INLINE vf load(const float *p, int lanes) { return lanes == VW ? vload(p) : vload_some(p, lanes); }

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
            for (int i = 0; i < wide; i += VW)
                vstore(gates + i, scaled(sums + r * wide + i, vsplat(range.scale), arena + s->weight_scales + i));
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
            for (int i = 0; i < wide; i += VW) {
                vf sum = vload(gates + i) + scaled(sums + b * wide + i, vsplat(range.scale), arena + s->recurrent_scales + i);
                vstore(gates + i, sum + vload(bias + i));
            }
            for (int i = 0; i < hidden; i += VW) {
                int lanes = min_int(VW, hidden - i);
                vf in = sigmoid(load(gates + i, lanes)), out = sigmoid(load(gates + hidden + i, lanes));
                vf forget = sigmoid(load(gates + 2 * hidden + i, lanes)), fresh = tanh_of(load(gates + 3 * hidden + i, lanes));
                vf kept = vproduct(load(c + b * hidden + i, lanes), forget), cell = kept + vproduct(in, fresh);
                vstore_some(c + b * hidden + i, cell, lanes);
                vstore_some(h + b * hidden + i, tanh_of(cell) * out, lanes);
            }
        }
        if (s->y == NONE) continue;
        float *y = arena + s->y + (ptrdiff_t)time * s->y_step;
        for (int i = 0; i < batch * hidden; i++) y[i] = h[i];
    }
}
