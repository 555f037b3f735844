/* Convolution of any shape as a matrix product that never builds its left matrix. */
#include "conv.h"

#include "gemm.h"
#include "pieces.h"

int conv_units(const struct conv *s) { return ceil_div(grid_pixels(s), s->block); }
int conv_scratch(const struct conv *s) { return workspace_of(s, padded_columns(group_out(s))).size; }

/* Whether results need no more than the product itself can do. */
INLINE int makes_rows(const struct conv *s) {
    int every_pixel = s->grid.step_y == 1 && s->grid.step_x == 1 && s->grid.height == s->y.height &&
                      s->grid.width == s->y.width;
    return every_pixel && !few_columns(group_out(s)) && finishes_early(&s->finish, group_out(s));
}

void conv(const struct conv *s, float *arena, int unit, float *scratch) {
    int first = unit * s->block, rows = min_int(s->block, grid_pixels(s) - first);
    int count = pieces_of(s), size = piece_size(s), out = group_out(s), wide = padded_columns(out);
    struct workspace w = workspace_of(s, wide);
    const float **pieces = (const float **)(scratch + w.pointers);
    float *zeros = scratch + w.zeros, *result = scratch + w.result;
    find_pieces(s, arena, first, rows, &w, scratch);
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
        struct position p = position_of(s, first);
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
