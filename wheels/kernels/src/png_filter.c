/* The filters of PNG [W3C, Portable Network Graphics, third edition, 9.2]: rows of bytes less what their neighbours let
   expect, each led by the filter's number. */
#include "image.h"

enum { PLAIN, SUB, UP, AVERAGE, PAETH };

/* Whichever of the three is nearest to left + above - corner; the first of those that are equally near. */
INLINE uint8_t nearest(int left, int above, int corner) {
    int by_above = above - corner, by_left = left - corner;
    int from_left = __builtin_abs(by_above), from_above = __builtin_abs(by_left);
    int from_corner = __builtin_abs(by_above + by_left);
    int second = from_above <= from_corner ? above : corner;
    int is_left = (from_left <= from_above) & (from_left <= from_corner);
    return (uint8_t)(is_left ? left : second);
}

static NOINLINE void filter_row(int kind, const uint8_t *restrict row, const uint8_t *restrict above, int32_t count,
                                int32_t step, uint8_t *restrict out) {
    int32_t i = 0;
    for (; i < step; i++) {
        int left = 0, corner = 0;
        out[i] = (uint8_t)(kind == PLAIN || kind == SUB ? row[i]
                           : kind == UP                 ? row[i] - above[i]
                           : kind == AVERAGE            ? row[i] - (above[i] >> 1)
                                                        : row[i] - nearest(left, above[i], corner));
    }
    switch (kind) {
        case PLAIN:
            for (; i < count; i++) out[i] = row[i];
            break;
        case SUB:
            for (; i < count; i++) out[i] = (uint8_t)(row[i] - row[i - step]);
            break;
        case UP:
            for (; i < count; i++) out[i] = (uint8_t)(row[i] - above[i]);
            break;
        case AVERAGE:
            for (; i < count; i++) out[i] = (uint8_t)(row[i] - ((row[i - step] + above[i]) >> 1));
            break;
        default:
            for (; i < count; i++) out[i] = (uint8_t)(row[i] - nearest(row[i - step], above[i], above[i - step]));
            break;
    }
}

void png_filter(const uint8_t *rows, const uint8_t *above, uint8_t *out, int32_t count, int32_t bytes, int32_t channels,
                int32_t kind) {
    for (int32_t y = 0; y < count; y++) {
        *out = (uint8_t)kind;
        filter_row(kind, rows, above, bytes, channels, out + 1);
        above = rows;
        rows += bytes;
        out += bytes + 1;
    }
}
