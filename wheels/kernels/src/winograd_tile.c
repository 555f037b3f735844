/* Tiles of F(4x4, 3x3): the input transform B^T d B and the output transform A^T m A, a vector of channels at a
   time. Tiles at the image's edge read zeros outside it and write only what lies inside. */
#include "winograd_tile.h"

struct tile {
    const float *source;   /* the input pixel under the tile's first tap, maybe outside the image */
    float *target;         /* its first output pixel */
    const float *residual; /* the same pixel there, or null */
    int row_first, row_end, column_first, column_end; /* taps of the 6x6 that lie inside the image */
    int rows, columns;                                /* output pixels of the 4x4 that do */
};

/* Distances in floats between neighbours of one phase. */
struct steps {
    ptrdiff_t row, column;
};

INLINE struct steps steps_of(const struct conv *s, int width, int pitch) {
    struct steps step = {(ptrdiff_t)s->window.dilation_y * width * pitch, (ptrdiff_t)s->window.dilation_x * pitch};
    return step;
}

INLINE int tiles_along(int pixels, int dilation) { return ceil_div(ceil_div(pixels, dilation), 4); }

int winograd_tiles(const struct conv *s) {
    int phases = min_int(s->window.dilation_y, s->y.height) * min_int(s->window.dilation_x, s->y.width);
    return s->y.batch * phases * tiles_along(s->y.height, s->window.dilation_y) *
           tiles_along(s->y.width, s->window.dilation_x);
}

/* Where tile `index` lies: batch, then phase, then row, then column. */
static struct tile locate(const struct conv *s, float *arena, int index) {
    int across = tiles_along(s->y.width, s->window.dilation_x), down = tiles_along(s->y.height, s->window.dilation_y);
    int phases_x = min_int(s->window.dilation_x, s->y.width), phases_y = min_int(s->window.dilation_y, s->y.height);
    int column = index % across, rest = index / across;
    int row = rest % down;
    rest /= down;
    int phase_x = rest % phases_x;
    rest /= phases_x;
    int phase_y = rest % phases_y, n = rest / phases_y;

    int y = phase_y + 4 * row * s->window.dilation_y, x = phase_x + 4 * column * s->window.dilation_x;
    int top = y - s->window.pad_top, left = x - s->window.pad_left;
    struct tile t;
    t.rows = min_int(4, max_int(0, ceil_div(s->y.height - y, s->window.dilation_y)));
    t.columns = min_int(4, max_int(0, ceil_div(s->y.width - x, s->window.dilation_x)));
    t.row_first = top < 0 ? ceil_div(-top, s->window.dilation_y) : 0;
    t.column_first = left < 0 ? ceil_div(-left, s->window.dilation_x) : 0;
    t.row_end = min_int(6, max_int(0, ceil_div(s->x.height - top, s->window.dilation_y)));
    t.column_end = min_int(6, max_int(0, ceil_div(s->x.width - left, s->window.dilation_x)));
    t.source = pixel_at(arena, &s->x, n, top, left);
    t.target = pixel_at(arena, &s->y, n, y, x);
    ptrdiff_t pixel = (ptrdiff_t)(n * s->y.height + y) * s->y.width + x;
    t.residual = s->finish.residual == NONE ? 0 : arena + s->finish.residual + pixel * s->finish.residual_pitch;
    return t;
}

/* B^T d for one line of six. */
INLINE void transform_line(const vf d[6], vf out[6]) {
    vf four = vsplat(4.0f), two = vsplat(2.0f);
    vf even = d[4] - d[2], odd = d[3] - d[1];
    out[0] = vfma(four, d[0] - d[2], even);
    out[5] = vfnma(four, odd, d[5] - d[3]);
    out[3] = vfma(two, odd, even);
    out[4] = vfnma(two, odd, even);
    even = vfnma(four, d[2], d[4]);
    odd = vfnma(four, d[1], d[3]);
    out[1] = even + odd;
    out[2] = even - odd;
}

/* A^T m for one line of six. */
INLINE void restore_line(const vf m[6], vf out[4]) {
    vf four = vsplat(4.0f);
    vf sum1 = m[1] + m[2], dif1 = m[1] - m[2], sum2 = m[3] + m[4], dif2 = m[3] - m[4];
    dif2 += dif2;
    out[0] = m[0] + sum1 + sum2;
    out[1] = dif1 + dif2;
    out[2] = vfma(four, sum2, sum1);
    out[3] = vfma(four, dif2, dif1 + m[5]);
}

