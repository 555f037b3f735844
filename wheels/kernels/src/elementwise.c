/* Chains of element-wise actions: a block of elements at a time goes through the whole chain while it lies in the
   cache. Operands that lie densely are read where they are; broadcast, strided and boolean ones are gathered into
   the block first, so every action is a plain loop. */
#include "elementwise.h"

#define BLOCK 256
#define UNIT_BLOCKS 64
#define LAST (MAX_DIMS - 1)

/* Blocks: pieces of an inner row where it is long, several rows together where it is short. */
struct blocks {
    int per_row, rows; /* one of the two is 1 */
    int total;
};

static struct blocks blocks_of(const struct elementwise *s) {
    int rows = 1, inner = s->sizes[LAST];
    for (int d = 0; d < LAST; d++) rows *= s->sizes[d];
    struct blocks b = {ceil_div(inner, BLOCK), 1, 0};
    if (inner > 0 && b.per_row == 1) b.rows = BLOCK / inner;
    b.total = inner == 0 ? 0 : b.per_row > 1 ? rows * b.per_row : ceil_div(rows, b.rows);
    return b;
}

int elementwise_units(const struct elementwise *s) { return ceil_div(blocks_of(s).total, UNIT_BLOCKS); }

int elementwise_scratch(const struct elementwise *s) { return (s->inputs + s->actions) * BLOCK; }

INLINE ptrdiff_t row_offset(const struct elementwise *s, const struct operand *x, int row) {
    ptrdiff_t offset = 0;
    for (int d = LAST - 1; d >= 0; d--) {
        offset += (ptrdiff_t)(row % s->sizes[d]) * x->strides[d];
        row /= s->sizes[d];
    }
    return offset;
}

/* Whether the operand lies in memory just as the block's elements follow each other. */
static int is_dense(const struct elementwise *s, const struct operand *x, int one_row) {
    if (x->number != FLOAT32 || (x->strides[LAST] != 1 && s->sizes[LAST] != 1)) return 0;
    int expected = s->sizes[LAST];
    for (int d = LAST - 1; d >= 0 && !one_row; d--) {
        if (s->sizes[d] != 1 && x->strides[d] != expected) return 0;
        expected *= s->sizes[d];
    }
    return 1;
}

INLINE float element(const float *arena, const struct operand *x, ptrdiff_t offset) {
    return x->number == UINT8 ? (float)((const uint8_t *)(arena + x->place))[offset] : arena[x->place + offset];
}

static void gather(const struct elementwise *s, const float *arena, const struct operand *x, int row, int rows,
                   int first, int count, float *out) {
    int stride = x->strides[LAST];
    for (int r = 0; r < rows; r++, out += count) {
        ptrdiff_t offset = row_offset(s, x, row + r) + (ptrdiff_t)first * stride;
        if (stride == 1 && x->number == FLOAT32) {
            const float *from = arena + x->place + offset;
            int i = 0;
            for (; i + VW <= count; i += VW) vstore(out + i, vload(from + i));
            for (; i < count; i++) out[i] = from[i];
        } else if (stride == 0) {
            float value = element(arena, x, offset);
            for (int i = 0; i < count; i++) out[i] = value;
        } else {
            for (int i = 0; i < count; i++) out[i] = element(arena, x, offset + (ptrdiff_t)i * stride);
        }
    }
}

static void scatter(const struct elementwise *s, float *arena, int row, int rows, int first, int count,
                    const float *from) {
    const struct operand *y = &s->y;
    for (int r = 0; r < rows; r++, from += count) {
        ptrdiff_t offset = row_offset(s, y, row + r) + (ptrdiff_t)first * y->strides[LAST];
        if (y->number == UINT8) {
            uint8_t *out = (uint8_t *)(arena + y->place) + offset;
            for (int i = 0; i < count; i++) out[(ptrdiff_t)i * y->strides[LAST]] = from[i] != 0.0f;
        } else {
            float *out = arena + y->place + offset;
            for (int i = 0; i < count; i++) out[(ptrdiff_t)i * y->strides[LAST]] = from[i];
        }
    }
}

/* Whether an operand is the same in every row. */
static int repeats(const struct elementwise *s, const struct operand *x) {
    for (int d = 0; d < LAST; d++)
        if (s->sizes[d] != 1 && x->strides[d] != 0) return 0;
    return 1;
}

void elementwise(const struct elementwise *s, float *arena, int unit, float *scratch) {
    struct blocks blocks = blocks_of(s);
    int all_rows = 1, inner = s->sizes[LAST], values = s->inputs + s->actions;
    for (int d = 0; d < LAST; d++) all_rows *= s->sizes[d];
    int one_row = blocks.per_row > 1, y_dense = is_dense(s, &s->y, one_row), x_dense[MAX_OPERANDS];
    for (int i = 0; i < s->inputs; i++) x_dense[i] = is_dense(s, &s->x[i], one_row);
    /* What repeats from row to row is gathered once for all blocks of several rows. */
    int x_ready[MAX_OPERANDS];
    for (int i = 0; i < s->inputs; i++) {
        x_ready[i] = !one_row && repeats(s, &s->x[i]);
        if (x_ready[i]) gather(s, arena, &s->x[i], 0, min_int(blocks.rows, all_rows), 0, inner, scratch + i * BLOCK);
    }
    int end = min_int(blocks.total, (unit + 1) * UNIT_BLOCKS);
    for (int block = unit * UNIT_BLOCKS; block < end; block++) {
        int row = one_row ? block / blocks.per_row : block * blocks.rows;
        int rows = min_int(blocks.rows, all_rows - row);
        int first = one_row ? block % blocks.per_row * BLOCK : 0, count = min_int(BLOCK, inner - first);
        int whole = rows * count % VW == 0;
        const float *value[MAX_OPERANDS + MAX_ACTIONS];
        for (int i = 0; i < s->inputs; i++) {
            const struct operand *x = &s->x[i];
            value[i] = scratch + i * BLOCK;
            if (x_ready[i]) continue;
            if (x_dense[i] && whole) value[i] = arena + x->place + row_offset(s, x, row) + first;
            else gather(s, arena, x, row, rows, first, count, scratch + i * BLOCK);
        }
        int direct = y_dense && whole && s->actions > 0; /* a bare copy is all scatter */
        for (int i = 0; i < s->actions; i++) {
            const struct action *action = &s->action[i];
            int result = s->inputs + i;
            float *out = scratch + result * BLOCK;
            if (result == values - 1 && direct) out = arena + s->y.place + row_offset(s, &s->y, row) + first;
            act(action, round_up(rows * count, VW), value[action->a], value[action->b], value[action->c], out);
            value[result] = out;
        }
        if (!direct) scatter(s, arena, row, rows, first, count, value[values - 1]);
    }
}
