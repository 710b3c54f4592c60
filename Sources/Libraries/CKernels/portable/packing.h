// Rows without their zeros.

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "packed rows are little-endian");

// A word stands for 32 floats, or for fewer at the end of a row.
enum { packed_group = 32, word_bytes = sizeof(uint32_t), float_bytes = sizeof(float) };

#if HBN_WIDTH == 16

/// The first `count` bits of up to 32.
HBN_INLINE uint32_t first_bits(size_t count) { return _bzhi_u32(~0u, (uint32_t)count); }

HBN_INLINE uint32_t mark(const float *x, size_t count) {
    const __mmask16 low = (__mmask16)first_bits(count), high = (__mmask16)(first_bits(count) >> 16);
    const __m512i a = _mm512_maskz_loadu_epi32(low, x), b = _mm512_maskz_loadu_epi32(high, x + 16);
    return _mm512_test_epi32_mask(a, a) | (uint32_t)_mm512_test_epi32_mask(b, b) << 16;
}

// Compressing to memory and expanding from it take some processors a hundred cycles: registers first.
HBN_INLINE void squeeze(uint32_t bits, const float *values, size_t count, unsigned char *packed) {
    const __mmask16 low = (__mmask16)bits, high = (__mmask16)(bits >> 16);
    const unsigned some = (unsigned)__builtin_popcount(low), rest = (unsigned)__builtin_popcount(high);
    const __m512 a = _mm512_maskz_loadu_ps((__mmask16)first_bits(count), values);
    const __m512 b = _mm512_maskz_loadu_ps((__mmask16)(first_bits(count) >> 16), values + 16);
    _mm512_mask_storeu_ps(packed, (__mmask16)first_bits(some), _mm512_maskz_compress_ps(low, a));
    _mm512_mask_storeu_ps(packed + some * float_bytes, (__mmask16)first_bits(rest), _mm512_maskz_compress_ps(high, b));
}

HBN_INLINE void spread_bits(
    uint32_t bits, const unsigned char *packed, size_t left, float *values, size_t count) {
    const __mmask16 low = (__mmask16)bits, high = (__mmask16)(bits >> 16);
    const unsigned some = (unsigned)__builtin_popcount(low), rest = (unsigned)__builtin_popcount(high);
    const unsigned char *next = packed + some * float_bytes;
    __m512 a, b;
    if (left >= packed_group) {
        a = _mm512_loadu_ps(packed);
        b = _mm512_loadu_ps(next);
    } else {
        a = _mm512_maskz_loadu_ps((__mmask16)first_bits(some), packed);
        b = _mm512_maskz_loadu_ps((__mmask16)first_bits(rest), next);
    }
    _mm512_mask_storeu_ps(values, (__mmask16)first_bits(count), _mm512_maskz_expand_ps(low, a));
    _mm512_mask_storeu_ps(values + 16, (__mmask16)(first_bits(count) >> 16), _mm512_maskz_expand_ps(high, b));
}

#else

HBN_INLINE uint32_t mark(const float *x, size_t count) {
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, x + i, sizeof word);
        bits |= (uint32_t)(word != 0) << i;
    }
    return bits;
}

HBN_INLINE void squeeze(uint32_t bits, const float *values, size_t count, unsigned char *packed) {
    for (; bits; bits &= bits - 1, packed += float_bytes) memcpy(packed, values + __builtin_ctz(bits), float_bytes);
}

HBN_INLINE void spread_bits(uint32_t bits, const unsigned char *packed, size_t left, float *values, size_t count) {
    memset(values, 0, count * float_bytes);
    for (; bits; bits &= bits - 1, packed += float_bytes) memcpy(values + __builtin_ctz(bits), packed, float_bytes);
}

#endif

HBN_INLINE size_t words_of(size_t length) { return length / packed_group + (length % packed_group > 0); }

