/* Alpha as a linear function of colour around every pixel [He, Sun, Tang, "Guided Image Filtering", 2010]: in windows
   of 3x3, pixels on the border counted again outside of it; then the means of the functions of nine windows. */
#include "image.h"
#include "vmath.h"

#define EDGE 8 /* columns around a row; the border's pixels are repeated in the next ones */
#define RIM 1

INLINE int32_t stride_of(int32_t width) { return round_up(width + 2 * EDGE, 8); }
INLINE ptrdiff_t plane_of(int32_t width, int32_t height) { return (ptrdiff_t)(height + 2 * RIM) * stride_of(width); }

int32_t guided_scratch(int32_t width, int32_t height) { return (int32_t)(8 * plane_of(width, height)); }

/* Repeats a plane's border in the columns and rows around it. */
static void extend(float *plane, int32_t width, int32_t height, int32_t stride) {
    for (int32_t y = 0; y < height; y++) {
        float *row = plane + (ptrdiff_t)(y + RIM) * stride + EDGE;
        row[-1] = row[0];
        row[width] = row[width - 1];
    }
    for (int32_t x = 0; x < stride; x++) {
        plane[x] = plane[x + stride];
        plane[(ptrdiff_t)(height + 1) * stride + x] = plane[(ptrdiff_t)height * stride + x];
    }
}

/* The function that fits a window best, for the windows around VW pixels. */
static NOINLINE void fit(const float *const *channel, float *const *out, ptrdiff_t at, int32_t stride, float eps) {
    vf d[9][4], mean[4], ninth = vsplat(1.0f / 9);
    for (int c = 0; c < 4; c++) {
        vf sum = vzero();
        UNROLL for (int i = 0; i < 9; i++) {
            d[i][c] = vload(channel[c] + at + (i / 3 - 1) * stride + i % 3 - 1);
            sum += d[i][c];
        }
        mean[c] = sum * ninth;
        UNROLL for (int i = 0; i < 9; i++) d[i][c] -= mean[c];
    }
    vf product[10];
    int k = 0;
    UNROLL for (int a = 0; a < 4; a++)
        UNROLL for (int b = 0; b <= a && b < 3; b++, k++) {
            vf sum = vzero();
            UNROLL for (int i = 0; i < 9; i++) sum = vfma(d[i][a], d[i][b], sum);
            product[k] = sum;
        }
    /* Nine times the covariances: 00 10 11 20 21 22, and of alpha 30 31 32; solved by Cholesky. */
    vf one = vsplat(1.0f), more = vsplat(9 * eps);
    vf l00 = one / vsqrt(product[0] + more);
    vf l10 = product[1] * l00, l20 = product[3] * l00;
    vf l11 = one / vsqrt(vmax(vfnma(l10, l10, product[2]), vzero()) + more);
    vf l21 = vfnma(l20, l10, product[4]) * l11;
    vf l22 = one / vsqrt(vmax(vfnma(l21, l21, vfnma(l20, l20, product[5])), vzero()) + more);
    vf y0 = product[6] * l00;
    vf y1 = vfnma(l10, y0, product[7]) * l11;
    vf y2 = vfnma(l21, y1, vfnma(l20, y0, product[8])) * l22;
    vf blue = y2 * l22;
    vf green = vfnma(l21, blue, y1) * l11;
    vf red = vfnma(l20, blue, vfnma(l10, green, y0)) * l00;
    vstore(out[0] + at, red);
    vstore(out[1] + at, green);
    vstore(out[2] + at, blue);
    vstore(out[3] + at, mean[3] - red * mean[0] - green * mean[1] - blue * mean[2]);
}

static NOINLINE void mean_of_nine(const float *plane, ptrdiff_t at, int32_t stride, float *out, int count) {
    for (int i = 0; i < count; i += VW) {
        vf sum = vzero();
        UNROLL for (int k = 0; k < 9; k++) sum += vload(plane + at + i + (k / 3 - 1) * stride + k % 3 - 1);
        sum *= vsplat(1.0f / 9);
        if (i + VW <= count) vstore(out + i, sum);
        else vstore_some(out + i, sum, count - i);
    }
}

void guided(const float *picture, const float *alpha, float *planes, int32_t width, int32_t height, float eps,
            float *scratch) {
    int32_t stride = stride_of(width);
    ptrdiff_t size = plane_of(width, height);
    float *channel[4], *slope[4];
    for (int c = 0; c < 4; c++) channel[c] = scratch + c * size, slope[c] = scratch + (c + 4) * size;
    for (ptrdiff_t i = 0; i < 8 * size; i++) scratch[i] = 0.0f;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            ptrdiff_t at = (ptrdiff_t)(y + RIM) * stride + EDGE + x, from = (ptrdiff_t)y * width + x;
            for (int c = 0; c < 3; c++) channel[c][at] = picture[4 * from + c];
            channel[3][at] = alpha[from];
        }
    for (int c = 0; c < 4; c++) extend(channel[c], width, height, stride);
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x += VW)
            fit((const float *const *)channel, slope, (ptrdiff_t)(y + RIM) * stride + EDGE + x, stride, eps);
    for (int c = 0; c < 4; c++) {
        extend(slope[c], width, height, stride);
        for (int32_t y = 0; y < height; y++)
            mean_of_nine(slope[c], (ptrdiff_t)(y + RIM) * stride + EDGE, stride,
                         planes + ((ptrdiff_t)c * height + y) * width, width);
    }
}
