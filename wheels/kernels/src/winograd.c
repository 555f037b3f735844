/* 3x3 convolution, stride 1, by Winograd's minimal filtering F(4x4, 3x3) [Lavin & Gray, "Fast Algorithms for
   Convolutional Neural Networks", 2015]: 36 products where the plain way takes 144. Points 0, 1, -1, 2, -2.

   Tiles of 6x6 input pixels become rows of 36 planes V[tile][channel], one matrix product a plane gives
   M[tile][out channel], and that goes back to 4x4 pixels. A dilated convolution is dilation_y * dilation_x
   plain ones on interleaved phases of the image. */
#include "winograd.h"

#include "gemm.h"
#include "winograd_tile.h"
#include "winograd_weights.h"

int winograd_units(const struct conv *s) { return ceil_div(winograd_tiles(s), s->block); }

int winograd_scratch(const struct conv *s) {
    return (int)(PLANES * (plane_size(s->block, s->x.channels) + plane_size(s->block, s->y.channels)));
}

void winograd(const struct conv *s, float *arena, int unit, float *scratch) {
    int first = unit * s->block, tiles = min_int(s->block, winograd_tiles(s) - first);
    int in = row_stride(s->x.channels), out = row_stride(s->y.channels);
    ptrdiff_t in_plane = plane_size(s->block, s->x.channels), out_plane = plane_size(s->block, s->y.channels);
    ptrdiff_t weight_plane = (ptrdiff_t)s->x.channels * padded_columns(s->y.channels);
    float *v = scratch, *m = scratch + PLANES * in_plane;
    for (int i = 0; i < tiles; i++) transform_tile(s, arena, first + i, v + i * in, in_plane);
    for (int p = 0; p < PLANES; p++)
        gemm(tiles, s->y.channels, s->x.channels, v + p * in_plane, in, arena + s->weights + p * weight_plane,
             m + p * out_plane, out, 0);
    for (int i = 0; i < tiles; i++) restore_tile(s, arena, first + i, m + i * out, out_plane);
}

int winograd_input_units(const struct staged *s) { return winograd_tiles(&s->conv); }

void winograd_input(const struct staged *s, float *arena, int unit) {
    int tiles = winograd_tiles(&s->conv), channels = s->conv.x.channels;
    transform_tile(&s->conv, arena, unit, arena + s->planes_in + (ptrdiff_t)unit * row_stride(channels),
                   plane_size(tiles, channels));
}

int winograd_product_units(const struct staged *s) { return ceil_div(s->conv.y.channels, PANEL); }

INLINE ptrdiff_t panel_plane(const struct staged *s) { return (ptrdiff_t)s->conv.x.channels * PANEL + 16; }

int winograd_product_scratch(const struct staged *s) { return (int)(PLANES * panel_plane(s)); }

/* One panel of output channels for all tiles. */
void winograd_product(const struct staged *s, float *arena, int unit, float *scratch) {
    int tiles = winograd_tiles(&s->conv), in = s->conv.x.channels, out = s->conv.y.channels;
    int columns = min_int(PANEL, out - unit * PANEL), width = columns > VW ? PANEL : VW;
    const float *v = arena + s->planes_in;
    float *m = arena + s->planes_out + unit * PANEL;
    for (int j = 0; j < width; j += VW)
        expand_taps(arena + s->conv.weights, s->number, in, unit * (PANEL / VW) + j / VW, width, scratch + j,
                    panel_plane(s));
    for (int p = 0; p < PLANES; p++)
        gemm(tiles, columns, in, v + p * plane_size(tiles, in), row_stride(in), scratch + p * panel_plane(s),
             m + p * plane_size(tiles, out), row_stride(out), 0);
}

int winograd_output_units(const struct staged *s) { return winograd_tiles(&s->conv); }

void winograd_output(const struct staged *s, float *arena, int unit) {
    int tiles = winograd_tiles(&s->conv), channels = s->conv.y.channels;
    restore_tile(&s->conv, arena, unit, arena + s->planes_out + (ptrdiff_t)unit * row_stride(channels),
                 plane_size(tiles, channels));
}
