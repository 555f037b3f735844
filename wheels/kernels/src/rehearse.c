/* What a thread does before there is work. A browser runs a kernel in code that was made quickly, counts, and compiles
   what is called often anew, on another thread; that takes longer than the first run of a small network. So the kernels
   that take most of the time are played beforehand, on small images of nothing, as often as it takes to be counted.
   Only built for shared memory. */
#include "rehearse.h"

#if defined(__wasm_atomics__)

#include "play.h"

#define SIDE 24
#define CHANNELS 16
#define IMAGE (SIDE * SIDE * CHANNELS)
#define ROUNDS 24
#define ENDLESS __builtin_inff()

/* Places, in floats. All is zero, which also makes tables that pick the first row and column. */
enum { X = 0, Y = X + IMAGE, WEIGHTS = Y + 4 * IMAGE, PACKED = WEIGHTS + 9 * CHANNELS * CHANNELS,
       SCRATCH = PACKED + 36 * CHANNELS * CHANNELS, FLOATS = SCRATCH + 100000 };

int32_t rehearsal_size(void) { return 4 * FLOATS; }

static void play_often(struct team *team, float *room, const void *step) {
    const int32_t *words = step;
    if (step_scratch(words) > FLOATS - SCRATCH) return;
    for (int i = 0; i < ROUNDS && !__atomic_load_n(&team->opened, __ATOMIC_SEQ_CST); i++)
        play_units(words, room, 0, step_units(words), room + SCRATCH);
}

void rehearse(struct team *team, float *room) {
    struct image x = {X, CHANNELS, 1, SIDE, SIDE, CHANNELS}, y = x, large = x, half = x;
    struct finish finish = {NONE, NONE, 0, 0, -ENDLESS, ENDLESS};
    struct window around = {3, 3, 1, 1, 1, 1, 1, 1}, apart = {2, 2, 2, 2, 1, 1, 0, 0};
    struct grid whole = {SIDE, SIDE, 0, 0, 1, 1};
    y.place = large.place = half.place = Y;
    large.height = large.width = 2 * SIDE;
    half.height = half.width = SIDE / 2;

    struct conv conv = {WINOGRAD, PACKED, x, y, around, whole, 1, 36, finish};
    struct pack_conv pack = {PACK_WINOGRAD, WEIGHTS, FLOAT32, PACKED, CHANNELS, CHANNELS, 3, 3, 1,
                             0, 9 * CHANNELS * CHANNELS, 9 * CHANNELS, 9, 3, 1};
    play_often(team, room, &pack);
    play_often(team, room, &conv);
    pack.op = PACK_CONV;
    play_often(team, room, &pack);
    conv.op = CONV;
    conv.block = 48;
    play_often(team, room, &conv);
    conv.op = DEPTHWISE;
    play_often(team, room, &conv);

    struct matmul matmul = {MATMUL, X, PACKED, Y, 1, 1, SIDE * SIDE, CHANNELS, CHANNELS, CHANNELS, 0, 0, 0, 0, CHANNELS,
                            0, 0, FLOAT32, NONE, NONE, 48, 2, finish};
    play_often(team, room, &matmul);
    struct integer_product product = {INTEGER_PRODUCT, X, PACKED, Y, SIDE * SIDE, CHANNELS, CHANNELS, CHANNELS, CHANNELS, 32,
                                      64, finish};
    play_often(team, room, &product);
    struct pool pool = {POOL, POOL_MAX, x, half, apart, SIDE, SIDE};
    play_often(team, room, &pool);
    struct resize resize = {RESIZE, x, large, 2, 2, WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS};
    play_often(team, room, &resize);
    struct transpose transpose = {TRANSPOSE, X, Y, {1, 1, 1, CHANNELS, SIDE * SIDE}, {0, 0, 0, 1, CHANNELS}};
    play_often(team, room, &transpose);
    struct elementwise sum = {.op = ELEMENTWISE, .sizes = {1, 1, 1, 1, IMAGE}, .inputs = 2, .actions = 2,
                              .y = {Y, FLOAT32, {0, 0, 0, 0, 1}},
                              .x = {{X, FLOAT32, {0, 0, 0, 0, 1}}, {X, FLOAT32, {0, 0, 0, 0, 1}}},
                              .action = {{ADD, 0, 1, 0, 0, 0}, {SIGMOID, 2, 0, 0, 0, 0}}};
    play_often(team, room, &sum);
}

#endif
