/* Deflate [RFC 1951] for what a PNG's filter leaves of a photo: looks for nothing but runs of one byte, as zlib does with
   Z_RLE, and writes blocks with Huffman codes of their own. What a call writes ends on a whole byte, so that the next
   one goes on from there. */
#include "image.h"

#define TOKENS 32768 /* in a block */
#define SYMBOLS 286  /* 256 bytes, the end of a block, 29 kinds of lengths */
#define END 256
#define LONGEST 258 /* of a run */
#define DEEPEST 15  /* bits of a code */

struct bits {
    uint8_t *out;
    uint64_t word;
    int32_t count;
};

struct code {
    uint32_t bits;
    int32_t length;
};

/* For lengths of 3 to 258: which symbol says so, the bits that follow it, and how many. */
struct length_code {
    uint16_t symbol, rest, bits;
};

INLINE void put(struct bits *b, uint32_t value, int32_t length) {
    b->word |= (uint64_t)value << b->count;
    b->count += length;
    if (b->count < 32) return;
    uint32_t low = (uint32_t)b->word;
    __builtin_memcpy(b->out, &low, 4);
    b->out += 4;
    b->word >>= 32;
    b->count -= 32;
}

static void to_byte(struct bits *b) {
    for (; b->count > 0; b->count -= 8, b->word >>= 8) *b->out++ = (uint8_t)b->word;
    b->count = 0;
    b->word = 0;
}

static void make_length_codes(struct length_code *codes) {
    int32_t symbol = END + 1, length = 3;
    for (int32_t group = 0; group < 7; group++) {
        int32_t bits = group > 0 ? group - 1 : 0;
        for (int32_t i = 0; i < 4; i++, symbol++)
            for (int32_t rest = 0; rest < 1 << bits && length <= LONGEST; rest++)
                codes[length++] = (struct length_code){(uint16_t)symbol, (uint16_t)rest, (uint16_t)bits};
    }
    codes[LONGEST] = (struct length_code){SYMBOLS - 1, 0, 0};
}

/* Lengths of the best codes for symbols that occur so often, in place: weights in rising order go in, lengths come out
   [Moffat, Katajainen, "In-Place Calculation of Minimum-Redundancy Codes", 1995]. At least two symbols. */
static void best_lengths(int32_t *a, int32_t n) {
    a[0] += a[1];
    int32_t root = 0, leaf = 2;
    for (int32_t next = 1; next < n - 1; next++) {
        if (leaf >= n || a[root] < a[leaf]) a[next] = a[root], a[root++] = next;
        else a[next] = a[leaf++];
        if (leaf >= n || (root < next && a[root] < a[leaf])) a[next] += a[root], a[root++] = next;
        else a[next] += a[leaf++];
    }
    a[n - 2] = 0;
    for (int32_t next = n - 3; next >= 0; next--) a[next] = a[a[next]] + 1;
    int32_t open = 1, inner = 0, depth = 0, next = n - 1;
    root = n - 2;
    while (open > 0) {
        for (; root >= 0 && a[root] == depth; root--) inner++;
        for (; open > inner; open--) a[next--] = depth;
        open = 2 * inner;
        inner = 0;
        depth++;
    }
}

/* No code longer than DEEPEST, and all codes together still complete. */
static void limit_lengths(int32_t *lengths, int32_t n) {
    int32_t room = 1 << DEEPEST;
    for (int32_t i = 0; i < n; i++) {
        if (lengths[i] > DEEPEST) lengths[i] = DEEPEST;
        room -= 1 << (DEEPEST - lengths[i]);
    }
    for (int32_t i = 0; room < 0; i++)
        for (; room < 0 && lengths[i] < DEEPEST; lengths[i]++) room += 1 << (DEEPEST - lengths[i] - 1);
    for (int32_t i = n - 1; i >= 0; i--)
        for (; lengths[i] > 1 && room >= 1 << (DEEPEST - lengths[i]); lengths[i]--)
            room -= 1 << (DEEPEST - lengths[i]);
}

