/* Where the taps of a convolution lie. Each output pixel is a row of a matrix that is never built: each tap is a piece
   of the row, read where it lies in the image [Dukhan, "The Indirect Convolution Algorithm", 2019]. Where the taps of
   a kernel row lie side by side in the image, they are one piece. An element may be a float or a pair of integers. */
#ifndef HEARTH_PIECES_H
#define HEARTH_PIECES_H

#include "step.h"

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

/* Where a unit keeps its pointers, a piece of zeros, pieces that reach over the image's side, and its result, `wide`
   floats a pixel. */
struct workspace {
    int pointers, zeros, edges, result, size;
};

INLINE struct workspace workspace_of(const struct conv *s, int wide) {
    struct workspace w;
    w.pointers = 0;
    w.zeros = round_up(s->block * pieces_of(s) * POINTER_FLOATS, VW);
    w.edges = w.zeros + round_up(piece_size(s), VW);
    w.result = w.edges + (joins_taps(s) ? round_up(s->block * s->window.height * piece_size(s), VW) : 0);
    w.size = w.result + s->block * wide;
    return w;
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

/* Kernel rows as pieces: pieces[i * rows + r]. A row that reaches over the image's side is put together in `edges`. */
INLINE void find_rows(const struct conv *s, float *arena, struct position p, int rows, const float *zeros, float *edges,
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
INLINE void find_taps(const struct conv *s, float *arena, struct position p, int rows, const float *zeros,
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
INLINE void next_group(const float **pieces, int count, const float *zeros, int channels) {
    for (int i = 0; i < count; i++)
        if (pieces[i] != zeros) pieces[i] += channels;
}

/* Pieces for `rows` pixels from `first` on. */
INLINE void find_pieces(const struct conv *s, float *arena, int first, int rows, const struct workspace *w,
                        float *scratch) {
    const float **pieces = (const float **)(scratch + w->pointers);
    float *zeros = scratch + w->zeros;
    for (int i = 0; i < piece_size(s); i++) zeros[i] = 0.0f;
    if (joins_taps(s)) find_rows(s, arena, position_of(s, first), rows, zeros, scratch + w->edges, pieces);
    else find_taps(s, arena, position_of(s, first), rows, zeros, pieces);
}

#endif
