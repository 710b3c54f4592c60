#ifndef HBN_ELEMENTWISE_H
#define HBN_ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

/// Uniform numbers in [0, 1) from the words of Philox 4x32-10: `output[4 i + w]` is word w of the block with the
/// counter (low word of first + i, purpose | high word, round, item).
void hbn_philox_uniform(
    uint32_t key0, uint32_t key1, uint32_t purpose, uint32_t round, uint32_t item, uint64_t first, size_t blocks,
    float *output);

/// row[i] = draws[i] < rate ? 0 : row[i] scale
void hbn_drop(size_t count, const float *draws, float rate, float scale, float *row);

/// sum[i] += part[i]
void hbn_add(size_t count, const float *part, float *sum);

/// sum[i] = a[i] + b[i]
void hbn_sum(size_t count, const float *a, const float *b, float *sum);

/// output[i] = max(a[i] + b[i], 0)
void hbn_add_relu(size_t count, const float *a, const float *b, float *output);

/// gradient[i] stays where output[i] is above zero, and becomes zero elsewhere.
void hbn_relu_backward(size_t count, const float *output, float *gradient);

/// The sums of a gradient `[n][c / 16][pixels][16]` over n and pixels. Where `output`, of the same layout, is given,
/// the gradient first passes back through ReLU, in place.
void hbn_bias_gradient(
    size_t batch, size_t channels, size_t pixels, const float *output, float *gradient, float *sums);

/// Copies a line of pixels between an activation `[channels / lanes][...][pixels][lanes]`, whose blocks of channels are
/// `block_stride` floats apart, and a row `[pixels][channels]`.
void hbn_flatten(
    size_t pixels, size_t channels, size_t lanes, size_t block_stride, const float *activation, float *row);

/// The way back for a gradient: gradient = row_gradient scale where `row` is not zero, zero elsewhere and in channels
/// that do not exist.
void hbn_unflatten_gradient(
    size_t pixels, size_t channels, size_t lanes, size_t block_stride, const float *row, const float *row_gradient,
    float scale, float *gradient);

#endif
