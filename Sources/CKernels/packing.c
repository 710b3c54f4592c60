#include "packing.h"

#include "vectors.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "packed rows are little-endian");

// A word stands for 32 floats, or for fewer at the end of a row.
enum { group = 32, word_bytes = sizeof(uint32_t), float_bytes = sizeof(float) };

/// A bit for each of up to 32 floats that is not zero.
typedef uint32_t mark_function(const float *x, size_t count);
/// Writes those of up to 32 values that have a bit, and nothing else.
typedef void squeeze_function(uint32_t bits, const float *values, size_t count, unsigned char *packed);
/// The way back. There are `left` packed floats, at least as many as bits.
typedef void spread_function(uint32_t bits, const unsigned char *packed, size_t left, float *values, size_t count);

HBN_INLINE size_t words_of(size_t length) { return length / group + (length % group > 0); }

// MARK: Rows, whatever the processor

/// One row: its values at the places where x is not zero, and where `words` is given, the bits. Returns how many.
HBN_INLINE size_t squeeze_row(
    mark_function mark, squeeze_function squeeze, const float *values, const float *x, size_t length,
    unsigned char *words, unsigned char *packed) {
    size_t taken = 0, i = 0;
#define HBN_SQUEEZE(COUNT)                                                                                   \
    const uint32_t bits = mark(x + i, COUNT);                                                                \
    squeeze(bits, values + i, COUNT, packed + taken * float_bytes);                                          \
    if (words) memcpy(words + i / group * word_bytes, &bits, word_bytes);                                    \
    taken += (size_t)__builtin_popcount(bits);
    for (; i + group <= length; i += group) {
        HBN_SQUEEZE(group)
    }
    if (i < length) {
        HBN_SQUEEZE(length - i)
    }
#undef HBN_SQUEEZE
    return taken;
}

static const size_t refused = SIZE_MAX;

/// One row back: packed floats where `words` has a bit or, where it is not given, where x is not zero. Returns how many
/// of the `left` ones it took, or `refused`.
HBN_INLINE size_t spread_row(
    mark_function mark, spread_function spread, const unsigned char *words, const float *x, size_t length,
    const unsigned char *packed, size_t left, float *values) {
    size_t taken = 0, i = 0;
    // Packed bytes have no bits beyond the row's end, and no zeros among the floats.
#define HBN_SPREAD(COUNT)                                                                                    \
    uint32_t bits;                                                                                           \
    if (words)                                                                                               \
        memcpy(&bits, words + i / group * word_bytes, word_bytes);                                           \
    else                                                                                                     \
        bits = mark(x + i, COUNT);                                                                           \
    const size_t some = (size_t)__builtin_popcount(bits);                                                    \
    if (some > left - taken || (uint64_t)bits >> (COUNT)) return refused;                                    \
    spread(bits, packed + taken * float_bytes, left - taken, values + i, COUNT);                             \
    if (words && mark(values + i, COUNT) != bits) return refused;                                            \
    taken += some;
    for (; i + group <= length; i += group) {
        HBN_SPREAD(group)
    }
    if (i < length) {
        HBN_SPREAD(length - i)
    }
#undef HBN_SPREAD
    return taken;
}

HBN_INLINE size_t pack(
    mark_function mark, squeeze_function squeeze, const float *x, size_t stride, size_t rows, size_t length,
    unsigned char *bytes) {
    const size_t words = words_of(length) * word_bytes;
    size_t at = 0;
    for (size_t row = 0; row < rows; row++, x += stride)
        at += words + float_bytes * squeeze_row(mark, squeeze, x, x, length, bytes + at, bytes + at + words);
    return at;
}

HBN_INLINE bool unpack(
    mark_function mark, spread_function spread, const unsigned char *bytes, size_t count, size_t rows, size_t length,
    float *x) {
    const size_t words = words_of(length) * word_bytes;
    size_t at = 0;
    for (size_t row = 0; row < rows; row++, x += length) {
        if (count - at < words) return false;
        const size_t left = (count - at - words) / float_bytes;
        const size_t taken = spread_row(mark, spread, bytes + at, NULL, length, bytes + at + words, left, x);
        if (taken == refused) return false;
        at += words + taken * float_bytes;
    }
    return at == count;
}

HBN_INLINE size_t gather(
    mark_function mark, squeeze_function squeeze, const float *values, size_t value_stride, const float *x,
    size_t stride, size_t rows, size_t length, float *packed) {
    size_t taken = 0;
    for (size_t row = 0; row < rows; row++, x += stride, values += value_stride)
        taken += squeeze_row(mark, squeeze, values, x, length, NULL, (unsigned char *)(packed + taken));
    return taken;
}

HBN_INLINE bool scatter(
    mark_function mark, spread_function spread, const float *packed, size_t count, const float *x, size_t stride,
    size_t rows, size_t length, float *values, size_t value_stride) {
    for (size_t row = 0; row < rows; row++, x += stride, values += value_stride) {
        const size_t taken = spread_row(mark, spread, NULL, x, length, (const unsigned char *)packed, count, values);
        if (taken == refused) return false;
        packed += taken;
        count -= taken;
    }
    return count == 0;
}

// MARK: Any processor

static inline uint32_t mark_plain(const float *x, size_t count) {
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, x + i, sizeof word);
        bits |= (uint32_t)(word != 0) << i;
    }
    return bits;
}

static inline void squeeze_plain(uint32_t bits, const float *values, size_t count, unsigned char *packed) {
    for (; bits; bits &= bits - 1, packed += float_bytes) memcpy(packed, values + __builtin_ctz(bits), float_bytes);
}

