/* What a program is made of: one struct of parameters per kernel call. Python fills the same structs
   (hearth.runtime.wasm.steps); every field is 32 bits wide and every place is counted in floats from the
   arena's start. NONE marks an operand that is not there. */
#ifndef HEARTH_STEP_H
#define HEARTH_STEP_H

#include "vec.h"

#define NONE (-1)

enum opcode {
    WINOGRAD,
    WINOGRAD_INPUT,
    WINOGRAD_PRODUCT,
    WINOGRAD_OUTPUT,
    CONV,
    DEPTHWISE,
    POOL,
    RESIZE,
    MATMUL,
    ELEMENTWISE,
    REDUCE,
    SOFTMAX,
    NORMALISE,
    TRANSPOSE,
    LSTM,
    GRU,
    PACK_WINOGRAD,
    PACK_TAPS,
    PACK_CONV,
    PACK_MATRIX,
    WIDEN,
    INTEGER_PRODUCT,
    PAIR_IMAGE,
    INTEGER_CONV,
    INTEGER_WINOGRAD,
    QUANTISED_LSTM,
    FEW_BITS,
};

/* How numbers are stored. */
enum number { FLOAT32, FLOAT16, INT8, UINT8 };

/* Images lie channels last: pixel (n, y, x) starts at place + ((n * height + y) * width + x) * pitch.
   A pitch above the channel count leaves room for neighbours: concatenation writes into place. */
struct image {
    int32_t place, pitch, batch, height, width, channels;
};

/* Which input pixels an output pixel (y, x) sees: y * stride_y - pad_top + i * dilation_y for i < height,
   the same for x. */
struct window {
    int32_t height, width, stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
};

/* What happens to a result before it is stored: out = clamp(value + bias + early, low, high) + late, where
   the residual, an image like the output, is early or late. */
struct finish {
    int32_t bias;                     /* [channels] or NONE */
    int32_t residual, residual_pitch; /* NONE: no residual */
    int32_t residual_late;
    float low, high;
};

/* The output pixels a step makes: every step_y-th row from first_y on, height of them; the same across.
   All of them but for a transposed convolution, which is one plain convolution for each residue. */
struct grid {
    int32_t height, width, first_y, first_x, step_y, step_x;
};

struct conv {
    int32_t op;
    int32_t weights;
    struct image x, y;
    struct window window;
    struct grid grid;
    int32_t groups;
    int32_t block; /* tiles or pixels a unit of work takes */
    struct finish finish;
};

/* A Winograd convolution whose three stages are steps of their own; planes_in and planes_out are places for
   what passes between them. The weights are those of pack_taps, stored as `number`. */
struct staged {
    struct conv conv;
    int32_t planes_in, planes_out, number;
};

enum pooling { POOL_MAX, POOL_MEAN, POOL_MEAN_WITH_PADS };

struct pool {
    int32_t op;
    int32_t kind;
    struct image x, y;
    struct window window;
    int32_t padded_height, padded_width; /* rows and columns that POOL_MEAN_WITH_PADS counts, pads included */
};

/* Separable resampling: output row i is the sum of taps_y input rows, rows[i * taps_y + t] times
   row_weights[same]; the same across. */
struct resize {
    int32_t op;
    struct image x, y;
    int32_t taps_y, taps_x;
    int32_t rows, row_weights, columns, column_weights; /* places of int32 and float tables */
};

/* Weights of a convolution, turned into what the kernel reads. pack_conv takes weight (group, out, in, y, x) from
   first + group * stride_group + out * stride_out + ...; the two for Winograd take them as ONNX has them. */
struct pack_conv {
    int32_t op;
    int32_t source, number, packed;
    int32_t out_channels, in_channels, height, width, groups;
    int32_t first, stride_group, stride_out, stride_in, stride_y, stride_x;
};

/* C = A * B, for batch_outer * batch_inner pairs of matrices; each operand steps by its own strides, in floats (in
   numbers as stored for B). B comes from pack_matrix. */
