/* Colours of subject and background that explain a picture by its alpha, level by level [Germer, Uelwer, Conrad,
   Harmeling, "Fast Multi-Level Foreground Estimation", 2020]; hearth.tools.cutout.colours says the same in numpy. */
#include "image.h"

#define SMOOTHNESS 1e-5f
#define STEEPNESS 1.0f
#define SMALL 32
#define STEPS_SMALL 10
#define STEPS_LARGE 2
#define MOST_LEVELS 20

struct level {
    int32_t width, height;
    const float *picture, *alpha;
};

INLINE int32_t half(int32_t size) { return (size + 1) / 2; }

/* Pictures and alphas of all levels but the largest, and two pairs of colours of the largest. */
int32_t foreground_scratch(int32_t width, int32_t height) {
    int32_t most = 0, w = width, h = height;
    while (max_int(w, h) > 2) {
        w = half(w), h = half(h);
        most += 5 * w * h + 16;
    }
    return most + 8 * width * height + 16;
}

/* Averages of two by two; an odd last row or column counts twice. */
static void halve(const float *from, int32_t width, int32_t height, int lanes, float *out) {
    for (int32_t y = 0; y < half(height); y++) {
        const float *row = from + (ptrdiff_t)2 * y * width * lanes;
        const float *next = 2 * y + 1 < height ? row + (ptrdiff_t)width * lanes : row;
        for (int32_t x = 0; x < half(width); x++) {
            int32_t right = min_int(2 * x + 1, width - 1);
            for (int c = 0; c < lanes; c++)
                *out++ = 0.25f * (row[2 * x * lanes + c] + next[2 * x * lanes + c] + row[right * lanes + c] +
                                  next[right * lanes + c]);
        }
    }
}

/* Every pixel as two by two. */
static void twice(const float *from, int32_t from_width, int32_t width, int32_t height, float *out) {
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++, out += 4)
            store_pixel(out, load_pixel(from + 4 * ((ptrdiff_t)(y / 2) * from_width + x / 2)));
}

INLINE pixel clipped(pixel v) {
    UNROLL for (int c = 0; c < 4; c++) v[c] = v[c] > 0.0f ? v[c] < 1.0f ? v[c] : 1.0f : 0.0f;
    return v;
}

/* One Jacobi step: each pixel's two colours by least squares, the neighbours' held. */
static NOINLINE void step(const struct level *level, const float *subject, const float *background, float *new_subject,
                          float *new_background) {
    int32_t width = level->width, height = level->height;
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            ptrdiff_t at = (ptrdiff_t)y * width + x;
            float a = level->alpha[at], b = 1.0f - a, total = 0.0f;
            pixel own = load_pixel(level->picture + 4 * at);
            pixel for_subject = own * splat_pixel(a), for_background = own * splat_pixel(b);
            int there[4] = {y > 0, y + 1 < height, x > 0, x + 1 < width};
            ptrdiff_t places[4] = {at - width, at + width, at - 1, at + 1};
            UNROLL for (int k = 0; k < 4; k++) {
                if (!there[k]) continue;
                float weight = SMOOTHNESS + STEEPNESS * __builtin_fabsf(a - level->alpha[places[k]]);
                total += weight;
                for_subject += load_pixel(subject + 4 * places[k]) * splat_pixel(weight);
                for_background += load_pixel(background + 4 * places[k]) * splat_pixel(weight);
            }
            /* The 2x2 matrix [[a a + total, a b], [a b, b b + total]], inverted. */
            float scale = 1.0f / (total * (a * a + b * b + total));
            float first = (b * b + total) * scale, second = (a * a + total) * scale, mixed = -a * b * scale;
            store_pixel(new_subject + 4 * at,
                        clipped(for_subject * splat_pixel(first) + for_background * splat_pixel(mixed)));
            store_pixel(new_background + 4 * at,
                        clipped(for_subject * splat_pixel(mixed) + for_background * splat_pixel(second)));
        }
}

