/* Playing a program: which kernel a step calls, how many units of work it splits into, how much scratch one unit
   wants. Units of one step are independent; steps follow each other. */
#include "play.h"

#include "conv.h"
#include "depthwise.h"
#include "elementwise.h"
#include "few_bits.h"
#include "integer.h"
#include "integer_conv.h"
#include "matmul.h"
#include "pool.h"
#include "quantised_lstm.h"
#include "recurrent.h"
#include "resize.h"
#include "rows.h"
#include "transpose.h"
#include "winograd.h"

/* One line a kernel: opcode, struct, units, floats of scratch, call. */
#define KERNELS(CASE)                                                                                          \
    CASE(WINOGRAD, conv, winograd_units(s), winograd_scratch(s), winograd(s, arena, unit, scratch))            \
    CASE(WINOGRAD_INPUT, staged, winograd_input_units(s), 0, winograd_input(s, arena, unit))                   \
    CASE(WINOGRAD_PRODUCT, staged, winograd_product_units(s), winograd_product_scratch(s),                     \
         winograd_product(s, arena, unit, scratch))                                                            \
    CASE(WINOGRAD_OUTPUT, staged, winograd_output_units(s), 0, winograd_output(s, arena, unit))                \
    CASE(CONV, conv, conv_units(s), conv_scratch(s), conv(s, arena, unit, scratch))                            \
    CASE(DEPTHWISE, conv, depthwise_units(s), 0, depthwise(s, arena, unit))                                    \
    CASE(POOL, pool, pool_units(s), 0, pool(s, arena, unit))                                                   \
    CASE(RESIZE, resize, resize_units(s), resize_scratch(s), resize(s, arena, unit, scratch))                  \
    CASE(MATMUL, matmul, matmul_units(s), matmul_scratch(s), matmul(s, arena, unit, scratch))                  \
    CASE(ELEMENTWISE, elementwise, elementwise_units(s), elementwise_scratch(s),                               \
         elementwise(s, arena, unit, scratch))                                                                 \
    CASE(REDUCE, reduce, reduce_units(s), 0, reduce(s, arena, unit))                                           \
    CASE(SOFTMAX, softmax, softmax_units(s), 0, softmax(s, arena, unit))                                       \
    CASE(NORMALISE, normalise, normalise_units(s), 0, normalise(s, arena, unit))                               \
    CASE(TRANSPOSE, transpose, transpose_units(s), 0, transpose(s, arena, unit))                               \
    CASE(LSTM, recurrent, 1, lstm_scratch(s), lstm(s, arena, scratch))                                         \
    CASE(GRU, recurrent, 1, gru_scratch(s), gru(s, arena, scratch))                                            \
    CASE(PACK_WINOGRAD, pack_conv, pack_winograd_units(s), 0, pack_winograd(s, arena, unit))                   \
    CASE(PACK_TAPS, pack_conv, pack_taps_units(s), 0, pack_taps(s, arena, unit))                               \
    CASE(PACK_CONV, pack_conv, pack_conv_units(s), 0, pack_conv(s, arena, unit))                               \
    CASE(PACK_MATRIX, pack_matrix, pack_matrix_units(s), 0, pack_matrix(s, arena, unit))                       \
    CASE(WIDEN, widen, widen_units(s), 0, widen(s, arena, unit))                                               \
    CASE(INTEGER_PRODUCT, integer_product, integer_product_units(s), integer_product_scratch(s),               \
         integer_product(s, arena, unit, scratch))                                                             \
    CASE(PAIR_IMAGE, pair_image, pair_image_units(s), 0, pair_image(s, arena, unit))                           \
    CASE(INTEGER_CONV, integer_conv, integer_conv_units(s), integer_conv_scratch(s),                           \
         integer_conv(s, arena, unit, scratch))                                                                \
    CASE(INTEGER_WINOGRAD, integer_conv, integer_winograd_units(s), integer_winograd_scratch(s),               \
         integer_winograd(s, arena, unit, scratch))                                                            \
    CASE(QUANTISED_LSTM, quantised_lstm, 1, quantised_lstm_scratch(s), quantised_lstm(s, arena, scratch))      \
    CASE(FEW_BITS, few_bits, few_bits_units(s), few_bits_scratch(s), few_bits(s, arena, unit, scratch))

int32_t step_units(const int32_t *step) {
    switch ((enum opcode)step[0]) {
#define UNITS(OP, TYPE, COUNT, SCRATCH, CALL)              \
    case OP: {                                             \
        const struct TYPE *s = (const struct TYPE *)step;  \
        (void)s;                                           \
        return COUNT;                                      \
    }
        KERNELS(UNITS)
    }
    return 0;
}

int32_t step_scratch(const int32_t *step) {
    switch ((enum opcode)step[0]) {
#define SCRATCH(OP, TYPE, COUNT, FLOATS, CALL)             \
    case OP: {                                             \
        const struct TYPE *s = (const struct TYPE *)step;  \
        (void)s;                                           \
        return FLOATS;                                     \
    }
        KERNELS(SCRATCH)
    }
    return 0;
}

void play_units(const int32_t *step, float *arena, int32_t first, int32_t end, float *scratch) {
    switch ((enum opcode)step[0]) {
#define PLAY(OP, TYPE, COUNT, SCRATCH, CALL)               \
    case OP: {                                             \
        const struct TYPE *s = (const struct TYPE *)step;  \
        for (int32_t unit = first; unit < end; unit++) CALL; \
        break;                                             \
    }
        KERNELS(PLAY)
    }
}

void play(const int32_t *steps, const int32_t *starts, float *arena, int32_t first, int32_t end, float *scratch) {
    for (int32_t i = first; i < end; i++) {
        const int32_t *step = steps + starts[i];
        play_units(step, arena, 0, step_units(step), scratch);
    }
}

int32_t vector_width(void) { return VW; }
