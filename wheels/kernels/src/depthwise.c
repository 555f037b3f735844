/* Depthwise convolution: every channel its own filter. Four neighbouring output pixels share each weight. Weights
   lie [tap][channel]. */
#include "depthwise.h"

#define ACROSS 4

int depthwise_units(const struct conv *s) { return s->y.batch * s->y.height; }

struct taps {
    int first_y, end_y, first_x, end_x;
};

INLINE vf load_lanes(const float *p, int lanes) { return lanes == VW ? vload(p) : vload_some(p, lanes); }

INLINE void finish_pixels(const struct conv *s, float *arena, int count, const vf *acc, float *y, const float *residual,
                          int c, int lanes) {
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
    finish_pixels(s, arena, count, acc, y, residual, c, lanes);
}

/* The same for rows of `across` taps side by side, `stride` columns from pixel to pixel: each column is read once
   for all the pixels that see it. */
INLINE void rows_of_pixels(const struct conv *s, float *arena, int across, int stride, struct taps t, const float *x,
                           float *y, const float *residual, int c) {
    ptrdiff_t row = (ptrdiff_t)s->window.dilation_y * s->x.width * s->x.pitch, column = s->x.pitch;
    ptrdiff_t channels = s->y.channels;
    const float *weight = arena + s->weights + t.first_y * across * channels + c, *line = x + t.first_y * row + c;
    vf acc[ACROSS];
    UNROLL for (int p = 0; p < ACROSS; p++) acc[p] = vzero();
    ROLLED for (int i = t.first_y; i < t.end_y; i++) {
        vf tap[5];
        UNROLL for (int j = 0; j < across; j++) {
            tap[j] = vload(weight);
            weight += channels;
            PIN(weight);
        }
        const float *source = line;
        UNROLL for (int k = 0; k < (ACROSS - 1) * stride + across; k++) {
            vf v = vload(source);
            source += column;
            PIN(source);
            UNROLL for (int p = 0; p < ACROSS; p++)
                if (k >= p * stride && k < p * stride + across) acc[p] = vfma(v, tap[k - p * stride], acc[p]);
        }
        line += row;
        PIN(line);
    }
    finish_pixels(s, arena, ACROSS, acc, y, residual, c, VW);
}

#define ARGUMENTS \
    const struct conv *s, float *arena, struct taps t, const float *x, float *y, const float *residual
#define PIXELS(NAME, COUNT)                                                                                      \
    static NOINLINE void NAME(ARGUMENTS) {                                                                       \
        int c = 0;                                                                                               \
        for (; c + VW <= s->y.channels; c += VW) pixels(s, arena, COUNT, t, x, y, residual, c, VW);              \
        if (c < s->y.channels) pixels(s, arena, COUNT, t, x, y, residual, c, s->y.channels - c);                 \
    }
PIXELS(four_pixels, ACROSS)
PIXELS(one_pixel, 1)

#define ROWS(ACROSS_TAPS, STRIDE)                                                                                \
    static NOINLINE void rows_##ACROSS_TAPS##_by_##STRIDE(ARGUMENTS) {                                           \
        for (int c = 0; c < s->y.channels; c += VW)                                                              \
            rows_of_pixels(s, arena, ACROSS_TAPS, STRIDE, t, x, y, residual, c);                                 \
    }
ROWS(3, 1) ROWS(3, 2) ROWS(5, 1) ROWS(5, 2)

typedef void kernel(ARGUMENTS);

/* What makes four neighbouring pixels whose taps are all inside the image. */
static kernel *kernel_of(const struct conv *s) {
    const struct window *w = &s->window;
    if (w->dilation_x != 1 || s->y.channels % VW) return four_pixels;
    if (w->width == 3) return w->stride_x == 1 ? rows_3_by_1 : w->stride_x == 2 ? rows_3_by_2 : four_pixels;
    if (w->width == 5) return w->stride_x == 1 ? rows_5_by_1 : w->stride_x == 2 ? rows_5_by_2 : four_pixels;
    return four_pixels;
}

/* One row of output. */
void depthwise(const struct conv *s, float *arena, int unit) {
    if (s->x.channels == 1 && s->groups > 1) {
        depthwise_plane(s, arena, unit);
        return;
    }
    const struct window *w = &s->window;
    int n = unit / s->y.height, oy = unit % s->y.height, top = oy * w->stride_y - w->pad_top;
    kernel *four = kernel_of(s);
    struct taps t;
    clip_taps(top, w->dilation_y, w->height, s->x.height, &t.first_y, &t.end_y);
    for (int ox = 0; ox < s->y.width;) {
        int left = ox * w->stride_x - w->pad_left;
        int right = left + (w->width - 1) * w->dilation_x + (ACROSS - 1) * w->stride_x;
        int whole = left >= 0 && right < s->x.width && ox + ACROSS <= s->y.width;
        clip_taps(left, w->dilation_x, w->width, s->x.width, &t.first_x, &t.end_x);
        const float *x = pixel_at(arena, &s->x, n, top, left);
        float *y = pixel_at(arena, &s->y, n, oy, ox);
        ptrdiff_t index = (ptrdiff_t)(n * s->y.height + oy) * s->y.width + ox;
        const float *residual =
            s->finish.residual == NONE ? 0 : arena + s->finish.residual + index * s->finish.residual_pitch;
        if (whole) four(s, arena, t, x, y, residual);
        else one_pixel(s, arena, t, x, y, residual);
        ox += whole ? ACROSS : 1;
    }
}
