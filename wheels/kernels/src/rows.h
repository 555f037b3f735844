/* Kernels that run along one axis of [outer][count][inner]. */
#ifndef HEARTH_ROWS_H
#define HEARTH_ROWS_H

#include "step.h"

/* Of neighbours along lines of their own, so many are a unit of work: whole lines of the cache. */
#define SPAN 64

INLINE int spans(int inner) { return ceil_div(inner, SPAN); }

int reduce_units(const struct reduce *s);
void reduce(const struct reduce *s, float *arena, int unit);

int softmax_units(const struct softmax *s);
void softmax(const struct softmax *s, float *arena, int unit);

int normalise_units(const struct normalise *s);
void normalise(const struct normalise *s, float *arena, int unit);

/* How lanes meet: enum reduction. */
float reduce_run(int kind, const float *x, int count);
/* The same down `count` vectors `step` floats apart, the first `lanes` lanes of each. */
vf reduce_column(int kind, const float *x, int count, ptrdiff_t step, int lanes);

#endif