INLINE void transform_channels(const struct tile *t, struct steps step, int c, int lanes, int inside, float *v,
                           ptrdiff_t plane) {
    vf half[6][6];
    const float *p[6];
    UNROLL for (int i = 0; i < 6; i++) { p[i] = t->source + c + i * step.row; PIN(p[i]); }
    ROLLED for (int j = 0; j < 6; j++) {
        vf line[6], out[6];
        UNROLL for (int i = 0; i < 6; i++) {
            if (inside) line[i] = vload(p[i]);
            else if (i < t->row_first || i >= t->row_end || j < t->column_first || j >= t->column_end) line[i] = vzero();
            else line[i] = vload_some(p[i], lanes);
            p[i] += step.column;
            PIN(p[i]);
        }
        transform_line(line, out);
        UNROLL for (int i = 0; i < 6; i++) half[i][j] = out[i];
    }
    ROLLED for (int i = 0; i < 6; i++) {
        vf out[6];
        transform_line(half[i], out);
        UNROLL for (int j = 0; j < 6; j++) { vstore(v, out[j]); v += plane; PIN(v); }
    }
}

static NOINLINE void transform_inside(const struct tile *t, struct steps step, int channels, float *v, ptrdiff_t plane) {
    for (int c = 0; c < channels; c += VW) transform_channels(t, step, c, VW, 1, v + c, plane);
}

static NOINLINE void transform_edge(const struct tile *t, struct steps step, int channels, float *v, ptrdiff_t plane) {
    for (int c = 0; c < channels; c += VW)
        transform_channels(t, step, c, min_int(VW, channels - c), 0, v + c, plane);
}

/* One vector of channels of one tile; `whole` when all lanes and all four columns are wanted. */
INLINE void restore_channels(const struct tile *t, struct steps out, struct steps res, const struct finish *f,
                             const float *bias, int c, int lanes, int whole, const float *m, ptrdiff_t plane) {
    vf half[4][6];
    const float *p[6];
    UNROLL for (int i = 0; i < 6; i++) {
        p[i] = m + 6 * i * plane + c;
        PIN(p[i]);
    }
    ROLLED for (int j = 0; j < 6; j++) {
        vf line[6], back[4];
        UNROLL for (int i = 0; i < 6; i++) {
            line[i] = vload(p[i]);
            p[i] += plane;
            PIN(p[i]);
        }
        restore_line(line, back);
        UNROLL for (int i = 0; i < 4; i++) half[i][j] = back[i];
    }
    vf low = vsplat(f->low), high = vsplat(f->high);
    vf b = !bias ? vzero() : whole ? vload(bias + c) : vload_some(bias + c, lanes);
    ROLLED for (int i = 0; i < t->rows; i++) {
        vf pixel[4];
        restore_line(half[i], pixel);
        float *target = t->target + i * out.row + c;
        const float *extra = t->residual ? t->residual + i * res.row + c : 0;
        UNROLL for (int j = 0; j < 4; j++) {
            if (!whole && j >= t->columns) break;
            vf value = pixel[j] + b;
            vf add = !extra ? vzero() : whole ? vload(extra) : vload_some(extra, lanes);
            if (!f->residual_late) value += add;
            value = vmin(vmax(value, low), high);
            if (f->residual_late) value += add;
            if (whole) vstore(target, value);
            else vstore_some(target, value, lanes);
            target += out.column;
            PIN(target);
            if (extra) extra += res.column;
        }
    }
}

static NOINLINE void restore_whole(const struct tile *t, struct steps out, struct steps res, const struct finish *f,
                                   const float *bias, int channels, const float *m, ptrdiff_t plane) {
    for (int c = 0; c < channels; c += VW) restore_channels(t, out, res, f, bias, c, VW, 1, m, plane);
}

static NOINLINE void restore_part(const struct tile *t, struct steps out, struct steps res, const struct finish *f,
                                  const float *bias, int channels, const float *m, ptrdiff_t plane) {
    for (int c = 0; c < channels; c += VW)
        restore_channels(t, out, res, f, bias, c, min_int(VW, channels - c), 0, m, plane);
}

void transform_tile(const struct conv *s, float *arena, int index, float *v, ptrdiff_t plane) {
    struct tile t = locate(s, arena, index);
    struct steps step = steps_of(s, s->x.width, s->x.pitch);
    int inside = t.row_first == 0 && t.row_end == 6 && t.column_first == 0 && t.column_end == 6;
    if (inside && s->x.channels % VW == 0) transform_inside(&t, step, s->x.channels, v, plane);
    else transform_edge(&t, step, s->x.channels, v, plane);
}

void restore_tile(const struct conv *s, float *arena, int index, const float *m, ptrdiff_t plane) {
    struct tile t = locate(s, arena, index);
    struct steps out = steps_of(s, s->y.width, s->y.pitch),
                 residual = steps_of(s, s->y.width, s->finish.residual_pitch);
    const float *bias = s->finish.bias == NONE ? 0 : arena + s->finish.bias;
    if (t.columns == 4 && s->y.channels % VW == 0)
        restore_whole(&t, out, residual, &s->finish, bias, s->y.channels, m, plane);
    else restore_part(&t, out, residual, &s->finish, bias, s->y.channels, m, plane);
}
