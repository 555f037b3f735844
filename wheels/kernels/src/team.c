/* Playing a program with several threads over one shared memory. The leader opens a step by posting a ticket;
   whoever is free, the leader too, takes units off it until none are left. Nobody waits for a thread that has
   nothing to do: one that comes late or sleeps costs nothing. Only built for shared memory. */
#include "team.h"

#if defined(__wasm_atomics__)

#include "play.h"

#define SPINS 20000           /* about 20 us: longer than the gap between most steps */
#define STALLED_NS 4000000000 /* no unit takes this long; whoever holds one is gone */
#define SHARE 4               /* a thread takes 1 / SHARE of an even share at once */

/* A ticket is the number of the opened step, counted since the start, and the next unit to take. */
#define TICKET(STEP, UNIT) ((uint64_t)(uint32_t)(STEP) << 32 | (uint32_t)(UNIT))
#define STEP_OF(TICKET) ((uint32_t)((TICKET) >> 32))
#define UNIT_OF(TICKET) ((int32_t)(uint32_t)(TICKET))

/* Takes units of the step the ticket is for and plays them, until there are none. */
static void help(struct team *team, int32_t member) {
    for (;;) {
        uint64_t ticket = __atomic_load_n(&team->ticket, __ATOMIC_SEQ_CST);
        /* Two calls take turns: this one is not written to before the next ticket but one, and then the exchange
           below fails. */
        const struct call *call = &team->calls[STEP_OF(ticket) % 2];
        int32_t units = call->units, first = UNIT_OF(ticket);
        if (first >= units) return;
        int32_t count = max_int(1, (units - first) / (SHARE * call->threads));
        uint64_t next = TICKET(STEP_OF(ticket), first + count);
        const int32_t *step = call->step;
        float *arena = call->arena, *scratch = call->scratch + (ptrdiff_t)member * call->scratch_stride;
        if (!__atomic_compare_exchange_n(&team->ticket, &ticket, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
        play_units(step, arena, first, first + count, scratch);
        int32_t *done = &team->done[STEP_OF(ticket) % 2];
        if (__atomic_add_fetch(done, count, __ATOMIC_SEQ_CST) == units && member)
            __builtin_wasm_memory_atomic_notify(done, 1);
    }
}

void team_member(struct team *team, int32_t member) {
    int32_t seen = 0;
    for (;;) {
        int32_t opened = __atomic_load_n(&team->opened, __ATOMIC_SEQ_CST);
        for (int i = 0; i < SPINS && opened == seen; i++) opened = __atomic_load_n(&team->opened, __ATOMIC_SEQ_CST);
        if (opened == seen) {
            __atomic_add_fetch(&team->asleep, 1, __ATOMIC_SEQ_CST);
            __builtin_wasm_memory_atomic_wait32(&team->opened, seen, -1);
            __atomic_sub_fetch(&team->asleep, 1, __ATOMIC_SEQ_CST);
            continue;
        }
        seen = opened;
        if (__atomic_load_n(&team->dismissed, __ATOMIC_SEQ_CST)) return;
        help(team, member);
    }
}

/* Waits until every unit of the step is done; 0 if that does not come to pass. */
static int all_done(struct team *team, int32_t number, int32_t units) {
    int32_t *done = &team->done[(uint32_t)number % 2];
    int32_t now = __atomic_load_n(done, __ATOMIC_SEQ_CST);
    for (int i = 0; i < SPINS && now < units; i++) now = __atomic_load_n(done, __ATOMIC_SEQ_CST);
    while (now < units) {
        int timed_out = __builtin_wasm_memory_atomic_wait32(done, now, STALLED_NS) == 2;
        int32_t then = __atomic_load_n(done, __ATOMIC_SEQ_CST);
        if (timed_out && then == now) return 0;
        now = then;
    }
    return 1;
}

int32_t team_play(struct team *team, const int32_t *steps, const int32_t *starts, const int32_t *worth, float *arena,
                  int32_t first, int32_t end, float *scratch, int32_t scratch_stride, int32_t threads) {
    for (int32_t i = first; i < end; i++) {
        const int32_t *step = steps + starts[i];
        int32_t units = step_units(step);
        if (units <= 1 || !worth[i]) {
            play_units(step, arena, 0, units, scratch);
            continue;
        }
        int32_t number = team->opened + 1;
        struct call *call = &team->calls[(uint32_t)number % 2];
        call->step = step;
        call->arena = arena;
        call->scratch = scratch;
        call->scratch_stride = scratch_stride;
        call->units = units;
        call->threads = threads;
        team->done[(uint32_t)number % 2] = 0;
        __atomic_store_n(&team->ticket, TICKET(number, 0), __ATOMIC_SEQ_CST);
        __atomic_store_n(&team->opened, number, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&team->asleep, __ATOMIC_SEQ_CST))
            __builtin_wasm_memory_atomic_notify(&team->opened, (uint32_t)threads);
        help(team, 0);
        if (!all_done(team, number, units)) return 1;
    }
    return 0;
}

void team_dismiss(struct team *team) {
    __atomic_store_n(&team->dismissed, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&team->opened, 1, __ATOMIC_SEQ_CST);
    __builtin_wasm_memory_atomic_notify(&team->opened, (uint32_t)-1);
}

int32_t team_size(void) { return (int32_t)sizeof(struct team); }

#endif
