#ifndef HEARTH_INTEGER_H
#define HEARTH_INTEGER_H

#include "step.h"

int integer_product_units(const struct integer_product *s);
int integer_product_scratch(const struct integer_product *s);
void integer_product(const struct integer_product *s, float *arena, int unit, float *scratch);

#endif
