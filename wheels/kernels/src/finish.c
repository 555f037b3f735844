/* The last thing that happens to a value of a convolution or matrix product. */
#include "step.h"

void finish_pixel(const struct finish *f, float *arena, const float *value, float *out, const float *residual,
                  int first_channel, int channels) {
    const float *bias = f->bias == NONE ? 0 : arena + f->bias + first_channel;
    const float *early = f->residual_late ? 0 : residual, *late = f->residual_late ? residual : 0;
    vf low = vsplat(f->low), high = vsplat(f->high);
    int c = 0;
    for (; c + VW <= channels; c += VW) {
        vf v = vload(value + c);
        if (bias) v += vload(bias + c);
        if (early) v += vload(early + c);
        v = vmin(vmax(v, low), high);
        if (late) v += vload(late + c);
        vstore(out + c, v);
    }
    for (; c < channels; c++) {
        float v = value[c];
        if (bias) v += bias[c];
        if (early) v += early[c];
        v = v < f->low ? f->low : v > f->high ? f->high : v; /* keeps a NaN */
        if (late) v += late[c];
        out[c] = v;
    }
}

void finish_block(const struct finish *f, float *arena, const float *value, int pitch, float *matrix, ptrdiff_t stride,
                  ptrdiff_t apart, int row, int rows, int column, int columns) {
    for (int r = 0; r < rows; r++) {
        const float *residual =
            f->residual == NONE ? 0 : arena + f->residual + apart + (ptrdiff_t)(row + r) * f->residual_pitch + column;
        finish_pixel(f, arena, value + (ptrdiff_t)r * pitch, matrix + (ptrdiff_t)(row + r) * stride + column, residual,
                     column, columns);
    }
}
