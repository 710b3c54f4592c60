#include "elementwise.h"

#include "vectors.h"

typedef uint64_t hbn_doublewords __attribute__((vector_size(64)));

/// The low and high words of a times `factor`, by products of the even and of the odd words.
HBN_INLINE void multiply(const hbn_words *a, uint64_t factor, hbn_words *low, hbn_words *high) {
    const uint64_t first = 0xFFFFFFFF;
    const hbn_doublewords both = (hbn_doublewords)*a;
    const hbn_doublewords even = (both & first) * factor, odd = (both >> 32) * factor;
    *low = (hbn_words)((even & first) | (odd << 32));
    *high = (hbn_words)((even >> 32) | (odd & ~first));
}

/// The top 24 bits of sixteen words as numbers in [0, 1).
HBN_INLINE void to_units(const hbn_words *words, hbn_floats *units) {
    typedef int32_t integers __attribute__((vector_size(64)));
    *units = __builtin_convertvector((integers)(*words >> 8), hbn_floats) * 0x1p-24f;
}

#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31

/// Sixteen numbers of each of four kinds, by turns.
HBN_INLINE void interleave(const hbn_floats *u, float *output) {
    const hbn_doublewords a = (hbn_doublewords)__builtin_shufflevector(u[0], u[1], LOW_HALVES);
    const hbn_doublewords b = (hbn_doublewords)__builtin_shufflevector(u[2], u[3], LOW_HALVES);
    const hbn_doublewords c = (hbn_doublewords)__builtin_shufflevector(u[0], u[1], HIGH_HALVES);
    const hbn_doublewords d = (hbn_doublewords)__builtin_shufflevector(u[2], u[3], HIGH_HALVES);
    HBN_AT(output) = (hbn_floats)__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    HBN_AT(output + 16) = (hbn_floats)__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    HBN_AT(output + 32) = (hbn_floats)__builtin_shufflevector(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
    HBN_AT(output + 48) = (hbn_floats)__builtin_shufflevector(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
}

HBN_EACH_PROCESSOR
void hbn_philox_uniform(
    uint32_t key0, uint32_t key1, uint32_t purpose, uint32_t round, uint32_t item, uint64_t first, size_t blocks,
    float *output) {
    const hbn_doublewords counting = {0, 1, 2, 3, 4, 5, 6, 7};
    for (size_t block = 0; block < blocks; block += hbn_lanes) {
        // The low word of the index may run over within the sixteen.
        const hbn_doublewords near = counting + (first + block), far = near + 8;
        hbn_words c[4];
        c[0] = __builtin_shufflevector(
            (hbn_words)near, (hbn_words)far, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        c[1] = __builtin_shufflevector(
                   (hbn_words)near, (hbn_words)far, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
            | purpose;
        c[2] = (hbn_words){0} + round;
        c[3] = (hbn_words){0} + item;
        uint32_t k0 = key0, k1 = key1;
        HBN_UNROLL for (int i = 0; i < 10; i++) {
            hbn_words low0, high0, low1, high1;
            multiply(&c[0], 0xD2511F53, &low0, &high0);
            multiply(&c[2], 0xCD9E8D57, &low1, &high1);
            c[0] = high1 ^ c[1] ^ k0;
            c[1] = low1;
            c[2] = high0 ^ c[3] ^ k1;
            c[3] = low0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        hbn_floats units[4];
        HBN_UNROLL for (int w = 0; w < 4; w++) to_units(&c[w], &units[w]);
        if (blocks - block >= hbn_lanes) {
            interleave(units, output + 4 * block);
        } else {
            float all[4 * hbn_lanes];
            interleave(units, all);
            memcpy(output + 4 * block, all, 4 * (blocks - block) * sizeof(float));
        }
    }
}

HBN_EACH_PROCESSOR
void hbn_drop(size_t count, const float *draws, float rate, float scale, float *row) {
    for (size_t i = 0; i < count; i++) row[i] = draws[i] < rate ? 0 : row[i] * scale;
}

HBN_EACH_PROCESSOR
void hbn_add(size_t count, const float *part, float *sum) {
    for (size_t i = 0; i < count; i++) sum[i] += part[i];
}

HBN_EACH_PROCESSOR
void hbn_sum(size_t count, const float *a, const float *b, float *sum) {
    for (size_t i = 0; i < count; i++) sum[i] = a[i] + b[i];
}

HBN_EACH_PROCESSOR
void hbn_add_relu(size_t count, const float *a, const float *b, float *output) {
    for (size_t i = 0; i < count; i++) {
        const float sum = a[i] + b[i];
        output[i] = sum > 0 ? sum : 0;
    }
}

HBN_EACH_PROCESSOR
void hbn_relu_backward(size_t count, const float *output, float *gradient) {
    for (size_t i = 0; i < count; i++) gradient[i] = output[i] > 0 ? gradient[i] : 0;
}

/// Adds the gradient at sixteen channels of a pixel, which passes only where the output, if there is one, is above
/// zero.
HBN_INLINE void pass_back(const float *output, float *gradient, hbn_floats *total) {
    hbn_floats d = HBN_READ(gradient);
    if (output) {
        const hbn_floats zero = {0};
        d = (hbn_floats)((hbn_words)d & (hbn_words)(HBN_READ(output) > zero));
        HBN_AT(gradient) = d;
    }
    *total += d;
}

HBN_EACH_PROCESSOR
void hbn_bias_gradient(
    size_t batch, size_t channels, size_t pixels, const float *output, float *gradient, float *sums) {
    const size_t blocks = channels / hbn_lanes, end = pixels * hbn_lanes;
    for (size_t block = 0; block < blocks; block++) {
        // Four sums side by side, so that one addition need not wait for the other.
        hbn_floats total[4] = {{0}};
        for (size_t sample = 0; sample < batch; sample++) {
            const size_t at = (sample * blocks + block) * end;
            float *d = gradient + at;
            const float *y = output ? output + at : NULL;
            size_t i = 0;
            for (; i + 4 * hbn_lanes <= end; i += 4 * hbn_lanes)
                HBN_UNROLL for (int v = 0; v < 4; v++)
                    pass_back(y ? y + i + v * hbn_lanes : NULL, d + i + v * hbn_lanes, &total[v]);
            for (; i < end; i += hbn_lanes) pass_back(y ? y + i : NULL, d + i, &total[0]);
        }
        HBN_AT(sums + block * hbn_lanes) = (total[0] + total[1]) + (total[2] + total[3]);
    }
}

HBN_EACH_PROCESSOR
void hbn_flatten(
    size_t pixels, size_t channels, size_t lanes, size_t block_stride, const float *activation, float *row) {
    for (size_t c = 0; c < channels; c += lanes, activation += block_stride) {
        if (lanes == hbn_lanes && channels - c >= lanes) {
            for (size_t pixel = 0; pixel < pixels; pixel++)
                HBN_AT(row + pixel * channels + c) = HBN_READ(activation + pixel * hbn_lanes);
            continue;
        }
        const size_t some = channels - c < lanes ? channels - c : lanes;
        for (size_t pixel = 0; pixel < pixels; pixel++)
            memcpy(row + pixel * channels + c, activation + pixel * lanes, some * sizeof(float));
    }
}

HBN_EACH_PROCESSOR
void hbn_unflatten_gradient(
    size_t pixels, size_t channels, size_t lanes, size_t block_stride, const float *row, const float *row_gradient,
    float scale, float *gradient) {
    for (size_t c = 0; c < channels; c += lanes, gradient += block_stride) {
        if (lanes == hbn_lanes && channels - c >= lanes) {
            for (size_t pixel = 0; pixel < pixels; pixel++) {
                const size_t at = pixel * channels + c;
                const hbn_floats zero = {0}, d = HBN_READ(row_gradient + at) * scale;
                HBN_AT(gradient + pixel * hbn_lanes) =
                    (hbn_floats)((hbn_words)d & (hbn_words)(HBN_READ(row + at) != zero));
            }
            continue;
        }
        const size_t some = channels - c < lanes ? channels - c : lanes;
        for (size_t pixel = 0; pixel < pixels; pixel++) {
            const size_t at = pixel * channels + c;
            float *out = gradient + pixel * lanes;
            for (size_t i = 0; i < some; i++) out[i] = row[at + i] == 0 ? 0 : row_gradient[at + i] * scale;
            for (size_t i = some; i < lanes; i++) out[i] = 0;
        }
    }
}
