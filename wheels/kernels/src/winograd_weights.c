/* Weights for F(4x4, 3x3): G g G^T turns nine taps into 36. Either once, all of them (pack_winograd), or panel by
   panel at each use from taps that lie ready in vectors of output channels (pack_taps, expand_taps). */
#include "winograd_weights.h"

#include "gemm.h"
#include "winograd.h"

/* G g for one line of three. */
INLINE void expand_line(const vf g[3], vf out[6]) {
    vf ends = (g[0] + g[2]) * vsplat(-1.0f / 6), far = vfma(vsplat(1.0f / 24), g[0], g[2] * vsplat(1.0f / 6));
    out[0] = g[0] * vsplat(0.25f);
    out[1] = vfma(vsplat(-1.0f / 6), g[1], ends);
    out[2] = vfma(vsplat(1.0f / 6), g[1], ends);
    out[3] = vfma(vsplat(1.0f / 12), g[1], far);
    out[4] = vfma(vsplat(-1.0f / 12), g[1], far);
    out[5] = g[2];
}

/* The 36 of one input channel, from nine vectors of taps. */
INLINE void expand(const vf taps[9], float *out, ptrdiff_t plane) {
    vf half[6][3];
    UNROLL for (int j = 0; j < 3; j++) {
        vf line[3] = {taps[j], taps[3 + j], taps[6 + j]}, far[6];
        expand_line(line, far);
        UNROLL for (int i = 0; i < 6; i++) half[i][j] = far[i];
    }
    ROLLED for (int i = 0; i < 6; i++) {
        vf line[6];
        expand_line(half[i], line);
        UNROLL for (int j = 0; j < 6; j++) {
            vstore(out, line[j]);
            out += plane;
            PIN(out);
        }
    }
}

/* Weight `index` of an array stored as `number`. */
INLINE float weight_at(const float *source, int number, ptrdiff_t index) {
    return number == FLOAT16 ? widen_one(((const uint16_t *)source)[index]) : source[index];
}

int pack_winograd_units(const struct pack_conv *s) { return ceil_div(s->out_channels, VW); }

void pack_winograd(const struct pack_conv *s, float *arena, int unit) {
    int first = unit * VW, lanes = min_int(VW, s->out_channels - first), channels = s->in_channels;
    int panel = first / PANEL * PANEL, width = s->out_channels - panel > VW ? PANEL : VW;
    ptrdiff_t plane = (ptrdiff_t)channels * padded_columns(s->out_channels);
    float *packed = arena + s->packed + (ptrdiff_t)panel * channels + (first - panel);
    const float *source = arena + s->source;
    for (int c = 0; c < channels; c++) {
        vf taps[9];
        for (int i = 0; i < 9; i++) {
            taps[i] = vzero();
            for (int lane = 0; lane < lanes; lane++)
                taps[i][lane] = weight_at(source, s->number, ((ptrdiff_t)(first + lane) * channels + c) * 9 + i);
        }
        expand(taps, packed + (ptrdiff_t)c * width, plane);
    }
}

int pack_taps_units(const struct pack_conv *s) { return ceil_div(s->out_channels, VW); }

/* [vector of output channels][input channel][tap][lane], in the numbers of the source. */
void pack_taps(const struct pack_conv *s, float *arena, int unit) {
    int first = unit * VW, lanes = min_int(VW, s->out_channels - first), taps = s->in_channels * 9;
    ptrdiff_t start = (ptrdiff_t)unit * taps * VW;
    if (s->number == FLOAT16) {
        const uint16_t *source = (const uint16_t *)(arena + s->source);
        uint16_t *out = (uint16_t *)(arena + s->packed) + start;
        for (int i = 0; i < taps; i++)
            for (int lane = 0; lane < VW; lane++)
                *out++ = lane < lanes ? source[(ptrdiff_t)(first + lane) * taps + i] : 0;
    } else {
        const float *source = arena + s->source;
        float *out = arena + s->packed + start;
        for (int i = 0; i < taps; i++)
            for (int lane = 0; lane < VW; lane++)
                *out++ = lane < lanes ? source[(ptrdiff_t)(first + lane) * taps + i] : 0.0f;
    }
}

void expand_taps(const float *taps, int number, int channels, int vector, int width, float *out, ptrdiff_t plane) {
    ptrdiff_t start = (ptrdiff_t)vector * channels * 9 * VW;
    for (int c = 0; c < channels; c++, start += 9 * VW) {
        vf nine[9];
        UNROLL for (int i = 0; i < 9; i++)
            nine[i] = number == FLOAT16 ? vwiden((const uint16_t *)taps + start + i * VW) : vload(taps + start + i * VW);
        expand(nine, out + (ptrdiff_t)c * width, plane);
    }
}
