/* Depthwise convolution of images that lie plane by plane, as models get and give them: a filter a plane, along its
   rows, so that nothing need be laid out anew. Weights lie [channel][tap]. */
#include "depthwise.h"

#define AT_ONCE 4

struct row {
    const float *x;       /* the first tap that counts, at output column 0 */
    const float *weights; /* of that tap */
    ptrdiff_t line;       /* floats from one tap's row to the next one's */
    int taps;             /* rows of them */
    float bias;
};

INLINE vf load_apart(const float *p, int stride) { return stride == 1 ? vload(p) : vevens(p); }

/* `count` vectors of outputs from column ox on, whose taps all lie within the row. */
INLINE void vectors(const struct conv *s, const struct row *r, int count, int width, int stride, int ox, float *y) {
    int dilation = s->window.dilation_x;
    const float *line = r->x + ox * stride, *weight = r->weights;
    vf acc[AT_ONCE], low = vsplat(s->finish.low), high = vsplat(s->finish.high);
    UNROLL for (int v = 0; v < count; v++) acc[v] = vsplat(r->bias);
    ROLLED for (int i = 0; i < r->taps; i++, line += r->line, weight += width) {
        const float *source = line;
        for (int j = 0; j < width; j++) { /* unrolled where the width is constant */
            vf tap = vsplat(weight[j]);
            UNROLL for (int v = 0; v < count; v++) acc[v] = vfma(load_apart(source + v * VW * stride, stride), tap, acc[v]);
            source += dilation;
        }
    }
    UNROLL for (int v = 0; v < count; v++) vstore(y + ox + v * VW, vmin(vmax(acc[v], low), high));
}

/* Outputs [from, to), a vector of them at least; the last vector may make some again. */
INLINE void along(const struct conv *s, const struct row *r, int width, int stride, int from, int to, float *y) {
    for (; from + AT_ONCE * VW <= to; from += AT_ONCE * VW) vectors(s, r, AT_ONCE, width, stride, from, y);
    for (; from < to; from += VW) vectors(s, r, 1, width, stride, min_int(from, to - VW), y);
}

#define ALONG(NAME, WIDTH, STRIDE)                                                                                 \
    static NOINLINE void NAME(const struct conv *s, const struct row *r, int from, int to, float *y) {             \
        along(s, r, WIDTH, STRIDE, from, to, y);                                                                   \
    }
ALONG(along_3_by_1, 3, 1) ALONG(along_3_by_2, 3, 2)
ALONG(along_any_by_1, s->window.width, 1) ALONG(along_any_by_2, s->window.width, 2)

/* Outputs [first, end), the taps beyond the row's ends left out. */
static NOINLINE void one_by_one(const struct conv *s, const struct row *r, int first, int end, float *y) {
    const struct window *w = &s->window;
    for (int ox = first; ox < end; ox++) {
        int left = ox * w->stride_x - w->pad_left;
        float sum = r->bias;
        for (int i = 0; i < r->taps; i++) {
            const float *line = r->x + i * r->line + ox * w->stride_x, *weight = r->weights + i * w->width;
            for (int j = 0; j < w->width; j++) {
                int x = left + j * w->dilation_x;
                if (x >= 0 && x < s->x.width) sum += line[j * w->dilation_x] * weight[j];
            }
        }
        y[ox] = sum < s->finish.low ? s->finish.low : sum > s->finish.high ? s->finish.high : sum; /* keeps a NaN */
    }
}

/* One row of output of one plane. */
void depthwise_plane(const struct conv *s, float *arena, int unit) {
    const struct window *w = &s->window;
    int plane = unit / s->y.height, oy = unit % s->y.height, top = oy * w->stride_y - w->pad_top, first, end;
    int channel = plane % s->groups, width = s->y.width, stride = w->stride_x;
    clip_taps(top, w->dilation_y, w->height, s->x.height, &first, &end);
    struct row r;
    r.line = (ptrdiff_t)w->dilation_y * s->x.width;
    r.x = pixel_at(arena, &s->x, plane, top, 0) + first * r.line - w->pad_left;
    r.weights = arena + s->weights + ((ptrdiff_t)channel * w->height + first) * w->width;
    r.taps = end - first;
    r.bias = s->finish.bias == NONE ? 0.0f : arena[s->finish.bias + channel];
    float *y = pixel_at(arena, &s->y, plane, oy, 0);
    /* Columns [from, to) see nothing but the row. */
    int room = s->x.width - 1 - (w->width - 1) * w->dilation_x + w->pad_left;
    int from = min_int(width, ceil_div(w->pad_left, stride)), to = room < 0 ? 0 : min_int(width, room / stride + 1);
    if (stride > 2 || to - from < VW) from = to = width;
    one_by_one(s, &r, 0, from, y);
    if (from < to) {
        if (w->width == 3) (stride == 1 ? along_3_by_1 : along_3_by_2)(s, &r, from, to, y);
        else (stride == 1 ? along_any_by_1 : along_any_by_2)(s, &r, from, to, y);
    }
    one_by_one(s, &r, to, width, y);
}
