#ifndef HBN_DENSE_H
#define HBN_DENSE_H

#include <stddef.h>

// A dense layer on few samples: its speed is that of reading the kernel `[depth, width]` from memory, so each pass reads
// it once, row after row, and leaves out the rows whose inputs are zero.

/// sums[sample][j] = sum over `rows` rows of x[sample][row] kernel[row][j], added row by row.
///
/// `x` is `[samples][depth]` at the first row, `sums` `[samples][width]`.
void hbn_dense_forward(
    size_t samples, size_t rows, size_t depth, size_t width, const float *x, const float *kernel, float *sums);

/// dx[sample][row] = sum over j of d[sample][j] kernel[row][j] where x[sample][row] is not zero, and zero elsewhere.
///
/// `x` and `dx` are `[samples][depth]`, `d` is `[samples][width]`.
void hbn_dense_backward_data(
    size_t samples, size_t depth, size_t width, const float *x, const float *d, const float *kernel, float *dx);

/// Stochastic gradient descent, as `SGD` of the module Optimization has it.
typedef struct {
    float learning_rate, momentum;
    /// The share of itself that a parameter keeps: 1 without weight decay.
    float kept;
    _Bool nesterov;
} hbn_sgd;

/// One step of `count` parameters into `updated`, which may be `parameters`. `velocity` is NULL without momentum.
void hbn_sgd_step(
    hbn_sgd sgd, size_t count, const float *parameters, const float *gradient, float *velocity, float *updated);

/// The gradient X^T D of one shard: x `[samples][depth]`, d `[samples][width]`.
typedef struct {
    size_t samples;
    const float *x, *d;
} hbn_factors;

/// One step of rows `first` to `first + rows` of a kernel `[depth, width]` along the sum of the shards' X^T D, added in
/// their order. The pointers are those of the whole kernel.
void hbn_sgd_step_factored(
    hbn_sgd sgd, const hbn_factors *shards, size_t shard_count, size_t first, size_t rows, size_t depth, size_t width,
    const float *parameters, float *velocity, float *updated);

#endif