struct matmul {
    int32_t op;
    int32_t a, b, c;
    int32_t batch_outer, batch_inner, rows, columns, depth;
    int32_t a_stride, a_outer, a_inner, b_outer, b_inner, c_stride, c_outer, c_inner;
    int32_t number;             /* how B is stored */
    int32_t scales, zeros;      /* [columns] for INT8 and UINT8: b = (stored - zero) * scale; zeros may be NONE */
    int32_t row_block, panels;  /* rows and panels a unit of work takes */
    struct finish finish;       /* the residual's rows lie residual_pitch apart, batches as in C */
};

/* Element (k, n) of a source matrix lies at k * stride_k + n * stride_n, matrices stride_batch apart. */
struct pack_matrix {
    int32_t op;
    int32_t source, packed, number;
    int32_t batch, depth, columns, stride_batch, stride_k, stride_n;
};

/* C = A * B for whole numbers: A's are floats of at most 16 bits, B's lie in panels [pair of depth][PANEL][2] of 16-bit
   integers, PANEL two vectors of columns. */
struct integer_product {
    int32_t op;
    int32_t a, b, c;
    int32_t rows, columns, depth;
    int32_t a_stride, c_stride;
    int32_t row_block, panels;
    struct finish finish;
};

/* C = A * B for weights of `bits` 4 or 8, of which every `block` of depth has a scale and a zero point in each column. B lies
   in panels [pair of depth][PANEL] of bytes, the even step in the low half, or [depth in pairs][PANEL] for 8 bits; scales
   and zeros, which are from the middle of the range on and scaled already, lie in panels [block][PANEL]. */
struct few_bits {
    int32_t op;
    int32_t a, b, c, scales, zeros; /* zeros may be NONE */
    int32_t rows, columns, depth, block, bits;
    int32_t a_stride, c_stride;
    int32_t row_block, panels;
    struct finish finish;
};

/* Pixels of whole numbers, `pitch` floats apart, as pairs of channels in 16 bits, dense. */
struct pair_image {
    int32_t op;
    int32_t x, y;
    int32_t pixels, pitch, channels;
};

/* A convolution of whole numbers over every pixel: the channels of conv.x are pairs, and conv.weights are panels of
   [tap][pair][PANEL][2] 16-bit integers, groups one after the other; for Winograd [plane] of panels [pair][PANEL][2]. The sum and an integer bias are scaled, rounded and
   only then finished. */
struct integer_conv {
    struct conv conv;
    int32_t bias, scales; /* [channels], whole panels long, or NONE */
    int32_t rounds;
};

struct widen {
    int32_t op;
    int32_t source, out, count;
};

#define MAX_DIMS 5
#define MAX_OPERANDS 8
#define MAX_ACTIONS 16

/* A tensor walked by strides; the last dimension is the inner one. Numbers are FLOAT32 or UINT8 (booleans). */
struct operand {
    int32_t place, number;
    int32_t strides[MAX_DIMS];
};

enum action_code {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM, LESS, LESS_EQUAL, EQUAL, WHERE,
    AFFINE, RECIPROCAL, ABSOLUTE, SQRT, EXP, LOG, SIGMOID, TANH, ERF, FLOOR, CEIL, ROUND, SIGN,
    CLAMP, LEAKY, PRELU, ELU, SOFTPLUS, SOFTSIGN, HARD_SIGMOID, HARD_SWISH, NOT,
};

/* Values are numbered: the inputs first, then each action's result. */
struct action {
    int32_t code;
    int32_t a, b, c;
    float alpha, beta;
};

/* A chain of element-wise actions in one pass over memory; the last one's result is the output. */
struct elementwise {
    int32_t op;
    int32_t sizes[MAX_DIMS];
    int32_t inputs, actions;
    struct operand y, x[MAX_OPERANDS];
    struct action action[MAX_ACTIONS];
};

