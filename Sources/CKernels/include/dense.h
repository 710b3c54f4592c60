#ifndef HBN_DENSE_H
#define HBN_DENSE_H

#include <stddef.h>

// A dense layer on few samples: its speed is that of reading the kernel `[depth, width]` from memory, so each pass
// reads it once for all samples, row after row, and leaves out the rows whose inputs are zero. The kernel's pointers
// are those of the whole; a pass covers rows `first` to `first + rows`.

/// What a sample brings: its inputs x `[depth]`, and for backward the gradient of the sums, d `[width]`, and the place
/// for that of the inputs, dx `[depth]`.
typedef struct {
    const float *x, *d;
    float *dx;
} hbn_dense_sample;

/// sums[sample][j] += sum over the rows of x[row] kernel[row][j], added row by row.
void hbn_dense_forward(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel,
    float *sums);

/// dx[row] = sum over j of d[j] kernel[row][j] where x[row] is not zero, and zero elsewhere.
void hbn_dense_backward_data(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel);

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

/// One step of the rows of a dense kernel along the sum over samples of x[row] d[j], added in their order.
void hbn_sgd_step_factored(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    const float *parameters, float *velocity, float *updated);

/// Both without momentum, reading each row once: dx, and then the row's step in place.
void hbn_dense_backward_data_and_step(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    float *kernel);

#endif
