/* Kernels played on nothing, so that the browser has compiled them well when they are needed. */
#ifndef HEARTH_REHEARSE_H
#define HEARTH_REHEARSE_H

#if defined(__wasm_atomics__)

#include "team.h"

/* Bytes of memory that rehearse wants, zeroed. */
EXPORT int32_t rehearsal_size(void);

/* Ends early where a step of the team is opened. */
EXPORT void rehearse(struct team *team, float *room);

#endif
#endif