static void make_codes(const int32_t *counts, struct code *codes) {
    int32_t order[SYMBOLS], lengths[SYMBOLS], n = 0, in_use[DEEPEST + 2] = {0};
    for (int32_t symbol = 0; symbol < SYMBOLS; symbol++) {
        codes[symbol] = (struct code){0, 0};
        if (!counts[symbol]) continue;
        int32_t place = n++;
        for (; place > 0 && counts[order[place - 1]] > counts[symbol]; place--) order[place] = order[place - 1];
        order[place] = symbol;
    }
    for (int32_t i = 0; i < n; i++) lengths[i] = counts[order[i]];
    best_lengths(lengths, n);
    limit_lengths(lengths, n);
    for (int32_t i = 0; i < n; i++) codes[order[i]].length = lengths[i], in_use[lengths[i] + 1]++;
    for (int32_t i = 1; i <= DEEPEST; i++) in_use[i] = (in_use[i] + in_use[i - 1]) << 1; /* the first code of each length */
    for (int32_t symbol = 0; symbol < SYMBOLS; symbol++) {
        struct code *code = codes + symbol;
        uint32_t value = code->length ? (uint32_t)in_use[code->length]++ : 0;
        for (int32_t i = 0; i < code->length; i++, value >>= 1) code->bits = code->bits << 1 | (value & 1);
    }
}

/* A block with codes of its own. Their lengths stand there plainly, in four bits each. */
static NOINLINE void put_block(struct bits *b, const uint16_t *tokens, int32_t count, const int32_t *counts,
                               const struct length_code *lengths) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    struct code codes[SYMBOLS];
    make_codes(counts, codes);
    put(b, 4, 3); /* one of more to come, with codes of its own */
    put(b, SYMBOLS - 257, 5);
    put(b, 0, 5); /* one distance */
    put(b, 19 - 4, 4);
    for (int i = 0; i < 19; i++) put(b, order[i] < 16 ? 4 : 0, 3);
    for (int32_t symbol = 0; symbol <= SYMBOLS; symbol++) {
        uint32_t length = symbol < SYMBOLS ? (uint32_t)codes[symbol].length : 1, turned = 0;
        for (int i = 0; i < 4; i++) turned |= (length >> i & 1) << (3 - i);
        put(b, turned, 4);
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t token = tokens[i];
        if (token < 256) {
            put(b, codes[token].bits, codes[token].length);
        } else {
            struct length_code run = lengths[token - 256];
            put(b, codes[run.symbol].bits, codes[run.symbol].length);
            put(b, run.rest, run.bits + 1); /* and the one distance, whose code is 0 */
        }
    }
    put(b, codes[END].bits, codes[END].length);
}

int32_t deflate_runs_scratch(void) { return TOKENS / 2; }

int32_t deflate_runs(const uint8_t *data, int32_t count, uint8_t *out, float *scratch) {
    uint16_t *tokens = (uint16_t *)scratch;
    struct length_code lengths[LONGEST + 1];
    make_length_codes(lengths);
    struct bits b = {out, 0, 0};
    for (int32_t at = 0; at < count;) {
        int32_t counts[SYMBOLS] = {0}, n = 0;
        while (n < TOKENS && at < count) {
            int32_t run = 0;
            if (at > 0 && data[at] == data[at - 1]) {
                int32_t most = min_int(LONGEST, count - at);
                uint64_t same = data[at] * 0x0101010101010101u, next;
                for (; run + 8 <= most; run += 8) {
                    __builtin_memcpy(&next, data + at + run, 8);
                    if (next != same) break;
                }
                while (run < most && data[at + run] == data[at]) run++;
            }
            if (run >= 3) {
                tokens[n++] = (uint16_t)(256 + run);
                counts[lengths[run].symbol]++;
                at += run;
            } else {
                tokens[n++] = data[at];
                counts[data[at++]]++;
            }
        }
        counts[END] = 1;
        put_block(&b, tokens, n, counts, lengths);
    }
    put(&b, 0, 3); /* an empty block of plain bytes, which begin on a whole one */
    to_byte(&b);
    put(&b, 0xFFFF0000, 32);
    return (int32_t)(b.out - out);
}
