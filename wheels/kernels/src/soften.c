/* Edges of a mask moved and softened: maxima over neighbours, and a Gaussian blur by rows and columns. */
#include "image.h"

#define RUN 4 /* vectors of a row at once: they share a tap */

/* out[i] = taps[0] in[i] + the sum over d of taps[d] (before[d][i] + after[d][i]), for `vectors` vectors of which the
   last holds `some` numbers. The two rows of a tap lie d times `step` away, no further than `up` and `down` steps. */
INLINE void weighted(const float *in, ptrdiff_t step, int32_t up, int32_t down, const float *taps, int32_t count,
                     int vectors, int some, float *out) {
    vf sum[RUN], first = vsplat(taps[0]);
    float part[VW];
    UNROLL for (int v = 0; v < vectors; v++) {
        if (some < VW && v == vectors - 1) {
            for (int i = 0; i < VW; i++) part[i] = i < some ? in[v * VW + i] : 0.0f;
            sum[v] = first * vload(part);
        } else
            sum[v] = first * vload(in + v * VW);
    }
    for (int32_t d = 1; d < count; d++) {
        const float *before = in - min_int(d, up) * step, *after = in + min_int(d, down) * step;
        vf tap = vsplat(taps[d]);
        UNROLL for (int v = 0; v < vectors; v++) {
            if (some < VW && v == vectors - 1) {
                for (int i = 0; i < VW; i++) part[i] = i < some ? before[v * VW + i] + after[v * VW + i] : 0.0f;
                sum[v] = vfma(tap, vload(part), sum[v]);
            } else
                sum[v] = vfma(tap, vload(before + v * VW) + vload(after + v * VW), sum[v]);
        }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
        if (some < VW && v == vectors - 1) {
            vstore(part, sum[v]);
            for (int i = 0; i < some; i++) out[v * VW + i] = part[i];
        } else
            vstore(out + v * VW, sum[v]);
    }
}

static NOINLINE void row(const float *in, ptrdiff_t step, int32_t up, int32_t down, const float *taps, int32_t count,
                         int32_t width, float *out) {
    int32_t x = 0;
    for (; x + RUN * VW <= width; x += RUN * VW) weighted(in + x, step, up, down, taps, count, RUN, VW, out + x);
    for (; x + VW <= width; x += VW) weighted(in + x, step, up, down, taps, count, 1, VW, out + x);
    if (x < width) weighted(in + x, step, up, down, taps, count, 1, width - x, out + x);
}

int32_t soften_scratch(int32_t width, int32_t count) { return width + 2 * count; }

/* Rows [top, bottom) and columns [left, right) of a field (height, width), blurred; beyond it, it goes on as at its
   border. taps[d] is the weight at d pixels, `count` of them. */
void soften(const float *field, int32_t width, int32_t height, int32_t top, int32_t bottom, int32_t left,
            int32_t right, const float *taps, int32_t count, float *out, float *scratch) {
    int32_t last = count - 1;
    float *line = scratch + last;
    for (int32_t y = top; y < bottom; y++) {
        row(field + (ptrdiff_t)y * width, width, y, height - 1 - y, taps, count, width, line);
        for (int32_t d = 1; d <= last; d++) {
            line[-d] = line[0];
            line[width - 1 + d] = line[width - 1];
        }
        row(line + left, 1, last, last, taps, count, right - left, out);
        out += right - left;
    }
}

INLINE uint8_t larger(uint8_t a, uint8_t b) { return a > b ? a : b; }

static NOINLINE void larger_of_three(const uint8_t *restrict a, const uint8_t *restrict b, const uint8_t *restrict c,
                                     int32_t count, uint8_t *restrict out) {
    for (int32_t i = 0; i < count; i++) out[i] = larger(larger(a[i], b[i]), c[i]);
}

/* The maximum of every pixel and its neighbours: 8 for a square, else 4. */
void grow(const uint8_t *mask, uint8_t *out, int32_t width, int32_t height, int32_t square, float *scratch) {
    uint8_t *line = (uint8_t *)scratch; /* the maximum of three rows */
    for (int32_t y = 0; y < height; y++, out += width) {
        const uint8_t *here = mask + (ptrdiff_t)y * width;
        larger_of_three(y > 0 ? here - width : here, here, y < height - 1 ? here + width : here, width, line);
        const uint8_t *across = square ? line : here;
        if (width == 1) {
            out[0] = line[0];
            continue;
        }
        larger_of_three(across, line + 1, across + 2, width - 2, out + 1);
        out[0] = larger(line[0], across[1]);
        out[width - 1] = larger(line[width - 1], across[width - 2]);
    }
}

int32_t grow_scratch(int32_t width) { return width / 4 + 1; }
