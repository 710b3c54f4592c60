// Vectors, as each kind of processor has them. Whoever includes this says how many floats one holds (HBN_WIDTH: 16, 8
// or 4) and whether the processor has a fused multiply-add (HBN_FUSED).
//
// docs/decisions/portable-numerics.md says what keeps the bits equal on all of them.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HBN_INLINE static inline __attribute__((always_inline))
#define HBN_UNROLL _Pragma("clang loop unroll(full)")

// Vectors wider than a register pass between functions that are always inlined: no calling convention is concerned.
#pragma clang diagnostic ignored "-Wpsabi"

// What is fused is written as `fused`; nothing else is.
#pragma clang fp contract(off)

/// Floats of a block of channels, and of a reduction: the same on every processor.
enum { block = 16 };

#define HBN_VECTORS(NAME, COUNT)                                                                             \
    typedef float NAME##_floats __attribute__((vector_size(4 * (COUNT)), aligned(4), may_alias));            \
    typedef uint32_t NAME##_words __attribute__((vector_size(4 * (COUNT)), aligned(4), may_alias));          \
    typedef double NAME##_doubles __attribute__((vector_size(8 * (COUNT))));                                 \
    typedef int64_t NAME##_longs __attribute__((vector_size(8 * (COUNT))));
HBN_VECTORS(own, HBN_WIDTH)
HBN_VECTORS(block, 16)

/// As many floats as one register holds.
typedef own_floats vector;
/// The sixteen floats of a block of channels, in as many registers as that takes.
typedef block_floats floats;
typedef block_words words;

/// a b + c, rounded once.
#ifdef HBN_FUSED
#define HBN_FUSE(NAME)                                                                                       \
    HBN_INLINE NAME##_floats NAME##_fused(NAME##_floats a, NAME##_floats b, NAME##_floats c) {               \
        return __builtin_elementwise_fma(a, b, c);                                                           \
    }
#else
// A double holds the product. The sum with c is rounded to odd: where it is not exact, to the neighbour whose last bit
// is one, so that rounding to a float rounds as if nothing had been rounded before (Boldo and Melquiond, "Emulation of
// a FMA and correctly rounded sums", IEEE Transactions on Computers 57, 2008). The error of the sum is Knuth's.
#define HBN_FUSE(NAME)                                                                                       \
    HBN_INLINE NAME##_floats NAME##_fused(NAME##_floats a, NAME##_floats b, NAME##_floats c) {               \
        const NAME##_doubles p = __builtin_convertvector(a, NAME##_doubles)                                  \
            * __builtin_convertvector(b, NAME##_doubles);                                                    \
        const NAME##_doubles x = __builtin_convertvector(c, NAME##_doubles), sum = p + x, part = sum - p;    \
        const NAME##_doubles error = (p - (sum - part)) + (x - part);                                        \
        const NAME##_longs above = error > 0, inexact = above | (error < 0);                                 \
        const NAME##_longs away = ~(above ^ (sum > 0)), even = ((NAME##_longs)sum & 1) - 1;                  \
        const NAME##_longs odd = (NAME##_longs)sum + (inexact & even & (-1 - 2 * away));                     \
        return __builtin_convertvector((NAME##_doubles)odd, NAME##_floats);                                  \
    }
#endif
HBN_FUSE(own)
HBN_FUSE(block)

HBN_INLINE vector load(const float *p) { return *(const vector *)p; }
HBN_INLINE void store(float *p, vector v) { *(vector *)p = v; }
HBN_INLINE vector spread(float x) { return x - (vector){0}; }
HBN_INLINE vector fused(vector a, vector b, vector c) { return own_fused(a, b, c); }
/// a b + c
HBN_INLINE vector muladd(float a, vector b, vector c) { return own_fused(spread(a), b, c); }
/// What is below zero becomes zero; NaN stays.
HBN_INLINE vector relu_of(vector v) { return (vector)((own_words)v & ~(own_words)(v < (vector){0})); }
/// v where `output` is above zero, and zero elsewhere.
HBN_INLINE vector where_positive(vector output, vector v) {
    return (vector)((own_words)v & (own_words)(output > (vector){0}));
}

HBN_INLINE floats read(const float *p) { return *(const floats *)p; }
HBN_INLINE void put(float *p, floats v) { *(floats *)p = v; }
HBN_INLINE floats spread_block(float x) { return x - (floats){0}; }
/// a where the mask's bits are set, and b elsewhere.
HBN_INLINE floats chosen(words mask, floats a, floats b) { return (floats)(((words)a & mask) | ((words)b & ~mask)); }

/// v where `output` is above zero, and zero elsewhere.
HBN_INLINE floats block_where_positive(floats output, floats v) { return (floats)((words)v & (words)(output > (floats){0})); }

HBN_INLINE float fused_scalar(float a, float b, float c) {
#ifdef HBN_FUSED
    return __builtin_fmaf(a, b, c);
#else
    return fused((vector){a}, (vector){b}, (vector){c})[0];
#endif
}

/// The sum of sixteen: halves are added to each other.
HBN_INLINE float sum_of(floats v) {
    float all[block];
    memcpy(all, &v, sizeof all);
    HBN_UNROLL for (int half = block / 2; half > 0; half /= 2)
        HBN_UNROLL for (int i = 0; i < half; i++) all[i] += all[i + half];
    return all[0];
}

HBN_INLINE int smaller(int a, int b) { return a < b ? a : b; }
HBN_INLINE int larger(int a, int b) { return a > b ? a : b; }
/// Blocks that hold so many channels.
HBN_INLINE int blocks_of(int channels) { return (channels + block - 1) / block; }

/// Up to sixteen floats, with zeros behind them.
HBN_INLINE floats read_some(const float *p, int count) {
    if (count >= block) return read(p);
    float all[block] = {0};
    for (int i = 0; i < count; i++) all[i] = p[i];
    return read(all);
}

/// The first `count` of sixteen floats.
HBN_INLINE void put_some(float *p, floats v, int count) {
    if (count >= block) {
        put(p, v);
        return;
    }
    float all[block];
    put(all, v);
    for (int i = 0; i < count; i++) p[i] = all[i];
}

/// The same past the caches, where a whole line is written: what is not read soon need not be fetched to be
/// overwritten.
HBN_INLINE void put_past_caches(float *p, floats v, int count) {
    typedef float aligned __attribute__((vector_size(4 * HBN_WIDTH)));
    if (count < block || (uintptr_t)p % sizeof v) {
        put_some(p, v, count);
        return;
    }
    float all[block];
    put(all, v);
    HBN_UNROLL for (int i = 0; i < block; i += HBN_WIDTH)
        __builtin_nontemporal_store((aligned)load(all + i), (aligned *)(p + i));
}