static inline void spread_plain(uint32_t bits, const unsigned char *packed, size_t left, float *values, size_t count) {
    memset(values, 0, count * float_bytes);
    for (; bits; bits &= bits - 1, packed += float_bytes) memcpy(values + __builtin_ctz(bits), packed, float_bytes);
}

// MARK: AVX-512

#if defined(__x86_64__)

#include <immintrin.h>

#define HBN_WIDE __attribute__((target("arch=x86-64-v4")))

static bool is_wide(void) { return __builtin_cpu_supports("x86-64-v4"); }

/// The first `count` bits of up to 32.
HBN_WIDE static inline uint32_t first(size_t count) { return _bzhi_u32(~0u, (uint32_t)count); }

HBN_WIDE static inline uint32_t mark_wide(const float *x, size_t count) {
    const __mmask16 low = (__mmask16)first(count), high = (__mmask16)(first(count) >> 16);
    const __m512i a = _mm512_maskz_loadu_epi32(low, x), b = _mm512_maskz_loadu_epi32(high, x + 16);
    return _mm512_test_epi32_mask(a, a) | (uint32_t)_mm512_test_epi32_mask(b, b) << 16;
}

// Compressing to memory and expanding from it take some processors a hundred cycles: registers first.
HBN_WIDE static inline void squeeze_wide(uint32_t bits, const float *values, size_t count, unsigned char *packed) {
    const __mmask16 low = (__mmask16)bits, high = (__mmask16)(bits >> 16);
    const unsigned some = (unsigned)__builtin_popcount(low), rest = (unsigned)__builtin_popcount(high);
    const __m512 a = _mm512_maskz_loadu_ps((__mmask16)first(count), values);
    const __m512 b = _mm512_maskz_loadu_ps((__mmask16)(first(count) >> 16), values + 16);
    _mm512_mask_storeu_ps(packed, (__mmask16)first(some), _mm512_maskz_compress_ps(low, a));
    _mm512_mask_storeu_ps(packed + some * float_bytes, (__mmask16)first(rest), _mm512_maskz_compress_ps(high, b));
}

HBN_WIDE static inline void spread_wide(
    uint32_t bits, const unsigned char *packed, size_t left, float *values, size_t count) {
    const __mmask16 low = (__mmask16)bits, high = (__mmask16)(bits >> 16);
    const unsigned some = (unsigned)__builtin_popcount(low), rest = (unsigned)__builtin_popcount(high);
    const unsigned char *next = packed + some * float_bytes;
    __m512 a, b;
    if (left >= group) {
        a = _mm512_loadu_ps(packed);
        b = _mm512_loadu_ps(next);
    } else {
        a = _mm512_maskz_loadu_ps((__mmask16)first(some), packed);
        b = _mm512_maskz_loadu_ps((__mmask16)first(rest), next);
    }
    _mm512_mask_storeu_ps(values, (__mmask16)first(count), _mm512_maskz_expand_ps(low, a));
    _mm512_mask_storeu_ps(values + 16, (__mmask16)(first(count) >> 16), _mm512_maskz_expand_ps(high, b));
}

#else

#define HBN_WIDE
#define mark_wide mark_plain
#define squeeze_wide squeeze_plain
#define spread_wide spread_plain

static bool is_wide(void) { return false; }

#endif

// MARK: The choice

HBN_WIDE static size_t pack_wide(const float *x, size_t stride, size_t rows, size_t length, unsigned char *bytes) {
    return pack(mark_wide, squeeze_wide, x, stride, rows, length, bytes);
}

size_t hbn_pack(const float *x, size_t stride, size_t rows, size_t length, void *bytes, bool plain) {
    if (!plain && is_wide()) return pack_wide(x, stride, rows, length, bytes);
    return pack(mark_plain, squeeze_plain, x, stride, rows, length, bytes);
}

HBN_WIDE static bool unpack_wide(const unsigned char *bytes, size_t count, size_t rows, size_t length, float *x) {
    return unpack(mark_wide, spread_wide, bytes, count, rows, length, x);
}

bool hbn_unpack(const void *bytes, size_t count, size_t rows, size_t length, float *x, bool plain) {
    if (!plain && is_wide()) return unpack_wide(bytes, count, rows, length, x);
    return unpack(mark_plain, spread_plain, bytes, count, rows, length, x);
}

HBN_WIDE static size_t gather_wide(
    const float *values, size_t value_stride, const float *x, size_t stride, size_t rows, size_t length,
    float *packed) {
    return gather(mark_wide, squeeze_wide, values, value_stride, x, stride, rows, length, packed);
}

size_t hbn_gather(
    const float *values, size_t value_stride, const float *x, size_t stride, size_t rows, size_t length, float *packed,
    bool plain) {
    if (!plain && is_wide()) return gather_wide(values, value_stride, x, stride, rows, length, packed);
    return gather(mark_plain, squeeze_plain, values, value_stride, x, stride, rows, length, packed);
}

HBN_WIDE static bool scatter_wide(
    const float *packed, size_t count, const float *x, size_t stride, size_t rows, size_t length, float *values,
    size_t value_stride) {
    return scatter(mark_wide, spread_wide, packed, count, x, stride, rows, length, values, value_stride);
}

bool hbn_scatter(
    const float *packed, size_t count, const float *x, size_t stride, size_t rows, size_t length, float *values,
    size_t value_stride, bool plain) {
    if (!plain && is_wide()) return scatter_wide(packed, count, x, stride, rows, length, values, value_stride);
    return scatter(mark_plain, spread_plain, packed, count, x, stride, rows, length, values, value_stride);
}
