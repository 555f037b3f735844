/* The last thing that happens to a value of a convolution or matrix product. */
#include "step.h"

void finish_pixel(const struct finish *f, float *arena, const float *value, float *out, const float *residual,
                  int first_channel, int channels) {
    const float *bias = f->bias == NONE ? 0 : arena + f->bias + first_channel;
    vf low = vsplat(f->low), high = vsplat(f->high);
    for (int c = 0; c < channels; c += VW) {
        int lanes = channels - c;
        if (lanes >= VW) {
            vf v = vload(value + c);
            if (bias) v += vload(bias + c);
            if (residual && !f->residual_late) v += vload(residual + c);
            v = vmin(vmax(v, low), high);
            if (residual && f->residual_late) v += vload(residual + c);
            vstore(out + c, v);
        } else {
            vf v = vload_some(value + c, lanes);
            if (bias) v += vload_some(bias + c, lanes);
            vf r = residual ? vload_some(residual + c, lanes) : vzero();
            v = f->residual_late ? vmin(vmax(v, low), high) + r : vmin(vmax(v + r, low), high);
            vstore_some(out + c, v, lanes);
        }
    }
}
