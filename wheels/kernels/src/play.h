#ifndef HEARTH_PLAY_H
#define HEARTH_PLAY_H

#include "export.h"
#include "step.h"

/* Plays steps [first, end) of a program one after the other: step i is the struct at steps + starts[i]. */
EXPORT void play(const int32_t *steps, const int32_t *starts, float *arena, int32_t first, int32_t end, float *scratch);

/* How many units a step splits into; units of one step may run at the same time, each with scratch of its own. */
EXPORT int32_t step_units(const int32_t *step);
EXPORT void play_units(const int32_t *step, float *arena, int32_t first, int32_t end, float *scratch);

/* Floats of scratch that a step's units want. */
EXPORT int32_t step_scratch(const int32_t *step);

/* Floats in a vector: packed weights are padded to whole ones. */
EXPORT int32_t vector_width(void);

#endif
