#ifndef HEARTH_FEW_BITS_H
#define HEARTH_FEW_BITS_H

#include "step.h"

int few_bits_units(const struct few_bits *s);
int few_bits_scratch(const struct few_bits *s);
void few_bits(const struct few_bits *s, float *arena, int unit, float *scratch);

#endif
