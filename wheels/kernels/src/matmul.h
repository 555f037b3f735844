#ifndef HEARTH_MATMUL_H
#define HEARTH_MATMUL_H

#include "step.h"

int matmul_units(const struct matmul *s);
int matmul_scratch(const struct matmul *s);
void matmul(const struct matmul *s, float *arena, int unit, float *scratch);

int pack_matrix_units(const struct pack_matrix *s);
void pack_matrix(const struct pack_matrix *s, float *arena, int unit);

int widen_units(const struct widen *s);
void widen(const struct widen *s, float *arena, int unit);

#endif