void foreground(const float *picture, const float *alpha, float *subject, float *background, int32_t width,
                int32_t height, float *scratch) {
    struct level levels[MOST_LEVELS] = {{width, height, picture, alpha}};
    int count = 1;
    for (; max_int(levels[count - 1].width, levels[count - 1].height) > 2 && count < MOST_LEVELS; count++) {
        const struct level *from = &levels[count - 1];
        int32_t w = half(from->width), h = half(from->height);
        float *smaller = scratch, *of_alpha = scratch + 4 * w * h;
        halve(from->picture, from->width, from->height, 4, smaller);
        halve(from->alpha, from->width, from->height, 1, of_alpha);
        scratch += round_up(5 * w * h, 16);
        levels[count] = (struct level){w, h, smaller, of_alpha};
    }
    ptrdiff_t size = (ptrdiff_t)4 * width * height;
    float *s[2] = {subject, scratch}, *b[2] = {background, scratch + size};
    /* The smallest level starts from the picture itself. */
    const struct level *level = &levels[count - 1];
    for (ptrdiff_t i = 0; i < (ptrdiff_t)4 * level->width * level->height; i++) s[0][i] = b[0][i] = level->picture[i];
    for (int number = count - 1; number >= 0; number--) {
        level = &levels[number];
        int now = 0;
        if (number < count - 1) {
            twice(s[0], levels[number + 1].width, level->width, level->height, s[1]);
            twice(b[0], levels[number + 1].width, level->width, level->height, b[1]);
            now = 1;
        }
        int steps = max_int(level->width, level->height) <= SMALL ? STEPS_SMALL : STEPS_LARGE;
        for (int i = 0; i < steps; i++, now = 1 - now) step(level, s[now], b[now], s[1 - now], b[1 - now]);
        if (now == 1) {
            float *other = s[0];
            s[0] = s[1], s[1] = other;
            other = b[0];
            b[0] = b[1], b[1] = other;
        }
    }
    if (s[0] != subject)
        for (ptrdiff_t i = 0; i < size; i++) subject[i] = s[0][i], background[i] = b[0][i];
}

INLINE pixel sampled(const float *field, ptrdiff_t upper, ptrdiff_t lower, struct between across, float down) {
    pixel part = splat_pixel(across.part);
    pixel a = load_pixel(field + 4 * (upper + across.first)), b = load_pixel(field + 4 * (upper + across.second));
    pixel c = load_pixel(field + 4 * (lower + across.first)), d = load_pixel(field + 4 * (lower + across.second));
    pixel top = a + part * (b - a), bottom = c + part * (d - c);
    return top + splat_pixel(down) * (bottom - top);
}

void foreground_clean(const float *subject, const float *background, int32_t small_width, int32_t small_height,
                      uint8_t *pixels, const uint8_t *alpha, int32_t width, int32_t height, int32_t top, int32_t rows) {
    for (int32_t y = 0; y < rows; y++) {
        struct between down = between(top + y, height, small_height);
        ptrdiff_t upper = (ptrdiff_t)down.first * small_width, lower = (ptrdiff_t)down.second * small_width;
        for (int32_t x = 0; x < width; x++, pixels += 4, alpha++) {
            if (*alpha == 0 || *alpha == 255) continue;
            struct between across = between(x, width, small_width);
            pixel own = widen_pixel(pixels), scale = splat_pixel(255.0f);
            pixel f = sampled(subject, upper, lower, across, down.part) * scale;
            pixel b = sampled(background, upper, lower, across, down.part) * scale;
            float a = (float)*alpha * (1.0f / 255);
            pixel clean = f + splat_pixel(a) * (own - splat_pixel(a) * f - splat_pixel(1.0f - a) * b);
            for (int c = 0; c < 3; c++) pixels[c] = byte_of(clean[c]);
        }
    }
}
