#ifndef HEARTH_DEPTHWISE_H
#define HEARTH_DEPTHWISE_H

#include "step.h"

int depthwise_units(const struct conv *s);
void depthwise(const struct conv *s, float *arena, int unit);

#endif
