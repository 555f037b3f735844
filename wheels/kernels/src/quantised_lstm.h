#ifndef HEARTH_QUANTISED_LSTM_H
#define HEARTH_QUANTISED_LSTM_H

#include "step.h"

/* One unit: every time step waits for the one before. */
int quantised_lstm_scratch(const struct quantised_lstm *s);
void quantised_lstm(const struct quantised_lstm *s, float *arena, float *scratch);

#endif
