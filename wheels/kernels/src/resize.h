#ifndef HEARTH_RESIZE_H
#define HEARTH_RESIZE_H

#include "step.h"

int resize_units(const struct resize *s);
int resize_scratch(const struct resize *s);
void resize(const struct resize *s, float *arena, int unit, float *scratch);

#endif
