#ifndef HEARTH_WINOGRAD_WEIGHTS_H
#define HEARTH_WINOGRAD_WEIGHTS_H

#include "step.h"

/* One vector of output channels of weights that pack_taps made, expanded: plane p gets [channel][width] from
   out + p * plane on. */
void expand_taps(const float *taps, int number, int channels, int vector, int width, float *out, ptrdiff_t plane);

#endif
