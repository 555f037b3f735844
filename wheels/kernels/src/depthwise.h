#ifndef HEARTH_DEPTHWISE_H
#define HEARTH_DEPTHWISE_H

#include "step.h"

int depthwise_units(const struct conv *s);
void depthwise(const struct conv *s, float *arena, int unit);

/* The same where images have one channel: each is a plane of its own, the filters repeat after `groups` of them. */
void depthwise_plane(const struct conv *s, float *arena, int unit);

/* Taps i with 0 <= start + i * dilation < size. */
INLINE void clip_taps(int start, int dilation, int count, int size, int *first, int *end) {
    *first = start < 0 ? ceil_div(-start, dilation) : 0;
    *end = max_int(*first, min_int(count, start >= size ? 0 : ceil_div(size - start, dilation)));
}

#endif
