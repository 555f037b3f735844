/* Alpha at full size: the linear functions of a small copy, interpolated, at the photo's own colours. */
#include "image.h"

/* Two rows of four planes at full width. */
int32_t upsample_scratch(int32_t width) { return 8 * round_up(width, 16); }

/* Row y of the planes stretched to the full width. */
static void stretch(const float *planes, int32_t small_width, int32_t small_height, int32_t y, int32_t width,
                    int32_t pitch, float *out) {
    for (int c = 0; c < 4; c++) {
        const float *row = planes + ((ptrdiff_t)c * small_height + y) * small_width;
        /* Slopes are for channels of 0 to 1, and so is alpha; both are 0 to 255 here. */
        float scale = c == 3 ? 255.0f : 1.0f;
        for (int32_t x = 0; x < width; x++) {
            struct between b = between(x, width, small_width);
            out[c * pitch + x] = (row[b.first] + b.part * (row[b.second] - row[b.first])) * scale;
        }
    }
}

INLINE vf channel_of(vi packed, int shift) {
    return __builtin_convertvector((packed >> shift) & 255, vf);
}

INLINE vf blend(const float *upper, const float *lower, int32_t x, vf part) {
    vf a = vload(upper + x);
    return vfma(part, vload(lower + x) - a, a);
}

static NOINLINE void row_of_alpha(const float *upper, const float *lower, float part, int32_t pitch,
                                  const uint8_t *photo, uint8_t *alpha, int32_t width) {
    vf t = vsplat(part);
    int32_t x = 0;
    for (; x + VW <= width; x += VW) {
        vi packed = *(const vi_at *)(photo + 4 * (ptrdiff_t)x);
        vf sum = blend(upper + 3 * pitch, lower + 3 * pitch, x, t);
        sum = vfma(blend(upper, lower, x, t), channel_of(packed, 0), sum);
        sum = vfma(blend(upper + pitch, lower + pitch, x, t), channel_of(packed, 8), sum);
        sum = vfma(blend(upper + 2 * pitch, lower + 2 * pitch, x, t), channel_of(packed, 16), sum);
        sum = vmin(vmax(sum + vsplat(0.5f), vzero()), vsplat(255.0f));
        typedef uint8_t bytes __attribute__((vector_size(VW)));
        bytes out = __builtin_convertvector(__builtin_convertvector(sum, vi), bytes);
        __builtin_memcpy(alpha + x, &out, VW);
    }
    for (; x < width; x++) {
        float sum = 0.0f;
        for (int c = 0; c < 4; c++) {
            float a = upper[c * pitch + x], slope = a + part * (lower[c * pitch + x] - a);
            sum += c == 3 ? slope : slope * (float)photo[4 * (ptrdiff_t)x + c];
        }
        alpha[x] = byte_of(sum);
    }
}

void upsample(const float *planes, int32_t small_width, int32_t small_height, const uint8_t *photo, uint8_t *alpha,
              int32_t width, int32_t height, int32_t top, int32_t bottom, float *scratch) {
    int32_t pitch = round_up(width, 16), held[2] = {-1, -1};
    float *rows[2] = {scratch, scratch + 4 * pitch};
    for (int32_t y = top; y < bottom; y++) {
        struct between b = between(y, height, small_height);
        if (held[0] == b.second || held[1] == b.first) {
            float *row = rows[0];
            rows[0] = rows[1], rows[1] = row;
            int32_t number = held[0];
            held[0] = held[1], held[1] = number;
        }
        if (held[0] != b.first) stretch(planes, small_width, small_height, held[0] = b.first, width, pitch, rows[0]);
        if (held[1] != b.second) stretch(planes, small_width, small_height, held[1] = b.second, width, pitch, rows[1]);
        row_of_alpha(rows[0], rows[1], b.part, pitch, photo + (ptrdiff_t)4 * y * width, alpha + (ptrdiff_t)y * width,
                     width);
    }
}
