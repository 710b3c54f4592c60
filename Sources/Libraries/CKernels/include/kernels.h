#ifndef HBN_KERNELS_H
#define HBN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The loops that take a step's time, compiled from one source for each kind of processor. All kinds give the same bits:
// docs/decisions/portable-numerics.md.
//
// Activations and their gradients are in blocks of 16 channels, `[n][c / 16][h][w][16]`; channels that only fill up the
// last block are zero, as long as numbers are finite. Kernels are as files have them, `[k][k][inputs][outputs]`.
// Everything runs on the calling thread.

typedef enum { hbn_forward, hbn_backward_data, hbn_backward_weights } hbn_pass;

/// A 3x3 convolution with stride 1 and `same` padding, or its gradients, by Winograd's minimal filtering (Lavin and
/// Gray, "Fast algorithms for convolutional neural networks", CVPR 2016), with tiles of 4 or 6 pixels each way. The
/// shape decides between them.
typedef struct {
    int batch, height, width;
    /// Channels of the convolution's input and of its output.
    int inputs, outputs;
} hbn_winograd_shape;

enum { hbn_widest_kernel = 7, hbn_image_channels = 3 };

/// A convolution by its definition, or the transposed one that leads from its output to its input.
typedef struct {
    int batch;
    /// The side of the convolution's input.
    int height, width, inputs;
    /// The side of its output.
    int small_height, small_width, outputs;
    /// The kernel's extent each way, at most `hbn_widest_kernel`.
    int kernel;
    int stride;
    /// Zeros before the first row and column.
    int top, left;
    /// The input is images `[n][height][width][3]`: of a 3x3 convolution with stride 1.
    bool is_image;
} hbn_direct_shape;

/// What a sample brings to a dense layer: its inputs x `[depth]`, and for backward the gradient of the sums, d
/// `[width]`, and the place for that of the inputs, dx `[depth]`.
typedef struct {
    const float *x, *d;
    float *dx;
} hbn_dense_sample;

/// Stochastic gradient descent, as `SGD` of the module Optimization has it.
typedef struct {
    float learning_rate, momentum;
    /// The share of itself that a parameter keeps: 1 without weight decay.
    float kept;
    bool nesterov;
} hbn_sgd;

