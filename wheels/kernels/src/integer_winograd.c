/* 3x3 convolution of whole numbers, stride 1, by Winograd's minimal filtering F(2x2, 3x3) [Lavin & Gray, "Fast
   Algorithms for Convolutional Neural Networks", 2015]: 16 products where the plain way takes 36.

   The weights come transformed and multiplied by 4, so that they are whole; a tile of 4x4 pixels becomes a row of each
   of 16 planes by sums alone, which 16 bits hold. Sums in 32 bits may wrap on the way back: four times the result
   does not, and is what comes out. */
#include "gemm.h"
#include "integer_conv.h"
#include "pairs.h"

#define PLANES 16
#define SIDE 4

typedef uint32_t vu __attribute__((vector_size(4 * VW)));
typedef uint32_t vu_at __attribute__((vector_size(4 * VW), aligned(4), may_alias));

INLINE int tiles_down(const struct conv *s) { return ceil_div(s->y.height, 2); }
INLINE int tiles_across(const struct conv *s) { return ceil_div(s->y.width, 2); }
INLINE int tiles_of(const struct conv *s) { return s->y.batch * tiles_down(s) * tiles_across(s); }
INLINE int wide_of(const struct conv *s) { return round_up(s->y.channels, PANEL); }

int integer_winograd_units(const struct integer_conv *s) { return ceil_div(tiles_of(&s->conv), s->conv.block); }

int integer_winograd_scratch(const struct integer_conv *s) {
    int pairs = s->conv.x.channels, wide = wide_of(&s->conv);
    return pairs + PLANES * s->conv.block * (pairs + wide) + 4 * wide;
}

struct corner {
    int n, y, x; /* of a tile's first output pixel */
};

INLINE struct corner corner_of(const struct conv *s, int tile) {
    int each = tiles_down(s) * tiles_across(s), rest = tile % each;
    struct corner at = {tile / each, rest / tiles_across(s) * 2, rest % tiles_across(s) * 2};
    return at;
}

/* The pixels that a tile sees, as a row of each plane. */
static NOINLINE void to_planes(const struct conv *s, float *arena, struct corner at, const int32_t *zeros, int32_t *v,
                               ptrdiff_t plane) {
    const int32_t *pixel[SIDE][SIDE];
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int y = at.y - s->window.pad_top + i, x = at.x - s->window.pad_left + j;
            int inside = y >= 0 && y < s->x.height && x >= 0 && x < s->x.width;
            pixel[i][j] = inside ? (const int32_t *)pixel_at(arena, &s->x, at.n, y, x) : zeros;
        }
    ROLLED for (int c = 0; c < s->x.channels; c += VW) {
        vs rows[SIDE][SIDE];
        UNROLL for (int j = 0; j < SIDE; j++) {
            vs a = *(const vs_at *)(pixel[0][j] + c), b = *(const vs_at *)(pixel[1][j] + c);
            vs d = *(const vs_at *)(pixel[2][j] + c), e = *(const vs_at *)(pixel[3][j] + c);
            rows[0][j] = a - d;
            rows[1][j] = b + d;
            rows[2][j] = d - b;
            rows[3][j] = b - e;
        }
        int32_t *to = v + c;
        UNROLL for (int i = 0; i < SIDE; i++, to += SIDE * plane) {
            *(vs_at *)to = rows[i][0] - rows[i][2];
            *(vs_at *)(to + plane) = rows[i][1] + rows[i][2];
            *(vs_at *)(to + 2 * plane) = rows[i][2] - rows[i][1];
            *(vs_at *)(to + 3 * plane) = rows[i][1] - rows[i][3];
        }
    }
}

/* A row of each plane as the sums of 2x2 output pixels, [pixel][wide]. */
static NOINLINE void from_planes(const int32_t *m, ptrdiff_t plane, int wide, int32_t *sums) {
    for (int c = 0; c < wide; c += VW) {
        vu columns[2][SIDE];
        UNROLL for (int j = 0; j < SIDE; j++) {
            const int32_t *from = m + j * plane + c;
            vu a = *(const vu_at *)from, b = *(const vu_at *)(from + SIDE * plane);
            vu d = *(const vu_at *)(from + 2 * SIDE * plane), e = *(const vu_at *)(from + 3 * SIDE * plane);
            columns[0][j] = a + b + d;
            columns[1][j] = b - d - e;
        }
        UNROLL for (int i = 0; i < 2; i++) {
            const vu *r = columns[i];
            *(vi_at *)(sums + 2 * i * wide + c) = (vi)(r[0] + r[1] + r[2]) >> 2;
            *(vi_at *)(sums + (2 * i + 1) * wide + c) = (vi)(r[1] - r[2] - r[3]) >> 2;
        }
    }
}

void integer_winograd(const struct integer_conv *s, float *arena, int unit, float *scratch) {
    const struct conv *shape = &s->conv;
    const struct finish *f = &shape->finish;
    int first = unit * shape->block, tiles = min_int(shape->block, tiles_of(shape) - first);
    int pairs = shape->x.channels, wide = wide_of(shape), out = shape->y.channels;
    int32_t *zeros = (int32_t *)scratch, *v = zeros + pairs, *m = v + PLANES * shape->block * pairs;
    int32_t *sums = m + PLANES * shape->block * wide;
    const int16_t *weights = (const int16_t *)(arena + shape->weights);
    for (int i = 0; i < pairs; i++) zeros[i] = 0;
    for (int t = 0; t < tiles; t++)
        to_planes(shape, arena, corner_of(shape, first + t), zeros, v + t * pairs, (ptrdiff_t)shape->block * pairs);
    for (int p = 0; p < PLANES; p++)
        pairs_sums(tiles, wide, pairs, v + p * shape->block * pairs, weights + (ptrdiff_t)p * wide * pairs * 2,
                   m + p * shape->block * wide);
    for (int t = 0; t < tiles; t++) {
        struct corner at = corner_of(shape, first + t);
        from_planes(m + t * wide, (ptrdiff_t)shape->block * wide, wide, sums);
        for (int p = 0; p < 4; p++) {
            int y = at.y + p / 2, x = at.x + p % 2;
            if (y >= shape->y.height || x >= shape->y.width) continue;
            ptrdiff_t index = ((ptrdiff_t)at.n * shape->y.height + y) * shape->y.width + x;
            scale_pixel(s, arena, 0, out, sums + p * wide);
            finish_pixel(f, arena, (const float *)(sums + p * wide), arena + shape->y.place + index * shape->y.pitch,
                         f->residual == NONE ? 0 : arena + f->residual + index * f->residual_pitch, 0, out);
        }
    }
}
