#ifndef HEARTH_POOL_H
#define HEARTH_POOL_H

#include "step.h"

int pool_units(const struct pool *s);
void pool(const struct pool *s, float *arena, int unit);

#endif
