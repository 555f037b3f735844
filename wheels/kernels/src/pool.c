/* Maximum and mean over windows of an image. */
#include "pool.h"

#define LOWEST (-__builtin_inff())

int pool_units(const struct pool *s) { return s->y.batch * s->y.height; }

struct patch {
    const float *x;        /* first pixel inside the image */
    ptrdiff_t row, column; /* floats from tap to tap */
    int rows, columns;
};

INLINE vf reduce_vector(const struct patch *p, int rows, int columns, int max, int c, int lanes) {
    vf acc = vsplat(max ? LOWEST : 0.0f);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            const float *at = p->x + i * p->row + j * p->column + c;
            vf v = lanes == VW ? vload(at) : vload_some(at, lanes);
            acc = max ? vmax(v, acc) : acc + v;
        }
    }
    return acc;
}

INLINE void reduce_pixel(const struct patch *p, int rows, int columns, int max, float scale, float *y, int channels) {
    int c = 0;
    for (; c + VW <= channels; c += VW) {
        vf v = reduce_vector(p, rows, columns, max, c, VW);
        vstore(y + c, max ? v : v * vsplat(scale));
    }
    if (c < channels) {
        vf v = reduce_vector(p, rows, columns, max, c, channels - c);
        vstore_some(y + c, max ? v : v * vsplat(scale), channels - c);
    }
}

static NOINLINE void max_2x2(const struct patch *p, float *y, int channels) {
    reduce_pixel(p, 2, 2, 1, 1.0f, y, channels);
}
static NOINLINE void max_any(const struct patch *p, float *y, int channels) {
    reduce_pixel(p, p->rows, p->columns, 1, 1.0f, y, channels);
}
static NOINLINE void mean_any(const struct patch *p, float scale, float *y, int channels) {
    reduce_pixel(p, p->rows, p->columns, 0, scale, y, channels);
}

/* Taps start + i * dilation inside [0, size): the first one's place, how many. */
INLINE int clip(int *start, int dilation, int count, int size) {
    int first = *start < 0 ? ceil_div(-*start, dilation) : 0;
    int end = *start >= size ? 0 : min_int(count, ceil_div(size - *start, dilation));
    *start += first * dilation;
    return max_int(0, end - first);
}

/* Taps of [start, start + count * dilation) below `limit`: what a mean with pads divides by. */
INLINE int counted(int start, int dilation, int count, int limit) {
    return min_int(count, ceil_div(limit - start, dilation));
}

/* Maxima of one channel whose columns lie side by side, a vector of them at a time: those from `first` on whose windows
   lie inside the row. Returns the first one that is left. */
INLINE int max_across(const struct pool *s, int stride, const float *x, int rows, float *y, int first) {
    const struct window *w = &s->window;
    int ox = first, reach = (VW * stride - 1) + w->width - 1 + (stride - 1);
    for (; ox + VW <= s->y.width; ox += VW) {
        int left = ox * stride - w->pad_left;
        if (left + reach >= s->x.width) break;
        vf acc = vsplat(LOWEST);
        for (int i = 0; i < rows; i++) {
            const float *at = x + (ptrdiff_t)i * w->dilation_y * s->x.width + left;
            for (int j = 0; j < w->width; j++) acc = vmax(stride == 1 ? vload(at + j) : vevens(at + j), acc);
        }
        vstore(y + ox, acc);
    }
    return ox;
}

/* The same for windows of 2x2, two apart: rows meet first, then neighbours. */
static NOINLINE int max_across_2x2(const struct pool *s, const float *x, float *y, int first) {
    int ox = first, width = s->x.width, end = min_int(s->y.width, (width + s->window.pad_left) / 2);
    for (; ox + VW <= end; ox += VW) {
        const float *above = x + ox * 2 - s->window.pad_left, *below = above + width;
        vf left = vmax(vload(below), vload(above)), right = vmax(vload(below + VW), vload(above + VW));
        vstore(y + ox, vmax(vodds_of(left, right), vevens_of(left, right)));
    }
    return ox;
}

static NOINLINE int max_across_1(const struct pool *s, const float *x, int rows, float *y, int first) {
    return max_across(s, 1, x, rows, y, first);
}
static NOINLINE int max_across_2(const struct pool *s, const float *x, int rows, float *y, int first) {
    return max_across(s, 2, x, rows, y, first);
}

/* Whether max_across may be asked. */
INLINE int lies_across(const struct pool *s) {
    const struct window *w = &s->window;
    return s->kind == POOL_MAX && s->x.channels == 1 && s->x.pitch == 1 && s->y.pitch == 1 && w->dilation_x == 1 &&
           w->stride_x <= 2;
}

/* One row of output. */
void pool(const struct pool *s, float *arena, int unit) {
    const struct window *w = &s->window;
    int n = unit / s->y.height, oy = unit % s->y.height, channels = s->y.channels, across = lies_across(s);
    for (int ox = 0; ox < s->y.width; ox++) {
        if (across && ox * w->stride_x >= w->pad_left) {
            int y = oy * w->stride_y - w->pad_top, rows = clip(&y, w->dilation_y, w->height, s->x.height);
            const float *line = pixel_at(arena, &s->x, n, y, 0);
            float *out = pixel_at(arena, &s->y, n, oy, 0);
            if (rows == 2 && w->width == 2 && w->stride_x == 2 && w->dilation_y == 1)
                ox = max_across_2x2(s, line, out, ox);
            else ox = w->stride_x == 1 ? max_across_1(s, line, rows, out, ox) : max_across_2(s, line, rows, out, ox);
            across = 0;
            if (ox >= s->y.width) break;
        }
        int y = oy * w->stride_y - w->pad_top, x = ox * w->stride_x - w->pad_left;
        int padded = counted(y, w->dilation_y, w->height, s->padded_height - w->pad_top) *
                     counted(x, w->dilation_x, w->width, s->padded_width - w->pad_left);
        struct patch p;
        p.rows = clip(&y, w->dilation_y, w->height, s->x.height);
        p.columns = clip(&x, w->dilation_x, w->width, s->x.width);
        p.x = pixel_at(arena, &s->x, n, y, x);
        p.row = (ptrdiff_t)w->dilation_y * s->x.width * s->x.pitch;
        p.column = (ptrdiff_t)w->dilation_x * s->x.pitch;
        float *out = pixel_at(arena, &s->y, n, oy, ox);
        if (s->kind == POOL_MAX) {
            if (p.rows == 2 && p.columns == 2) max_2x2(&p, out, channels);
            else max_any(&p, out, channels);
        } else {
            mean_any(&p, 1.0f / (float)(s->kind == POOL_MEAN ? p.rows * p.columns : padded), out, channels);
        }
    }
}