typedef struct {
    // MARK: Convolutions. Scratch memory is aligned to 64; a bias may be NULL.

    /// Bytes of working memory for a pass.
    size_t (*winograd_scratch_bytes)(hbn_winograd_shape shape, hbn_pass pass);
    /// output = kernel * input + bias, then ReLU where asked for.
    void (*winograd_convolve)(
        hbn_winograd_shape shape, const float *input, const float *kernel, const float *bias, bool relu, float *output,
        void *scratch);
    /// The gradient of the input from the output's, which is also the transposed convolution: then with a bias over the
    /// `inputs` channels. Where `passed` is given, which is the input and the output of a ReLU, the gradient stays only
    /// where that is above zero, and `sums` get its sums over n and pixels.
    void (*winograd_convolve_transposed)(
        hbn_winograd_shape shape, const float *output_gradient, const float *kernel, const float *bias,
        const float *passed, float *input_gradient, float *sums, void *scratch);
    /// The gradient of the kernel.
    void (*winograd_kernel_gradient)(
        hbn_winograd_shape shape, const float *input, const float *output_gradient, float *kernel_gradient,
        void *scratch);

    /// The same four by the definition. The gradient of the input is added to what stands there where `adds` says so.
    size_t (*direct_scratch_bytes)(hbn_direct_shape shape, hbn_pass pass);
    void (*direct_convolve)(
        hbn_direct_shape shape, const float *input, const float *kernel, const float *bias, bool relu, float *output,
        void *scratch);
    void (*direct_convolve_transposed)(
        hbn_direct_shape shape, const float *output_gradient, const float *kernel, const float *bias, bool adds,
        float *input_gradient, void *scratch);
    void (*direct_kernel_gradient)(
        hbn_direct_shape shape, const float *input, const float *output_gradient, float *kernel_gradient,
        void *scratch);

    /// The sums of an output's gradient over n and pixels. Where the `output` of a ReLU is given, the gradient first
    /// passes back through it, in place.
    void (*bias_gradient)(
        size_t batch, size_t channels, size_t pixels, const float *output, float *gradient, float *sums);

    // MARK: The layers between them

    /// The maximum of each `size` x `size` window of so many planes, with the same stride. The first of equals is
    /// taken, and NaN is above all. `chosen`, NULL or a byte for each result, gets its place in the window.
    void (*max_pool)(
        size_t planes, size_t height, size_t width, size_t size, const float *x, float *y, uint8_t *chosen);
    /// Each window's gradient goes to what was chosen; it is added to what stands in dx where `adds` says so.
    void (*max_pool_backward)(
        size_t planes, size_t height, size_t width, size_t size, const float *dy, const uint8_t *chosen, bool adds,
        float *dx);
    /// The same for 2x2 windows and even extents, and then back through the ReLU whose output is x, with the sums of dx
    /// over n and pixels.
    void (*max_pool_relu_backward)(
        size_t batch, size_t channels, size_t height, size_t width, const float *dy, const uint8_t *chosen,
        const float *x, bool adds, float *dx, float *sums);

    /// Mean and biased variance of each channel over n and pixels.
    void (*norm_statistics)(
        size_t batch, size_t channels, size_t pixels, const float *x, float *mean, float *variance);
    /// y = gamma (x - mean) / sqrt(variance + epsilon) + beta
    void (*norm_apply)(
        size_t batch, size_t channels, size_t pixels, const float *x, const float *mean, const float *variance,
        const float *gamma, const float *beta, float epsilon, float *y);
    /// The gradients of x, gamma and beta, through the statistics too (Ioffe and Szegedy, ICML 2015). `sums`, unless
    /// NULL, get those of dx over n and pixels, as `bias_gradient` adds them.
    void (*norm_backward)(
        size_t batch, size_t channels, size_t pixels, const float *x, const float *mean, const float *variance,
        const float *gamma, float epsilon, const float *dy, float *dx, float *dgamma, float *dbeta, float *sums);

    /// A 1x1 convolution to one channel, `[n][pixels]`, then the sigmoid where asked for.
    void (*map_forward)(
        size_t batch, size_t channels, size_t pixels, const float *x, const float *kernel, const float *bias,
        bool sigmoid, float *map);
    /// Its gradients. `map_gradient` passes back through the sigmoid, in place; dx may be NULL.
    void (*map_backward)(
        size_t batch, size_t channels, size_t pixels, const float *x, const float *kernel, const float *map,
        bool sigmoid, float *map_gradient, float *dx, float *kernel_gradient, float *bias_gradient);

    /// y = x times the map `[n][height / 2][width / 2]`, repeated over 2x2 pixels and the channels.
    void (*gate_forward)(
        size_t batch, size_t channels, size_t height, size_t width, const float *x, const float *map, float *y);
    void (*gate_backward)(
        size_t batch, size_t channels, size_t height, size_t width, const float *x, const float *map, const float *dy,
        float *dx, float *map_gradient);

    // MARK: Dense layers
    //
    // The speed of a large one on few samples is that of reading the kernel `[depth, width]` from memory, so each pass
    // reads it once for all samples, row after row, and leaves out the rows whose inputs are zero. The kernel's
    // pointers are those of the whole; a pass covers rows `first` to `first + rows`.

    /// sums[sample][j] += sum over the rows of x[row] kernel[row][j], added row by row.
    void (*dense_forward)(
        const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel,
        float *sums);
    /// dx[row] = sum over j of d[j] kernel[row][j] where x[row] is not zero, and zero elsewhere.
    void (*dense_backward_data)(
        const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel);
    /// One step of `count` parameters into `updated`, which may be `parameters`. `velocity` is NULL without momentum.
    void (*sgd_step)(
        hbn_sgd sgd, size_t count, const float *parameters, const float *gradient, float *velocity, float *updated);
    /// One step of the rows of a dense kernel along the sum over samples of x[row] d[j], added in their order.
    void (*sgd_step_factored)(
        hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
        const float *parameters, float *velocity, float *updated);
    /// Both without momentum, reading each row once: dx, and then the row's step in place.
    void (*dense_backward_data_and_step)(
        hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
        float *kernel);

    /// c = a b, with a `[rows, depth]`, b `[depth, width]`, c `[rows, width]`.
    void (*product)(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c);
    /// c = a b^T, with b `[width, depth]`.
    void (*product_with_columns)(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c);
    /// c = a^T b, with a `[depth, rows]`.
    void (*product_of_columns)(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c);

    // MARK: Numbers one by one

    /// Uniform numbers in [0, 1) from the words of Philox 4x32-10: `output[4 i + w]` is word w of the block with the
    /// counter (low word of first + i, purpose | high word, round, item).
    void (*philox_uniform)(
        uint32_t key0, uint32_t key1, uint32_t purpose, uint32_t round, uint32_t item, uint64_t first, size_t count,
        float *output);
    /// row[i] = draws[i] < rate ? 0 : row[i] scale
    void (*drop)(size_t count, const float *draws, float rate, float scale, float *row);
    /// sum[i] += part[i]
    void (*add)(size_t count, const float *part, float *sum);
    /// sum[i] = a[i] + b[i]
    void (*sum)(size_t count, const float *a, const float *b, float *sum);
    /// output[i] = a[i] + b[i], or zero if that is below zero; NaN stays.
    void (*add_relu)(size_t count, const float *a, const float *b, float *output);
    /// gradient[i] stays where output[i] is above zero, and becomes zero elsewhere.
    void (*relu_backward)(size_t count, const float *output, float *gradient);

    /// Copies a line of pixels between an activation, whose blocks of channels are `block_stride` floats apart, and a
    /// row `[pixels][channels]`.
    void (*flatten)(size_t pixels, size_t channels, size_t block_stride, const float *activation, float *row);
    /// The way back for a gradient: gradient = row_gradient scale where `row` is not zero, zero elsewhere and in
    /// channels that do not exist.
    void (*unflatten_gradient)(
        size_t pixels, size_t channels, size_t block_stride, const float *row, const float *row_gradient, float scale,
        float *gradient);

    /// Rounds finite numbers to the nearest bfloat16, half to even; a number beyond the largest becomes infinite.
    void (*round_bfloat16)(size_t count, float *x);
    /// The upper halves of rounded numbers.
    void (*pack_bfloat16)(size_t count, const float *x, uint16_t *packed);
    void (*unpack_bfloat16)(size_t count, const uint16_t *packed, float *x);

    // MARK: Rows of floats without their zeros
    //
    // A float is zero if all its bits are, so that nothing is lost: -0 and NaN stay. Packed, a row is one word of 32
    // bits for each 32 floats or part of them, whose bit i says that float i is not zero, and then the floats that are
    // not zero. All are little-endian, and rows follow each other without padding. Packed bytes may stand at any
    // address. Rows are `stride` floats apart.

    /// Packs rows and returns the bytes written. Nothing is written beyond them.
    size_t (*pack_rows)(const float *x, size_t stride, size_t rows, size_t length, void *bytes);
    /// Unpacks rows that follow each other. False if the bytes are not what `pack_rows` makes of such rows; x is then
    /// partly written.
    bool (*unpack_rows)(const void *bytes, size_t count, size_t rows, size_t length, float *x);
    /// Takes the values at the places where x is not zero, and returns how many. Nothing is written beyond them.
    size_t (*gather)(
        const float *values, size_t value_stride, const float *x, size_t stride, size_t rows, size_t length,
        float *packed);
    /// Puts packed values where x is not zero, and zeros elsewhere. False if there are not exactly `count` such places;
    /// `values` is then partly written.
    bool (*scatter)(
        const float *packed, size_t count, const float *x, size_t stride, size_t rows, size_t length, float *values,
        size_t value_stride);
} hbn_kernels;

/// The kernels of a kind of processor: "avx512", "avx2", "neon", or "plain" which every processor runs. NULL where this
/// one does not run them.
const hbn_kernels *hbn_kernels_named(const char *name);

/// Does the calling thread round to nearest, and keep numbers below the smallest normal one?
bool hbn_arithmetic_is_ieee(void);

#endif
