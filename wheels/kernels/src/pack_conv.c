/* Weights of a convolution, [out][in / groups][height][width], to one packed matrix a group: row (tap, channel),
   columns the group's outputs; a few columns lie one after the other. Transposed convolution packs a residue: the
   taps its pixels see. */
#include "conv.h"

#include "gemm.h"

int pack_conv_units(const struct pack_conv *s) { return s->groups; }

void pack_conv(const struct pack_conv *s, float *arena, int unit) {
    int columns = s->out_channels / s->groups, in = s->in_channels / s->groups, taps = s->height * s->width;
    int depth = taps * in, wide = padded_columns(columns);
    float *packed = arena + s->packed + (ptrdiff_t)unit * depth * wide;
    const float *source = arena + s->source;
    int whole = few_columns(columns) ? 1 : PANEL;
    for (int panel = 0; panel < columns; panel += whole) {
        int width = whole == 1 ? 1 : columns - panel > VW ? PANEL : VW;
        for (int row = 0; row < depth; row++) {
            int tap = row / in, channel = row % in;
            ptrdiff_t at = s->first + (ptrdiff_t)unit * s->stride_group + (ptrdiff_t)channel * s->stride_in +
                           (tap / s->width) * s->stride_y + (tap % s->width) * s->stride_x;
            for (int j = 0; j < width; j++) {
                ptrdiff_t index = at + (ptrdiff_t)(panel + j) * s->stride_out;
                *packed++ = panel + j >= columns        ? 0.0f
                            : s->number == FLOAT16 ? widen_one(((const uint16_t *)source)[index])
                                                   : source[index];
            }
        }
    }
}
