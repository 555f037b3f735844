#ifndef HEARTH_INTEGER_CONV_H
#define HEARTH_INTEGER_CONV_H

#include "step.h"

/* The sums of one pixel as floats, in place, with what comes before clamp and residual: bias, scale, rounding. The
   bias is a whole number, and sums of integers are exact where those of floats are not. */
void scale_pixel(const struct integer_conv *s, const float *arena, int first_channel, int channels, int32_t *sums);

int pair_image_units(const struct pair_image *s);
void pair_image(const struct pair_image *s, float *arena, int unit);

int integer_conv_units(const struct integer_conv *s);
int integer_conv_scratch(const struct integer_conv *s);
void integer_conv(const struct integer_conv *s, float *arena, int unit, float *scratch);

int integer_winograd_units(const struct integer_conv *s);
int integer_winograd_scratch(const struct integer_conv *s);
void integer_winograd(const struct integer_conv *s, float *arena, int unit, float *scratch);

#endif
