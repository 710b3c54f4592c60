// Numbers one by one, random numbers, and the way between images and rows.

typedef uint64_t doublewords __attribute__((vector_size(64)));

/// The low and high words of a times `factor`, by products of the even and of the odd words.
HBN_INLINE void multiply_words(const words *a, uint64_t factor, words *low, words *high) {
    const uint64_t first = 0xFFFFFFFF;
    const doublewords both = (doublewords)*a;
    const doublewords even = (both & first) * factor, odd = (both >> 32) * factor;
    *low = (words)((even & first) | (odd << 32));
    *high = (words)((even >> 32) | (odd & ~first));
}

/// The top 24 bits of sixteen words as numbers in [0, 1).
HBN_INLINE void to_units(const words *words, floats *units) {
    *units = __builtin_convertvector((block_integers)(*words >> 8), floats) * 0x1p-24f;
}

#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31

/// Sixteen numbers of each of four kinds, by turns.
HBN_INLINE void interleave(const floats *u, float *output) {
    const doublewords a = (doublewords)__builtin_shufflevector(u[0], u[1], LOW_HALVES);
    const doublewords b = (doublewords)__builtin_shufflevector(u[2], u[3], LOW_HALVES);
    const doublewords c = (doublewords)__builtin_shufflevector(u[0], u[1], HIGH_HALVES);
    const doublewords d = (doublewords)__builtin_shufflevector(u[2], u[3], HIGH_HALVES);
    *(floats *)(output) = (floats)__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    *(floats *)(output + 16) = (floats)__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    *(floats *)(output + 32) = (floats)__builtin_shufflevector(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
    *(floats *)(output + 48) = (floats)__builtin_shufflevector(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
}

static void philox_uniform(
    uint32_t key0, uint32_t key1, uint32_t purpose, uint32_t round, uint32_t item, uint64_t first, size_t count,
    float *output) {
    const doublewords counting = {0, 1, 2, 3, 4, 5, 6, 7};
    for (size_t at = 0; at < count; at += block) {
        // The low word of the index may run over within the sixteen.
        const doublewords near = counting + (first + at), far = near + 8;
        words c[4];
        c[0] = __builtin_shufflevector(
            (words)near, (words)far, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        c[1] = __builtin_shufflevector(
                   (words)near, (words)far, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
            | purpose;
        c[2] = (words){0} + round;
        c[3] = (words){0} + item;
        uint32_t k0 = key0, k1 = key1;
        HBN_UNROLL for (int i = 0; i < 10; i++) {
            words low0, high0, low1, high1;
            multiply_words(&c[0], 0xD2511F53, &low0, &high0);
            multiply_words(&c[2], 0xCD9E8D57, &low1, &high1);
            c[0] = high1 ^ c[1] ^ k0;
            c[1] = low1;
            c[2] = high0 ^ c[3] ^ k1;
            c[3] = low0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        floats units[4];
        HBN_UNROLL for (int w = 0; w < 4; w++) to_units(&c[w], &units[w]);
        if (count - at >= block) {
            interleave(units, output + 4 * at);
        } else {
            float all[4 * block];
            interleave(units, all);
            memcpy(output + 4 * at, all, 4 * (count - at) * sizeof(float));
        }
    }
}

static void drop(size_t count, const float *draws, float rate, float scale, float *row) {
    for (size_t i = 0; i < count; i++) row[i] = draws[i] < rate ? 0 : row[i] * scale;
}

static void add(size_t count, const float *part, float *sum) {
    for (size_t i = 0; i < count; i++) sum[i] += part[i];
}

static void sum(size_t count, const float *a, const float *b, float *sum) {
    for (size_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}

static void add_relu(size_t count, const float *a, const float *b, float *output) {
    for (size_t i = 0; i < count; i++) {
        const float sum = a[i] + b[i];
        output[i] = 0 > sum ? 0 : sum;
    }
}

static void relu_backward(size_t count, const float *output, float *gradient) {
    for (size_t i = 0; i < count; i++) gradient[i] = output[i] > 0 ? gradient[i] : 0;
}

static void flatten(size_t pixels, size_t channels, size_t block_stride, const float *activation, float *row) {
    for (size_t c = 0; c < channels; c += block, activation += block_stride)
        for (size_t pixel = 0; pixel < pixels; pixel++)
            put_some(row + pixel * channels + c, read(activation + pixel * block), (int)(channels - c));
}

static void unflatten_gradient(
    size_t pixels, size_t channels, size_t block_stride, const float *row, const float *row_gradient, float scale,
    float *gradient) {
    for (size_t c = 0; c < channels; c += block, gradient += block_stride) {
        const int some = (int)(channels - c);
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            const size_t at = pixel * channels + c;
            const floats d = read_some(row_gradient + at, some) * scale;
            put(gradient + pixel * block, (floats)((words)d & (words)(read_some(row + at, some) != (floats){0})));
        }
    }
}
