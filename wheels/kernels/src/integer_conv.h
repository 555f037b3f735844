#ifndef HEARTH_INTEGER_CONV_H
#define HEARTH_INTEGER_CONV_H

#include "step.h"

int pair_image_units(const struct pair_image *s);
void pair_image(const struct pair_image *s, float *arena, int unit);

int integer_conv_units(const struct integer_conv *s);
int integer_conv_scratch(const struct integer_conv *s);
void integer_conv(const struct integer_conv *s, float *arena, int unit, float *scratch);

#endif
