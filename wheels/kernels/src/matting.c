/* Closed-form matting [Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", 2008]: the alpha of
   unknown pixels that is, in every window of 3x3, nearest to a linear function of colour. It minimises

       a' L a + sum over unknown i of pull[i] (a[i] - target[i])^2,

   known pixels held, by conjugate gradients with the diagonal as preconditioner. L is the matting Laplacian:
   a window k with colour mean m and covariance C contributes (1 + (I_i - m)' (C + eps / 9)^-1 (I_j - m)) / 9 to -L_ij.
   A pixel has 24 neighbours; L is symmetric, so that 12 coefficients a pixel are stored, those of the neighbours that
   come later in reading order. They lie in rows: coefficient o of pixel (y, x) at (y * 12 + o) * stride + x. */
#include "image.h"
#include "vmath.h"

#define HALF 12 /* of the neighbours */
#define EDGE 8  /* columns around a row that belong to no pixel */
#define RIM 2   /* rows likewise */

struct grid {
    int32_t width, height, stride;
    ptrdiff_t plane;   /* floats of one map with its rim */
    float *coefficient, *diagonal, *inverse;
    float *x, *r, *p, *q, *pull;
    float *mask;       /* all bits set where a pixel is unknown */
    int32_t *block;    /* for vectors that hold an unknown pixel: where they lie in a map, and among coefficients */
    int32_t blocks;
};

INLINE int32_t stride_of(int32_t width) { return round_up(width + 2 * EDGE, 8); }
INLINE ptrdiff_t plane_of(int32_t width, int32_t height) { return (ptrdiff_t)(height + 2 * RIM) * stride_of(width); }

int32_t matting_scratch(int32_t width, int32_t height) {
    return (int32_t)((HALF + 12) * plane_of(width, height));
}

/* Neighbour o of HALF: how many rows below and columns to the right. */
INLINE int offset_index(int dy, int dx) { return dy == 0 ? dx - 1 : 2 + (dy - 1) * 5 + dx + 2; }

static void clear(float *p, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) p[i] = 0.0f;
}

/* The windows whose middles are (y, x) .. (y, x + VW - 1); those outside of `inside` count for nothing. */
static NOINLINE void add_windows(const float *red, const float *green, const float *blue, ptrdiff_t at,
                                 int32_t stride, float eps, vi inside, float *coefficient) {
    vf z[9][3], mean[3];
    const float *channel[3] = {red + at, green + at, blue + at};
    for (int c = 0; c < 3; c++) {
        vf sum = vzero();
        UNROLL for (int i = 0; i < 9; i++) {
            z[i][c] = vload(channel[c] + (i / 3 - 1) * stride + i % 3 - 1);
            sum += z[i][c];
        }
        mean[c] = sum * vsplat(1.0f / 9);
        UNROLL for (int i = 0; i < 9; i++) z[i][c] -= mean[c];
    }
    vf c00 = vzero(), c10 = vzero(), c11 = vzero(), c20 = vzero(), c21 = vzero(), c22 = vzero();
    UNROLL for (int i = 0; i < 9; i++) {
        c00 = vfma(z[i][0], z[i][0], c00);
        c10 = vfma(z[i][1], z[i][0], c10);
        c11 = vfma(z[i][1], z[i][1], c11);
        c20 = vfma(z[i][2], z[i][0], c20);
        c21 = vfma(z[i][2], z[i][1], c21);
        c22 = vfma(z[i][2], z[i][2], c22);
    }
    /* (I_i - m)' (C + eps / 9)^-1 (I_j - m) / 9 is the product of the two colours divided by the Cholesky factor of
       9 C + eps. The reciprocals of its diagonal are kept. */
    vf one = vsplat(1.0f), more = vsplat(eps);
    vf l00 = one / vsqrt(c00 + more);
    vf l10 = c10 * l00, l20 = c20 * l00;
    vf l11 = one / vsqrt(vmax(vfnma(l10, l10, c11), vzero()) + more);
    vf l21 = vfnma(l20, l10, c21) * l11;
    vf l22 = one / vsqrt(vmax(vfnma(l21, l21, vfnma(l20, l20, c22)), vzero()) + more);
    UNROLL for (int i = 0; i < 9; i++) {
        z[i][0] = z[i][0] * l00;
        z[i][1] = vfnma(l10, z[i][0], z[i][1]) * l11;
        z[i][2] = vfnma(l21, z[i][1], vfnma(l20, z[i][0], z[i][2])) * l22;
    }
    vf ninth = vsplat(1.0f / 9);
    UNROLL for (int i = 0; i < 9; i++)
        UNROLL for (int j = i + 1; j < 9; j++) {
            vf share = vfma(z[i][2], z[j][2], vfma(z[i][1], z[j][1], vfma(z[i][0], z[j][0], ninth)));
            int o = offset_index(j / 3 - i / 3, j % 3 - i % 3);
            float *place = coefficient + ((i / 3 - 1) * HALF + o) * stride + i % 3 - 1;
            vstore(place, vload(place) - (vf)((vi)share & inside));
        }
}

