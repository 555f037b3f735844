#ifndef HEARTH_ELEMENTWISE_H
#define HEARTH_ELEMENTWISE_H

#include "step.h"

int elementwise_units(const struct elementwise *s);
int elementwise_scratch(const struct elementwise *s);
void elementwise(const struct elementwise *s, float *arena, int unit, float *scratch);

/* One action on `count` elements, a multiple of VW; results may overwrite operands. */
void act(const struct action *action, int count, const float *a, const float *b, const float *c, float *out);

#endif
