#include "elementwise.h"

#include "vectors.h"

typedef uint64_t doublewords __attribute__((vector_size(128)));

/// The low and high words of a times `factor`.
HBN_INLINE void multiply(const hbn_words *a, uint32_t factor, hbn_words *low, hbn_words *high) {
    const doublewords product = __builtin_convertvector(*a, doublewords) * factor;
    *low = __builtin_convertvector(product, hbn_words);
    *high = __builtin_convertvector(product >> 32, hbn_words);
}

/// The top 24 bits of sixteen words as numbers in [0, 1), four floats apart.
HBN_INLINE void put_units(const hbn_words *words, size_t count, float *output) {
    typedef int32_t integers __attribute__((vector_size(64)));
    const hbn_floats unit = __builtin_convertvector((integers)(*words >> 8), hbn_floats) * 0x1p-24f;
    for (size_t i = 0; i < count; i++) output[4 * i] = unit[i];
}

HBN_EACH_PROCESSOR
void hbn_philox_uniform(
    uint32_t key0, uint32_t key1, uint32_t purpose, uint32_t round, uint32_t item, uint64_t first, size_t blocks,
    float *output) {
    const hbn_words counting = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t block = 0; block < blocks; block += hbn_lanes) {
        const doublewords index = __builtin_convertvector(counting, doublewords) + (first + block);
        hbn_words c0 = __builtin_convertvector(index, hbn_words);
        hbn_words c1 = __builtin_convertvector(index >> 32, hbn_words) | purpose;
        hbn_words c2 = (hbn_words){0} + round, c3 = (hbn_words){0} + item;
        uint32_t k0 = key0, k1 = key1;
        HBN_UNROLL for (int i = 0; i < 10; i++) {
            hbn_words low0, high0, low1, high1;
            multiply(&c0, 0xD2511F53, &low0, &high0);
            multiply(&c2, 0xCD9E8D57, &low1, &high1);
            c0 = high1 ^ c1 ^ k0;
            c1 = low1;
            c2 = high0 ^ c3 ^ k1;
            c3 = low0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        const size_t some = blocks - block < hbn_lanes ? blocks - block : hbn_lanes;
        float *out = output + 4 * block;
        put_units(&c0, some, out);
        put_units(&c1, some, out + 1);
        put_units(&c2, some, out + 2);
        put_units(&c3, some, out + 3);
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

/// Adds the gradient at sixteen channels of a pixel, which passes only where the output, if there is one, is above zero.
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