/* Sums of all products with neighbours; `x` is a map with its rim. */
INLINE vf with_neighbours(const struct grid *g, const float *coefficient, const float *x) {
    vf sum = vzero(), other = vzero();
    UNROLL for (int dy = 0; dy < 3; dy++)
        UNROLL for (int dx = dy ? -2 : 1; dx < 3; dx++) {
            int o = offset_index(dy, dx);
            ptrdiff_t step = (ptrdiff_t)dy * g->stride + dx;
            sum = vfma(vload(coefficient + o * g->stride), vload(x + step), sum);
            const float *before = coefficient + (o - dy * HALF) * g->stride - dx;
            other = vfma(vload(before), vload(x - step), other);
        }
    return sum + other;
}

static NOINLINE void build(struct grid *g, const float *planes, const uint8_t *near, float eps) {
    const float *red = planes, *green = planes + g->plane, *blue = planes + 2 * g->plane;
    for (int32_t y = 1; y < g->height - 1; y++)
        for (int32_t x = 1; x < g->width - 1; x += VW) {
            int last = min_int(x + VW, g->width - 1), wanted = 0;
            for (int i = x; i < last; i++) wanted |= near[y * g->width + i];
            if (!wanted) continue;
            vi inside;
            UNROLL for (int i = 0; i < VW; i++) inside[i] = x + i < last ? -1 : 0;
            ptrdiff_t at = (ptrdiff_t)(y + RIM) * g->stride + EDGE + x;
            add_windows(red, green, blue, at, g->stride, eps, inside,
                        g->coefficient + (ptrdiff_t)(y + RIM) * HALF * g->stride + EDGE + x);
        }
}

/* Marks middles of windows that hold an unknown pixel. */
static void mark_near(const uint8_t *unknown, uint8_t *near, int32_t width, int32_t height) {
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            int any = 0;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++) {
                    int i = y + dy, j = x + dx;
                    if (i >= 0 && i < height && j >= 0 && j < width) any |= unknown[i * width + j];
                }
            near[y * width + x] = (uint8_t)any;
        }
}

/* q = A p on unknown pixels; returns p' q. */
static NOINLINE double multiply(const struct grid *g) {
    vf total = vzero();
    for (int32_t b = 0; b < g->blocks; b++) {
        int32_t i = g->block[2 * b];
        vf p = vload(g->p + i);
        vf q = vfma(vload(g->diagonal + i), p, with_neighbours(g, g->coefficient + g->block[2 * b + 1], g->p + i));
        q = (vf)((vi)q & (vi)vload(g->mask + i));
        vstore(g->q + i, q);
        total = vfma(p, q, total);
    }
    return vsum(total);
}

/* One step of length `step` along p; returns the residual's square, weighed by the preconditioner. */
static NOINLINE double advance(const struct grid *g, float step) {
    vf total = vzero(), along = vsplat(step);
    for (int32_t b = 0; b < g->blocks; b++) {
        int32_t i = g->block[2 * b];
        vf r = vfnma(along, vload(g->q + i), vload(g->r + i));
        vstore(g->x + i, vfma(along, vload(g->p + i), vload(g->x + i)));
        vstore(g->r + i, r);
        total = vfma(r, r * vload(g->inverse + i), total);
    }
    return vsum(total);
}

static NOINLINE void turn(const struct grid *g, float beta) {
    vf keep = vsplat(beta);
    for (int32_t b = 0; b < g->blocks; b++) {
        int32_t i = g->block[2 * b];
        vstore(g->p + i, vfma(keep, vload(g->p + i), vload(g->r + i) * vload(g->inverse + i)));
    }
}

