#ifndef HEARTH_CONV_H
#define HEARTH_CONV_H

#include "step.h"

int conv_units(const struct conv *s);
int conv_scratch(const struct conv *s);
void conv(const struct conv *s, float *arena, int unit, float *scratch);

int pack_conv_units(const struct pack_conv *s);
void pack_conv(const struct pack_conv *s, float *arena, int unit);

#endif
