/* The actions an element-wise chain is made of, each a loop over whole vectors. */
#include "elementwise.h"
#include "vmath.h"

#define TRUTH(mask) ((vf)((mask) & (vi)one))
#define LOOP(EXPRESSION)                              \
    for (int i = 0; i < count; i += VW) {             \
        vf x = vload(a + i);                          \
        (void)x;                                      \
        vstore(out + i, EXPRESSION);                  \
    }                                                 \
    break;
#define Y vload(b + i)

void act(const struct action *action, int count, const float *a, const float *b, const float *c, float *out) {
    vf alpha = vsplat(action->alpha), beta = vsplat(action->beta), one = vsplat(1.0f), zero = vzero();
    switch (action->code) {
        case ADD: LOOP(x + Y)
        case SUBTRACT: LOOP(x - Y)
        case MULTIPLY: LOOP(x * Y)
        case DIVIDE: LOOP(x / Y)
        case MINIMUM: LOOP(vselect(Y == Y, vmin(x, Y), Y))
        case MAXIMUM: LOOP(vselect(Y == Y, vmax(x, Y), Y))
        case LESS: LOOP(TRUTH(x < Y))
        case LESS_EQUAL: LOOP(TRUTH(x <= Y))
        case EQUAL: LOOP(TRUTH(x == Y))
        case WHERE: LOOP(vselect(x != zero, Y, vload(c + i)))
        case AFFINE: LOOP(x * alpha + beta)
        case RECIPROCAL: LOOP(one / x)
        case ABSOLUTE: LOOP(vabs(x))
        case SQRT: LOOP(vsqrt(x))
        case EXP: LOOP(vexp(x))
        case LOG: LOOP(vlog(x))
        case SIGMOID: LOOP(vsigmoid(x))
        case TANH: LOOP(vtanh(x))
        case ERF: LOOP(verf(x))
        case FLOOR: LOOP(vfloor(x))
        case CEIL: LOOP(-vfloor(-x))
        case ROUND: LOOP(vround(x))
        case SIGN: LOOP(vselect(x == x, TRUTH(x > zero) - TRUTH(x < zero), x))
        case CLAMP: LOOP(vmin(vmax(x, alpha), beta))
        case LEAKY: LOOP(vselect(x < zero, x * alpha, x))
        case PRELU: LOOP(vselect(x < zero, x * Y, x))
        case ELU: LOOP(vselect(x < zero, alpha * (vexp(x) - one), x * beta))
        case SOFTPLUS: LOOP(vmax(x, zero) + vlog(one + vexp(-vabs(x))))
        case SOFTSIGN: LOOP(x / (one + vabs(x)))
        case HARD_SIGMOID: LOOP(vmin(vmax(x * alpha + beta, zero), one))
        case HARD_SWISH: LOOP(x * vmin(vmax(x * alpha + beta, zero), one))
        case NOT: LOOP(one - TRUTH(x != zero))
        default: break;
    }
}
