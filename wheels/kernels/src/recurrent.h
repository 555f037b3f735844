#ifndef HEARTH_RECURRENT_H
#define HEARTH_RECURRENT_H

#include "step.h"

/* One unit each: every time step waits for the one before. */
int lstm_scratch(const struct recurrent *s);
void lstm(const struct recurrent *s, float *arena, float *scratch);
int gru_scratch(const struct recurrent *s);
void gru(const struct recurrent *s, float *arena, float *scratch);

#endif
