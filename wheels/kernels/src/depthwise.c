/* Depthwise convolution: every channel its own filter. Four neighbouring output pixels share each weight. Weights
   lie [tap][channel]. */
#include "depthwise.h"

#define ACROSS 4

int depthwise_units(const struct conv *s) { return s->y.batch * s->y.height; }

struct taps {
    int first_y, end_y, first_x, end_x;
};

INLINE vf load_lanes(const float *p, int lanes) { return lanes == VW ? vload(p) : vload_some(p, lanes); }

/* `count` pixels, all of whose taps lie within `t`; x points at the first one's first tap. */
INLINE void pixels(const struct conv *s, float *arena, int count, struct taps t, const float *x, float *y,
                   const float *residual, int c, int lanes) {
    const struct window *w = &s->window;
    ptrdiff_t row = (ptrdiff_t)w->dilation_y * s->x.width * s->x.pitch, column = (ptrdiff_t)w->dilation_x * s->x.pitch;
    ptrdiff_t next = (ptrdiff_t)w->stride_x * s->x.pitch;
    vf acc[ACROSS];
    UNROLL for (int p = 0; p < count; p++) acc[p] = vzero();
    for (int i = t.first_y; i < t.end_y; i++) {
        const float *weight = arena + s->weights + (ptrdiff_t)(i * w->width + t.first_x) * s->y.channels + c;
        const float *source = x + i * row + t.first_x * column + c;
        for (int j = t.first_x; j < t.end_x; j++) {
            vf tap = load_lanes(weight, lanes);
            UNROLL for (int p = 0; p < count; p++) acc[p] = vfma(load_lanes(source + p * next, lanes), tap, acc[p]);
            weight += s->y.channels;
            source += column;
        }
    }
    const struct finish *f = &s->finish;
    vf low = vsplat(f->low), high = vsplat(f->high);
    vf bias = f->bias == NONE ? vzero() : load_lanes(arena + f->bias + c, lanes);
    UNROLL for (int p = 0; p < count; p++) {
        vf v = acc[p] + bias, r = residual ? load_lanes(residual + (ptrdiff_t)p * f->residual_pitch + c, lanes) : vzero();
        v = f->residual_late ? vmin(vmax(v, low), high) + r : vmin(vmax(v + r, low), high);
        if (lanes == VW) vstore(y + (ptrdiff_t)p * s->y.pitch + c, v);
        else vstore_some(y + (ptrdiff_t)p * s->y.pitch + c, v, lanes);
    }
}

#define PIXELS(NAME, COUNT)                                                                                          \
    static NOINLINE void NAME(const struct conv *s, float *arena, struct taps t, const float *x, float *y,           \
                              const float *residual) {                                                               \
        int c = 0;                                                                                                   \
        for (; c + VW <= s->y.channels; c += VW) pixels(s, arena, COUNT, t, x, y, residual, c, VW);                  \
        if (c < s->y.channels) pixels(s, arena, COUNT, t, x, y, residual, c, s->y.channels - c);                     \
    }
PIXELS(four_pixels, ACROSS)
PIXELS(one_pixel, 1)

/* Taps i with 0 <= start + i * dilation < size. */
INLINE void clip(int start, int dilation, int count, int size, int *first, int *end) {
    *first = start < 0 ? ceil_div(-start, dilation) : 0;
    *end = max_int(*first, min_int(count, start >= size ? 0 : ceil_div(size - start, dilation)));
}

/* One row of output. */
void depthwise(const struct conv *s, float *arena, int unit) {
    const struct window *w = &s->window;
    int n = unit / s->y.height, oy = unit % s->y.height, top = oy * w->stride_y - w->pad_top;
    struct taps t;
    clip(top, w->dilation_y, w->height, s->x.height, &t.first_y, &t.end_y);
    for (int ox = 0; ox < s->y.width;) {
        int left = ox * w->stride_x - w->pad_left;
        int right = left + (w->width - 1) * w->dilation_x + (ACROSS - 1) * w->stride_x;
        int whole = left >= 0 && right < s->x.width && ox + ACROSS <= s->y.width;
        clip(left, w->dilation_x, w->width, s->x.width, &t.first_x, &t.end_x);
        const float *x = pixel_at(arena, &s->x, n, top, left);
        float *y = pixel_at(arena, &s->y, n, oy, ox);
        ptrdiff_t index = (ptrdiff_t)(n * s->y.height + oy) * s->y.width + ox;
        const float *residual =
            s->finish.residual == NONE ? 0 : arena + s->finish.residual + index * s->finish.residual_pitch;
        if (whole) four_pixels(s, arena, t, x, y, residual);
        else one_pixel(s, arena, t, x, y, residual);
        ox += whole ? ACROSS : 1;
    }
}
