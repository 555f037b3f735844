#ifndef HEARTH_TRANSPOSE_H
#define HEARTH_TRANSPOSE_H

#include "step.h"

int transpose_units(const struct transpose *s);
void transpose(const struct transpose *s, float *arena, int unit);

#endif
