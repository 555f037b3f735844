/* Several threads at one program. Memory for a struct team is given zeroed. */
#ifndef HEARTH_TEAM_H
#define HEARTH_TEAM_H

#if defined(__wasm_atomics__)

#include "play.h"

struct call {
    const int32_t *step;
    float *arena, *scratch;
    int32_t scratch_stride; /* floats from one member's scratch to the next one's */
    int32_t units, threads;
};

struct team {
    uint64_t ticket;
    int32_t opened; /* steps opened so far; members wait for it to change */
    int32_t asleep; /* members that do */
    int32_t done[2]; /* units played of the step of the same parity */
    int32_t dismissed;
    struct call calls[2];
};

EXPORT int32_t team_size(void);

/* What every member but the leader does until it is dismissed. Members count from 1. */
EXPORT void team_member(struct team *team, int32_t member);
EXPORT void team_dismiss(struct team *team);

/* play() by the leader, member 0, with the others' help in the steps that are worth it: for which worth[i] is not 0.
   1 where a member took a unit and never came back. */
EXPORT int32_t team_play(struct team *team, const int32_t *steps, const int32_t *starts, const int32_t *worth,
                         float *arena, int32_t first, int32_t end, float *scratch, int32_t scratch_stride,
                         int32_t threads);

#endif
#endif
