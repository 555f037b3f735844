/* Kernels for whole pictures, each called from Python by its name. Photos are 8-bit RGBA, small pictures four floats a
   pixel (red, green, blue from 0 to 1, and one unused), maps one float; rows follow each other without gaps. Scratch is
   floats that start on a cache line. */
#ifndef HEARTH_IMAGE_H
#define HEARTH_IMAGE_H

#include "export.h"
#include "vec.h"

/* One pixel. */
typedef float pixel __attribute__((vector_size(16)));
typedef float pixel_at __attribute__((vector_size(16), aligned(4), may_alias));

INLINE pixel load_pixel(const float *p) { return *(const pixel_at *)p; }
INLINE void store_pixel(float *p, pixel v) { *(pixel_at *)p = v; }
INLINE pixel splat_pixel(float s) { return (pixel){s, s, s, s}; }

/* 8-bit channels as floats of 0 to 255, and back: rounded and clipped. */
INLINE pixel widen_pixel(const uint8_t *p) {
    typedef uint8_t bytes __attribute__((vector_size(4)));
    bytes b;
    __builtin_memcpy(&b, p, 4);
    return __builtin_convertvector(b, pixel);
}

INLINE uint8_t byte_of(float v) {
    v += 0.5f;
    return (uint8_t)(v <= 0.0f ? 0.0f : v >= 255.0f ? 255.0f : v);
}

/* Which of `source` pixels surround the middle of pixel `at` of `length`, and how near it is to the second. */
struct between {
    int32_t first, second;
    float part;
};

INLINE struct between between(int32_t at, int32_t length, int32_t source) {
    double place = (at + 0.5) * ((double)source / length) - 0.5;
    if (place < 0.0) place = 0.0;
    if (place > source - 1) place = source - 1;
    int32_t first = (int32_t)place;
    return (struct between){first, min_int(first + 1, source - 1), (float)(place - first)};
}

/* shrink.c: rows [top, bottom) of a small picture (small_height, small_width) by averages over areas of a photo; one
   that is `transparent` lies before grey. */
EXPORT void shrink(const uint8_t *photo, int32_t width, int32_t height, int32_t transparent, float *small,
                   int32_t small_width, int32_t small_height, int32_t top, int32_t bottom);

/* matting.c: floats of scratch, and the alpha of pixels marked unknown; see there. Returns the steps taken. */
EXPORT int32_t matting_scratch(int32_t width, int32_t height);
EXPORT int32_t matting(const float *picture, const uint8_t *unknown, const float *pull, const float *target,
                       float *alpha, int32_t width, int32_t height, float eps, int32_t steps, float enough,
                       float *scratch);

/* guided.c: alpha as a linear function of colour around every pixel: planes (4, height, width) of slopes and offset. */
EXPORT int32_t guided_scratch(int32_t width, int32_t height);
EXPORT void guided(const float *picture, const float *alpha, float *planes, int32_t width, int32_t height, float eps,
                   float *scratch);

/* upsample.c: rows [top, bottom) of alpha at full size, from such planes (4, small_height, small_width). */
EXPORT int32_t upsample_scratch(int32_t width);
EXPORT void upsample(const float *planes, int32_t small_width, int32_t small_height, const uint8_t *photo,
                     uint8_t *alpha, int32_t width, int32_t height, int32_t top, int32_t bottom, float *scratch);

/* foreground.c: colours of subject and background, (height, width) pixels each. */
EXPORT int32_t foreground_scratch(int32_t width, int32_t height);
EXPORT void foreground(const float *picture, const float *alpha, float *subject, float *background, int32_t width,
                       int32_t height, float *scratch);
/* And of `rows` rows of a photo of (width, height), the first of which is row `top` of it: brought to the subject's. */
EXPORT void foreground_clean(const float *subject, const float *background, int32_t small_width, int32_t small_height,
                             uint8_t *pixels, const uint8_t *alpha, int32_t width, int32_t height, int32_t top,
                             int32_t rows);

/* soften.c: what a person's settings make of a mask. Blurred by taps, the weights at 0, 1, 2, ... pixels; and edges one
   pixel further out. */
EXPORT int32_t soften_scratch(int32_t width, int32_t count);
EXPORT void soften(const float *field, int32_t width, int32_t height, int32_t top, int32_t bottom, int32_t left,
                   int32_t right, const float *taps, int32_t count, float *out, float *scratch);
EXPORT int32_t grow_scratch(int32_t width);
EXPORT void grow(const uint8_t *mask, uint8_t *out, int32_t width, int32_t height, int32_t square, float *scratch);

/* png_filter.c: `count` rows of `bytes` bytes ready for a PNG, (count, 1 + bytes); `above` is the row before them. */
EXPORT void png_filter(const uint8_t *rows, const uint8_t *above, uint8_t *out, int32_t count, int32_t bytes,
                       int32_t channels, int32_t kind);

/* deflate.c: the bytes as deflated blocks, none of them the last; `out` has room for 2 count + 1024 bytes. Returns how
   many there are. */
EXPORT int32_t deflate_runs_scratch(void);
EXPORT int32_t deflate_runs(const uint8_t *data, int32_t count, uint8_t *out, float *scratch);

#endif
