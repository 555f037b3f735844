#ifndef HEARTH_WINOGRAD_H
#define HEARTH_WINOGRAD_H

#include "step.h"

/* All three stages in one step, block by block, on weights from pack_winograd. */
int winograd_units(const struct conv *s);
int winograd_scratch(const struct conv *s);
void winograd(const struct conv *s, float *arena, int unit, float *scratch);

/* The stages as steps of their own, for images of few tiles and many channels: work is split by output channel
   in the middle, and the weights stay small, expanded 36/9-fold only when a panel is used. */
int winograd_input_units(const struct staged *s);
void winograd_input(const struct staged *s, float *arena, int unit);
int winograd_product_units(const struct staged *s);
int winograd_product_scratch(const struct staged *s);
void winograd_product(const struct staged *s, float *arena, int unit, float *scratch);
int winograd_output_units(const struct staged *s);
void winograd_output(const struct staged *s, float *arena, int unit);

int pack_winograd_units(const struct pack_conv *s);
void pack_winograd(const struct pack_conv *s, float *arena, int unit);
int pack_taps_units(const struct pack_conv *s);
void pack_taps(const struct pack_conv *s, float *arena, int unit);

#endif
