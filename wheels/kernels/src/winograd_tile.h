/* The tiles of a Winograd convolution: where each lies, and its way to the planes and back. */
#ifndef HEARTH_WINOGRAD_TILE_H
#define HEARTH_WINOGRAD_TILE_H

#include "step.h"

#define PLANES 36

/* Rows of A a multiple of 1024 bytes apart fall on few lines of the cache and push each other out. */
INLINE int row_stride(int channels) {
    int width = round_up(channels, VW);
    return width % 256 ? width : width + 16;
}

/* Likewise planes a multiple of 4096 bytes apart. */
INLINE ptrdiff_t plane_size(int tiles, int channels) { return (ptrdiff_t)tiles * row_stride(channels) + 16; }

int winograd_tiles(const struct conv *s);

/* Input tile `index` to row `row` of the 36 planes that start at v, `plane` floats apart. */
void transform_tile(const struct conv *s, float *arena, int index, float *v, ptrdiff_t plane);

/* A row of the planes that start at m to the 4x4 pixels of tile `index`. */
void restore_tile(const struct conv *s, float *arena, int index, const float *m, ptrdiff_t plane);

#endif
