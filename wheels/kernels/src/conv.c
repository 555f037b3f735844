/* Convolution of any shape as a matrix product that never builds its left matrix: each output pixel is a row,
   each tap a piece of the row, read where it lies in the image [Dukhan, "The Indirect Convolution Algorithm",
   2019]. Where the taps of a kernel row lie side by side in the image, they are one piece. */
#include "conv.h"

#include "gemm.h"

/* Pointers take one or two floats each. */
#define POINTER_FLOATS ((int)(sizeof(const float *) / sizeof(float)))

INLINE int grid_pixels(const struct conv *s) { return s->x.batch * s->grid.height * s->grid.width; }
INLINE int group_in(const struct conv *s) { return s->x.channels / s->groups; }
INLINE int group_out(const struct conv *s) { return s->y.channels / s->groups; }

/* Whether a kernel row is one piece. */
INLINE int joins_taps(const struct conv *s) {
    return s->window.width > 1 && s->window.dilation_x == 1 && s->groups == 1 && s->x.pitch == s->x.channels;
}
INLINE int pieces_of(const struct conv *s) { return s->window.height * (joins_taps(s) ? 1 : s->window.width); }
INLINE int piece_size(const struct conv *s) { return joins_taps(s) ? s->window.width * s->x.channels : group_in(s); }

int conv_units(const struct conv *s) { return ceil_div(grid_pixels(s), s->block); }

/* Where a unit keeps its pointers, a piece of zeros, pieces that reach over the image's side, and its result. */
struct workspace {
    int pointers, zeros, edges, result, size;
};

INLINE struct workspace workspace_of(const struct conv *s) {
    struct workspace w;
    w.pointers = 0;
    w.zeros = round_up(s->block * pieces_of(s) * POINTER_FLOATS, VW);
    w.edges = w.zeros + round_up(piece_size(s), VW);
    w.result = w.edges + (joins_taps(s) ? round_up(s->block * s->window.height * piece_size(s), VW) : 0);
    w.size = w.result + s->block * padded_columns(group_out(s));
    return w;
}

int conv_scratch(const struct conv *s) { return workspace_of(s).size; }

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

/* Kernel rows as pieces: pieces[i * rows + r]. A row that reaches over the image's side is put together in `edges`. */
static void find_rows(const struct conv *s, float *arena, struct position p, int rows, const float *zeros, float *edges,
                      const float **pieces) {
    const struct window *w = &s->window;
    int channels = s->x.channels;
    for (int r = 0; r < rows; r++, advance(s, &p)) {
        int top = p.y * w->stride_y - w->pad_top, left = p.x * w->stride_x - w->pad_left;
        int first = max_int(0, -left), end = min_int(w->width, s->x.width - left);
        for (int i = 0; i < w->height; i++) {
            int y = top + i * w->dilation_y;
            const float **piece = &pieces[i * rows + r];
            const float *line = pixel_at(arena, &s->x, p.n, y, left);
            if (y < 0 || y >= s->x.height || first >= end) {
                *piece = zeros;
            } else if (first == 0 && end == w->width) {
                *piece = line;
            } else {
                for (int j = 0; j < w->width * channels; j++)
                    edges[j] = j >= first * channels && j < end * channels ? line[j] : 0.0f;
                *piece = edges;
                edges += w->width * channels;
            }
        }
    }
}

/* Single taps as pieces: pieces[tap * rows + r]. */
static void find_taps(const struct conv *s, float *arena, struct position p, int rows, const float *zeros,
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

/* Moves the pieces on to the next group's channels. */
static void next_group(const float **pieces, int count, const float *zeros, int channels) {
    for (int i = 0; i < count; i++)
        if (pieces[i] != zeros) pieces[i] += channels;
}

/* Whether results need no more than the product itself can do. */
INLINE int makes_rows(const struct conv *s) {
    int every_pixel = s->grid.step_y == 1 && s->grid.step_x == 1 && s->grid.height == s->y.height &&
                      s->grid.width == s->y.width;
    return every_pixel && !few_columns(group_out(s)) && finishes_early(&s->finish, group_out(s));
}

void conv(const struct conv *s, float *arena, int unit, float *scratch) {
    int first = unit * s->block, rows = min_int(s->block, grid_pixels(s) - first);
    int count = pieces_of(s), size = piece_size(s), out = group_out(s), wide = padded_columns(out);
    struct workspace w = workspace_of(s);
    const float **pieces = (const float **)(scratch + w.pointers);
    float *zeros = scratch + w.zeros, *result = scratch + w.result;
    struct position start = position_of(s, first);
    for (int i = 0; i < size; i++) zeros[i] = 0.0f;
    if (joins_taps(s)) find_rows(s, arena, start, rows, zeros, scratch + w.edges, pieces);
    else find_taps(s, arena, start, rows, zeros, pieces);
    for (int g = 0; g < s->groups; g++) {
        const float *weights = arena + s->weights + (ptrdiff_t)g * count * size * wide;
        if (makes_rows(s)) {
            /* The unit's pixels lie one after the other, so the product can write them itself. */
            struct touch touch = {s->finish.bias == NONE ? 0 : arena + s->finish.bias + g * out, s->finish.low,
                                  s->finish.high};
            float *y = arena + s->y.place + (ptrdiff_t)first * s->y.pitch + g * out;
            gemm_pieces(rows, out, count, size, pieces, weights, y, s->y.pitch, &touch);
            if (g + 1 < s->groups) next_group(pieces, count * rows, zeros, size);
            continue;
        }
        if (few_columns(out)) gemm_few(rows, out, count, size, pieces, weights, result, wide);
        else gemm_pieces(rows, out, count, size, pieces, weights, result, wide, 0);
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
        if (g + 1 < s->groups) next_group(pieces, count * rows, zeros, size);
    }
}
