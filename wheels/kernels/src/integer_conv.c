/* Convolution of whole numbers, exact: sums of products of 16-bit integers in 32 bits. The image is made pairs of
   channels once; from there on a pair passes as an element of 32 bits wherever only places matter. */
#include "integer_conv.h"

#include "gemm.h"
#include "pairs.h"
#include "pieces.h"
#include "vmath.h"

#define ROWS 4
#define PIXELS 256

int pair_image_units(const struct pair_image *s) { return ceil_div(s->pixels, PIXELS); }

void pair_image(const struct pair_image *s, float *arena, int unit) {
    int end = min_int(s->pixels, (unit + 1) * PIXELS);
    for (int p = unit * PIXELS; p < end; p++)
        pair_up(arena + s->x + (ptrdiff_t)p * s->pitch, s->channels,
                (int16_t *)(arena + s->y + (ptrdiff_t)p * ceil_div(s->channels, 2)));
}

/* `rows` pixels times a panel of weights [tap][pair][PANEL][2]; pieces[tap * stride + row]. */
INLINE void tile(int rows, int taps, int pairs, const float *const *pieces, int stride, const int16_t *b, int32_t *c,
                 int c_stride) {
    vi acc[ROWS][2];
    const int32_t *row[ROWS];
    UNROLL for (int i = 0; i < rows; i++) acc[i][0] = acc[i][1] = visplat(0);
    ROLLED for (int t = 0; t < taps; t++, pieces += stride) {
        UNROLL for (int i = 0; i < rows; i++) row[i] = (const int32_t *)pieces[i];
        ROLLED for (int p = 0; p < pairs; p++) {
            vs left = *(const vs_at *)b, right = *(const vs_at *)(b + 2 * VW);
            b += 2 * PANEL;
            UNROLL for (int i = 0; i < rows; i++) {
                vi pair = visplat(*row[i]++);
                acc[i][0] = dot_pairs(pair, left, acc[i][0]);
                acc[i][1] = dot_pairs(pair, right, acc[i][1]);
            }
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < 2; j++)
        *(vi_at *)(c + i * c_stride + j * VW) = acc[i][j];
}

#define TILE(R)                                                                                                       \
    static NOINLINE void tile_##R(int taps, int pairs, const float *const *pieces, int stride, const int16_t *b,      \
                                  int32_t *c, int c_stride) {                                                         \
        tile(R, taps, pairs, pieces, stride, b, c, c_stride);                                                         \
    }
TILE(1) TILE(2) TILE(3) TILE(4)

NOINLINE void scale_pixel(const struct integer_conv *s, const float *arena, int first_channel, int channels,
                          int32_t *sums) {
    const float *scales = s->scales == NONE ? 0 : arena + s->scales + first_channel;
    const int32_t *bias = s->bias == NONE ? 0 : (const int32_t *)arena + s->bias + first_channel;
    float *out = (float *)sums;
    for (int c = 0; c < channels; c += VW) {
        vi sum = *(const vi_at *)(sums + c);
        if (bias) sum += *(const vi_at *)(bias + c);
        vf value = __builtin_convertvector(sum, vf);
        if (scales) value *= vload(scales + c);
        if (s->rounds) value = vround(value);
        vstore(out + c, value);
    }
}

INLINE int wide_of(const struct integer_conv *s) { return round_up(group_out(&s->conv), PANEL); }

int integer_conv_units(const struct integer_conv *s) { return ceil_div(grid_pixels(&s->conv), s->conv.block); }
int integer_conv_scratch(const struct integer_conv *s) { return workspace_of(&s->conv, wide_of(s)).size; }

void integer_conv(const struct integer_conv *s, float *arena, int unit, float *scratch) {
    const struct conv *shape = &s->conv;
    const struct finish *f = &shape->finish;
    int first = unit * shape->block, rows = min_int(shape->block, grid_pixels(shape) - first);
    int count = pieces_of(shape), pairs = piece_size(shape), out = group_out(shape), wide = wide_of(s);
    struct workspace w = workspace_of(shape, wide);
    const float **pieces = (const float **)(scratch + w.pointers);
    int32_t *sums = (int32_t *)(scratch + w.result);
    find_pieces(shape, arena, first, rows, &w, scratch);
    for (int g = 0; g < shape->groups; g++) {
        const int16_t *weights = (const int16_t *)(arena + shape->weights) + (ptrdiff_t)g * count * pairs * wide * 2;
        for (int j = 0; j < wide; j += PANEL) {
            const int16_t *b = weights + (ptrdiff_t)j * count * pairs * 2;
            for (int i = 0; i < rows; i += ROWS) {
                int32_t *c = sums + i * wide + j;
                switch (min_int(ROWS, rows - i)) {
                    case 1: tile_1(count, pairs, pieces + i, rows, b, c, wide); break;
                    case 2: tile_2(count, pairs, pieces + i, rows, b, c, wide); break;
                    case 3: tile_3(count, pairs, pieces + i, rows, b, c, wide); break;
                    default: tile_4(count, pairs, pieces + i, rows, b, c, wide); break;
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            ptrdiff_t index = first + r;
            scale_pixel(s, arena, g * out, out, sums + r * wide);
            const float *residual = f->residual == NONE ? 0 : arena + f->residual + index * f->residual_pitch + g * out;
            finish_pixel(f, arena, (const float *)(sums + r * wide),
                         arena + shape->y.place + index * shape->y.pitch + g * out, residual, g * out, out);
        }
        if (g + 1 < shape->groups) next_group(pieces, count * rows, scratch + w.zeros, pairs);
    }
}