/* The residual of x, and the diagonal: what keeps the sum of a row of L at zero, and the pull. */
static NOINLINE double start(const struct grid *g, const float *target) {
    double total = 0.0;
    for (int32_t b = 0; b < g->blocks; b++) {
        int32_t i = g->block[2 * b];
        const float *coefficient = g->coefficient + g->block[2 * b + 1];
        vf sum = vzero();
        UNROLL for (int dy = 0; dy < 3; dy++)
            UNROLL for (int dx = dy ? -2 : 1; dx < 3; dx++) {
                int o = offset_index(dy, dx);
                sum += vload(coefficient + o * g->stride) + vload(coefficient + (o - dy * HALF) * g->stride - dx);
            }
        vf pull = vload(g->pull + i), x = vload(g->x + i);
        /* Lanes that are known, or lie beside the picture, divide by something. */
        vf diagonal = vselect((vi)vload(g->mask + i), pull - sum, vsplat(1.0f)), inverse = vsplat(1.0f) / diagonal;
        vstore(g->diagonal + i, diagonal);
        vstore(g->inverse + i, inverse);
        vf r = vfma(pull, vload(target + i), -vfma(diagonal, x, with_neighbours(g, coefficient, g->x + i)));
        r = (vf)((vi)r & (vi)vload(g->mask + i));
        vstore(g->r + i, r);
        vstore(g->p + i, r * inverse);
        total += vsum(r * (r * inverse));
    }
    return total;
}

/* picture (height, width) pixels; unknown, pull, target and alpha (height, width). alpha holds the known values and
   where to start, and in the end the solution. Stops after `steps`, or when the residual has fallen to the part
   `enough` of its first length. Pictures under 3 pixels a side have no windows: only the pull counts there. */
int32_t matting(const float *picture, const uint8_t *unknown, const float *pull, const float *target, float *alpha,
                int32_t width, int32_t height, float eps, int32_t steps, float enough, float *scratch) {
    struct grid g = {.width = width, .height = height, .stride = stride_of(width), .plane = plane_of(width, height)};
    float *next = scratch;
    clear(scratch, matting_scratch(width, height));
    g.coefficient = next, next += HALF * g.plane;
    float **maps[] = {&g.diagonal, &g.inverse, &g.x, &g.r, &g.p, &g.q, &g.pull, &g.mask};
    for (unsigned i = 0; i < sizeof maps / sizeof *maps; i++) *maps[i] = next, next += g.plane;
    float *wanted = next;
    next += g.plane;
    g.block = (int32_t *)next;
    uint8_t *near = (uint8_t *)(next + g.plane);
    mark_near(unknown, near, width, height);

    /* The colours lie where the vectors of the solver will. */
    float *planes = g.diagonal;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                planes[c * g.plane + (ptrdiff_t)(y + RIM) * g.stride + EDGE + x] =
                    picture[((ptrdiff_t)y * width + x) * 4 + c];
    build(&g, planes, near, eps);
    clear(planes, 3 * g.plane);

    for (int32_t y = 0; y < height; y++) {
        int32_t line = (y + RIM) * g.stride + EDGE, last = -VW;
        for (int32_t x = 0; x < width; x++) {
            int32_t from = y * width + x;
            g.x[line + x] = alpha[from];
            if (!unknown[from]) continue;
            ((int32_t *)g.mask)[line + x] = -1;
            g.pull[line + x] = pull[from];
            wanted[line + x] = target[from];
            if (x / VW * VW != last) {
                last = x / VW * VW;
                g.block[2 * g.blocks] = line + last;
                g.block[2 * g.blocks++ + 1] = (y + RIM) * HALF * g.stride + EDGE + last;
            }
        }
    }
    double first = start(&g, wanted), now = first;
    int32_t step = 0;
    while (step < steps && now > (double)enough * enough * first) {
        double curvature = multiply(&g);
        if (!(curvature > 0.0)) break;
        double then = advance(&g, (float)(now / curvature));
        turn(&g, (float)(then / now));
        now = then;
        step++;
    }
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            if (unknown[y * width + x]) alpha[y * width + x] = g.x[(y + RIM) * g.stride + EDGE + x];
    return step;
}
