/* Convolution of any shape as a matrix product that never builds its left matrix: each output pixel is a row,
   each tap a piece of the row, read where it lies in the image [Dukhan, "The Indirect Convolution Algorithm",
   2019]. With few input channels the pieces are too short to be worth a loop, so there the rows are copied
   together. */
#include "conv.h"

#include "gemm.h"

#define SHORT_PIECE 16

INLINE int grid_pixels(const struct conv *s) { return s->x.batch * s->grid.height * s->grid.width; }
INLINE int taps_of(const struct conv *s) { return s->window.height * s->window.width; }
INLINE int group_in(const struct conv *s) { return s->x.channels / s->groups; }
INLINE int group_out(const struct conv *s) { return s->y.channels / s->groups; }
INLINE int copies_rows(const struct conv *s) { return group_in(s) < SHORT_PIECE && taps_of(s) > 1; }

/* Pointers take one or two floats each. */
#define POINTER_FLOATS ((int)(sizeof(const float *) / sizeof(float)))

int conv_units(const struct conv *s) { return ceil_div(grid_pixels(s), s->block); }

int conv_scratch(const struct conv *s) {
    int pieces = round_up(s->block * taps_of(s) * POINTER_FLOATS, VW), zeros = round_up(group_in(s), VW);
    int rows = copies_rows(s) ? s->block * taps_of(s) * group_in(s) : 0;
    return pieces + zeros + round_up(rows, VW) + s->block * padded_columns(group_out(s));
}

struct position {
    int n, y, x; /* on the grid */
};

INLINE struct position position_of(const struct conv *s, int index) {
    int pixels = s->grid.height * s->grid.width, rest = index % pixels;
    struct position p = {index / pixels, rest / s->grid.width, rest % s->grid.width};
    return p;
}

INLINE void advance(const struct conv *s, struct position *p) {
    if (++p->x < s->grid.width) return;
    p->x = 0;
    if (++p->y < s->grid.height) return;
    p->y = 0;
    p->n++;
}

/* pieces[tap * rows + row]: where the tap's channels lie, or zeros outside the image. */
static void find_pieces(const struct conv *s, float *arena, struct position p, int rows, const float *zeros,
                        const float **pieces) {
    const struct window *w = &s->window;
    ptrdiff_t row_size = (ptrdiff_t)s->x.width * s->x.pitch;
    for (int r = 0; r < rows; r++, advance(s, &p)) {
        int top = p.y * w->stride_y - w->pad_top, left = p.x * w->stride_x - w->pad_left;
        const float *image = pixel_at(arena, &s->x, p.n, 0, 0);
        const float **piece = pieces + r;
        for (int i = 0; i < w->height; i++) {
            int y = top + i * w->dilation_y, inside = y >= 0 && y < s->x.height;
            const float *line = image + y * row_size;
            for (int j = 0; j < w->width; j++, piece += rows) {
                int x = left + j * w->dilation_x;
                *piece = inside && x >= 0 && x < s->x.width ? line + (ptrdiff_t)x * s->x.pitch : zeros;
            }
        }
    }
}

/* The rows themselves, [row][tap][channel]. */
static void copy_rows(const float *const *pieces, int rows, int taps, int channels, ptrdiff_t offset, const float *zeros,
                      float *out) {
    for (int r = 0; r < rows; r++) {
        for (int t = 0; t < taps; t++) {
            const float *piece = pieces[t * rows + r];
            if (piece != zeros) piece += offset;
            for (int c = 0; c < channels; c++) *out++ = piece[c];
        }
    }
}

void conv(const struct conv *s, float *arena, int unit, float *scratch) {
    int first = unit * s->block, rows = min_int(s->block, grid_pixels(s) - first);
    int taps = taps_of(s), in = group_in(s), out = group_out(s), wide = padded_columns(out);
    const float **pieces = (const float **)scratch;
    float *zeros = scratch + round_up(s->block * taps * POINTER_FLOATS, VW);
    float *result = zeros + round_up(in, VW), *copied = result + s->block * wide;
    for (int i = 0; i < in; i++) zeros[i] = 0.0f;
    struct position start = position_of(s, first);
    find_pieces(s, arena, start, rows, zeros, pieces);
    for (int g = 0; g < s->groups; g++) {
        const float *weights = arena + s->weights + (ptrdiff_t)g * taps * in * wide;
        if (copies_rows(s)) {
            copy_rows(pieces, rows, taps, in, (ptrdiff_t)g * in, zeros, copied);
            gemm(rows, out, taps * in, copied, taps * in, weights, result, wide);
        } else {
            gemm_pieces(rows, out, taps, in, pieces, weights, result, wide);
            for (int i = 0; i < rows * taps && g + 1 < s->groups; i++)
                if (pieces[i] != zeros) pieces[i] += in;
        }
        struct position p = start;
        for (int r = 0; r < rows; r++, advance(s, &p)) {
            int y = s->grid.first_y + p.y * s->grid.step_y, x = s->grid.first_x + p.x * s->grid.step_x;
            ptrdiff_t index = (ptrdiff_t)(p.n * s->y.height + y) * s->y.width + x;
            const float *residual = s->finish.residual == NONE
                                        ? 0
                                        : arena + s->finish.residual + index * s->finish.residual_pitch + g * out;
            finish_pixel(&s->finish, arena, result + (ptrdiff_t)r * wide,
                         arena + s->y.place + index * s->y.pitch + g * out, residual, g * out, out);
        }
    }
}
