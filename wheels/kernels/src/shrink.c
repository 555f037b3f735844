/* A small copy of a photo: every pixel the mean over the area that it covers, pixels on the rim by their part. */
#include "image.h"

#define BACKDROP 128.0f

/* Where part `at` of `parts` equal parts of `length` begins. */
INLINE double edge(int32_t at, int32_t parts, int32_t length) { return (double)at * length / parts; }

/* How much of pixel `at` lies between two edges. */
INLINE float covered(int32_t at, double from, double to) {
    double low = from > at ? from : at, high = to < at + 1 ? to : at + 1;
    return (float)(high - low);
}

/* A pixel of the photo as it looks before a grey backdrop. */
INLINE pixel seen(const uint8_t *p, int transparent) {
    pixel v = widen_pixel(p);
    if (!transparent) return v;
    return splat_pixel(BACKDROP) + (v - splat_pixel(BACKDROP)) * splat_pixel(p[3] * (1.0f / 255));
}

INLINE void add(const uint8_t *row, int32_t width, float weight, float *out, int32_t parts, int transparent) {
    for (int32_t x = 0; x < parts; x++) {
        double from = edge(x, parts, width), to = edge(x + 1, parts, width);
        int32_t first = (int32_t)from, last = min_int((int32_t)to, width - 1);
        pixel sum = seen(row + 4 * first, transparent) * splat_pixel(covered(first, from, to));
        for (int32_t i = first + 1; i < last; i++) sum += seen(row + 4 * i, transparent);
        if (last > first && to > last)
            sum += seen(row + 4 * last, transparent) * splat_pixel(covered(last, from, to));
        store_pixel(out + 4 * x, load_pixel(out + 4 * x) + sum * splat_pixel(weight));
    }
}

static NOINLINE void add_row(const uint8_t *row, int32_t width, float weight, float *out, int32_t parts) {
    add(row, width, weight, out, parts, 0);
}

static NOINLINE void add_transparent_row(const uint8_t *row, int32_t width, float weight, float *out, int32_t parts) {
    add(row, width, weight, out, parts, 1);
}

void shrink(const uint8_t *photo, int32_t width, int32_t height, int32_t transparent, float *small,
            int32_t small_width, int32_t small_height, int32_t top, int32_t bottom) {
    float share = (float)((double)small_width * small_height / ((double)width * height) / 255.0);
    for (int32_t y = top; y < bottom; y++) {
        float *out = small + (ptrdiff_t)4 * y * small_width;
        double from = edge(y, small_height, height), to = edge(y + 1, small_height, height);
        for (int32_t i = 0; i < 4 * small_width; i++) out[i] = 0.0f;
        for (int32_t i = (int32_t)from; i < height && i < to; i++)
            (transparent ? add_transparent_row : add_row)(photo + (ptrdiff_t)4 * i * width, width,
                                                          covered(i, from, to) * share, out, small_width);
    }
}