/* [outer][count][inner] to [outer][inner]. The input's strides are its own; inner elements lie side by side. */
enum reduction { REDUCE_SUM, REDUCE_MEAN, REDUCE_MAX, REDUCE_MIN, REDUCE_SQUARES, REDUCE_ABSOLUTES, REDUCE_PRODUCT };

struct reduce {
    int32_t op;
    int32_t kind;
    int32_t x, y;
    int32_t outer, count, inner, x_outer, x_step, y_outer;
};

/* Along `count` of [outer][count][inner]; the same strides for input and output. */
struct softmax {
    int32_t op;
    int32_t x, y;
    int32_t outer, count, inner, x_outer, x_step, y_outer, y_step;
    int32_t logarithm;
};

/* (x - mean) / sqrt(variance + epsilon) * scale + shift along `count` of [outer][count][inner]. Scale and shift have
   one number for each of `inner`, or, where that is 1, for each of `count`. */
struct normalise {
    int32_t op;
    int32_t x, y;
    int32_t outer, count, inner, x_outer, x_step, y_outer, y_step;
    int32_t scale, shift; /* or NONE */
    int32_t by_count;     /* 1: scale and shift run along `count` */
    int32_t centred;      /* 0: by the root mean square, no mean taken off */
    float epsilon;
};

/* Output element (i0, .., i4), dense, from x at the sum of index * stride. */
struct transpose {
    int32_t op;
    int32_t x, y;
    int32_t sizes[MAX_DIMS], strides[MAX_DIMS];
};

/* One direction of a recurrent layer, whose input projections [time][batch][gates * hidden], biases in, are there
   already. Recurrent weights are packed matrices [hidden][gates * hidden]. Gates as in ONNX: LSTM i, o, f, c;
   GRU z, r, h. */
struct recurrent {
    int32_t op;
    int32_t projected, weights, hidden_bias; /* GRU's bias of the hidden gate, added before the reset, or NONE */
    int32_t y, y_step;                       /* [time][batch][hidden], or NONE */
    int32_t h, c;                            /* state in and out, [batch][hidden] */
    int32_t steps, batch, hidden, reverse;
    int32_t reset_late; /* GRU: 1 where the reset gate applies to the projected state */
};

/* One direction of an LSTM whose weights are whole numbers, packed as integer_product has them: [size][4 * hidden] and
   [hidden][4 * hidden], gates i, o, f, c. Scales and bias are [4 * hidden], whole panels long. */
struct quantised_lstm {
    int32_t op;
    int32_t x, weights, weight_scales, recurrent, recurrent_scales, bias;
    int32_t projected; /* room for [steps * batch][4 * hidden in whole panels] */
    int32_t y, y_step; /* [time][batch][hidden], or NONE */
    int32_t h, c;      /* state in and out, [batch][hidden] */
    int32_t steps, batch, size, hidden, reverse;
};

INLINE float *pixel_at(float *arena, const struct image *image, int n, int y, int x) {
    return arena + image->place + ((ptrdiff_t)(n * image->height + y) * image->width + x) * image->pitch;
}

/* Whether a finish can be left to the product: no residual, and whole vectors of channels. */
INLINE int finishes_early(const struct finish *f, int channels) { return f->residual == NONE && channels % VW == 0; }

/* bias, clamp and residual for a run of channels of one pixel. */
void finish_pixel(const struct finish *f, float *arena, const float *value, float *out, const float *residual,
                  int first_channel, int channels);

/* The same for a block of a matrix, `rows` from `row` and `columns` from `column` on: `value` with `pitch` numbers a row, to
   `matrix`, whose residual begins `apart` behind the finish's own place. */
void finish_block(const struct finish *f, float *arena, const float *value, int pitch, float *matrix, ptrdiff_t stride,
                  ptrdiff_t apart, int row, int rows, int column, int columns);

#endif
