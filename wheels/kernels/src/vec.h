/* The vocabulary every kernel is written in: vectors of VW floats, for WebAssembly SIMD128 (plain and
   relaxed), x86-64 with AVX2 and FMA, and whatever else the compiler's vector extensions reach. */
#ifndef HEARTH_VEC_H
#define HEARTH_VEC_H

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define VW 4
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define VW 8
#else
#define VW 4
#endif

#define INLINE static inline __attribute__((always_inline))
/* Microkernels must stay small functions of their own: inlined into their callers V8 spills their registers. */
#define NOINLINE __attribute__((noinline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define ROLLED _Pragma("GCC unroll 1")
#endif
/* Hides from clang where a pointer comes from. Left alone it derives every address anew from one base and
   keeps V8 short of registers; a pinned pointer just moves on. */
#if defined(__wasm__)
#define PIN(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define PIN(pointer) (void)(pointer)
#endif

typedef float vf __attribute__((vector_size(4 * VW)));
typedef int32_t vi __attribute__((vector_size(4 * VW)));
/* The same at any address a float may have. */
typedef float vf_at __attribute__((vector_size(4 * VW), aligned(4), may_alias));
typedef int32_t vi_at __attribute__((vector_size(4 * VW), aligned(4), may_alias));

INLINE vf vload(const float *p) { return *(const vf_at *)p; }
INLINE void vstore(float *p, vf v) { *(vf_at *)p = v; }

INLINE vf vsplat(float s) {
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_splat(s);
#elif VW == 8
    return (vf){s, s, s, s, s, s, s, s};
#else
    return (vf){s, s, s, s};
#endif
}

INLINE vi visplat(int32_t s) {
#if VW == 8
    return (vi){s, s, s, s, s, s, s, s};
#else
    return (vi){s, s, s, s};
#endif
}

INLINE vf vzero(void) { return vsplat(0.0f); }

/* a * b + c; one rounding where the machine has it. */
INLINE vf vfma(vf a, vf b, vf c) {
#if defined(__wasm_relaxed_simd__)
    return (vf)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#elif VW == 8
    return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

/* c - a * b. */
INLINE vf vfnma(vf a, vf b, vf c) {
#if defined(__wasm_relaxed_simd__)
    return (vf)wasm_f32x4_relaxed_nmadd((v128_t)a, (v128_t)b, (v128_t)c);
#elif VW == 8
    return (vf)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return c - a * b;
#endif
}

/* a * b, rounded before anything is added to it: no compiler may fuse it. */
INLINE vf vproduct(vf a, vf b) {
    vf product = a * b;
#if defined(__x86_64__)
    __asm__("" : "+x"(product));
#elif defined(__aarch64__)
    __asm__("" : "+w"(product));
#endif
    return product;
}

/* mask ? a : b, lane by lane; a mask is what a comparison gives. */
INLINE vf vselect(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

/* Minimum and maximum that keep a NaN of the first operand: one instruction each, unlike the IEEE ones. */
INLINE vf vmin(vf a, vf b) {
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_pmin((v128_t)a, (v128_t)b);
#elif VW == 8
    return (vf)_mm256_min_ps((__m256)b, (__m256)a);
#else
    return vselect(b < a, b, a);
#endif
}

INLINE vf vmax(vf a, vf b) {
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_pmax((v128_t)a, (v128_t)b);
#elif VW == 8
    return (vf)_mm256_max_ps((__m256)b, (__m256)a);
#else
    return vselect(a < b, b, a);
#endif
}

/* The first `count` lanes of memory; the others are zero and their memory is not touched. */
INLINE vf vload_some(const float *p, int count) {
    vf v = vzero();
    for (int i = 0; i < count; i++) v[i] = p[i];
    return v;
}

INLINE void vstore_some(float *p, vf v, int count) {
    for (int i = 0; i < count; i++) p[i] = v[i];
}

/* Numbers stored in half precision, finite ones, widened. */
INLINE vf vwiden(const uint16_t *p) {
#if VW == 8
    return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
#else
#if defined(__wasm_simd128__)
    vi bits = (vi)wasm_u32x4_load16x4(p);
#else
    vi bits = {p[0], p[1], p[2], p[3]};
#endif
    vf scaled = (vf)((bits & 0x7fff) << 13) * vsplat(0x1p112f);
    return (vf)((vi)scaled | ((bits & 0x8000) << 16));
#endif
}

INLINE float widen_one(uint16_t half) {
    union {
        uint32_t bits;
        float value;
    } scaled = {.bits = (uint32_t)(half & 0x7fff) << 13};
    scaled.value *= 0x1p112f;
    scaled.bits |= (uint32_t)(half & 0x8000) << 16;
    return scaled.value;
}

/* Every second lane of two vectors one after the other, from the first or from the second on. */
INLINE vf vevens_of(vf a, vf b) {
#if VW == 8
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
    return __builtin_shufflevector(a, b, 0, 2, 4, 6);
#endif
}

INLINE vf vodds_of(vf a, vf b) {
#if VW == 8
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
    return __builtin_shufflevector(a, b, 1, 3, 5, 7);
#endif
}

/* Every second one of VW * 2 numbers in a row. */
INLINE vf vevens(const float *p) { return vevens_of(vload(p), vload(p + VW)); }

INLINE float vsum(vf v) {
    float s = 0.0f;
    UNROLL for (int i = 0; i < VW; i++) s += v[i];
    return s;
}

INLINE int min_int(int a, int b) { return a < b ? a : b; }
INLINE int max_int(int a, int b) { return a > b ? a : b; }
INLINE int ceil_div(int a, int b) { return (a + b - 1) / b; }
INLINE int round_up(int a, int b) { return ceil_div(a, b) * b; }

#endif