/// One row: its values at the places where x is not zero, and where `words` is given, the bits. Returns how many.
HBN_INLINE size_t squeeze_row(
    const float *values, const float *x, size_t length,
    unsigned char *words, unsigned char *packed) {
    size_t taken = 0, i = 0;
#define HBN_SQUEEZE(COUNT)                                                                                   \
    const uint32_t bits = mark(x + i, COUNT);                                                                \
    squeeze(bits, values + i, COUNT, packed + taken * float_bytes);                                          \
    if (words) memcpy(words + i / packed_group * word_bytes, &bits, word_bytes);                                    \
    taken += (size_t)__builtin_popcount(bits);
    for (; i + packed_group <= length; i += packed_group) {
        HBN_SQUEEZE(packed_group)
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
    const unsigned char *words, const float *x, size_t length,
    const unsigned char *packed, size_t left, float *values) {
    size_t taken = 0, i = 0;
    // Packed bytes have no bits beyond the row's end, and no zeros among the floats.
#define HBN_SPREAD(COUNT)                                                                                    \
    uint32_t bits;                                                                                           \
    if (words)                                                                                               \
        memcpy(&bits, words + i / packed_group * word_bytes, word_bytes);                                           \
    else                                                                                                     \
        bits = mark(x + i, COUNT);                                                                           \
    const size_t some = (size_t)__builtin_popcount(bits);                                                    \
    if (some > left - taken || (uint64_t)bits >> (COUNT)) return refused;                                    \
    spread_bits(bits, packed + taken * float_bytes, left - taken, values + i, COUNT);                             \
    if (words && mark(values + i, COUNT) != bits) return refused;                                            \
    taken += some;
    for (; i + packed_group <= length; i += packed_group) {
        HBN_SPREAD(packed_group)
    }
    if (i < length) {
        HBN_SPREAD(length - i)
    }
#undef HBN_SPREAD
    return taken;
}

HBN_INLINE size_t pack_each(
    const float *x, size_t stride, size_t rows, size_t length,
    unsigned char *bytes) {
    const size_t words = words_of(length) * word_bytes;
    size_t at = 0;
    for (size_t row = 0; row < rows; row++, x += stride)
        at += words + float_bytes * squeeze_row(x, x, length, bytes + at, bytes + at + words);
    return at;
}

HBN_INLINE bool unpack_each(
    const unsigned char *bytes, size_t count, size_t rows, size_t length,
    float *x) {
    const size_t words = words_of(length) * word_bytes;
    size_t at = 0;
    for (size_t row = 0; row < rows; row++, x += length) {
        if (count - at < words) return false;
        const size_t left = (count - at - words) / float_bytes;
        const size_t taken = spread_row(bytes + at, NULL, length, bytes + at + words, left, x);
        if (taken == refused) return false;
        at += words + taken * float_bytes;
    }
    return at == count;
}

static size_t gather(
    const float *values, size_t value_stride, const float *x,
    size_t stride, size_t rows, size_t length, float *packed) {
    size_t taken = 0;
    for (size_t row = 0; row < rows; row++, x += stride, values += value_stride)
        taken += squeeze_row(values, x, length, NULL, (unsigned char *)(packed + taken));
    return taken;
}

static bool scatter(
    const float *packed, size_t count, const float *x, size_t stride,
    size_t rows, size_t length, float *values, size_t value_stride) {
    for (size_t row = 0; row < rows; row++, x += stride, values += value_stride) {
        const size_t taken = spread_row(NULL, x, length, (const unsigned char *)packed, count, values);
        if (taken == refused) return false;
        packed += taken;
        count -= taken;
    }
    return count == 0;
}

static size_t pack_rows(const float *x, size_t stride, size_t rows, size_t length, void *bytes) {
    return pack_each(x, stride, rows, length, bytes);
}

static bool unpack_rows(const void *bytes, size_t count, size_t rows, size_t length, float *x) {
    return unpack_each(bytes, count, rows, length, x);
}
