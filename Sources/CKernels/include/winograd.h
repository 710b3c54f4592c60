#ifndef HBN_WINOGRAD_H
#define HBN_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

/// A 3x3 convolution with stride 1 and `same` padding, or its gradients, by Winograd's minimal filtering F(4x4, 3x3) or
/// F(6x6, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016), on one thread. The
/// shape decides between the two.
///
/// Activations are `[n][c / 16][h][w][16]`, kernels `[3][3][inputs][outputs]`. Channels come in multiples of 16.
typedef struct {
    int batch, height, width;
    /// Channels of the convolution's input and of its output.
    int inputs, outputs;
} hbn_winograd_shape;

typedef enum { hbn_winograd_forward, hbn_winograd_backward_data, hbn_winograd_backward_weights } hbn_winograd_pass;

/// Does this processor have the instructions (AVX-512)?
bool hbn_winograd_is_available(void);

/// Bytes of working memory for a pass, to be aligned to 64.
size_t hbn_winograd_scratch_bytes(hbn_winograd_shape shape, hbn_winograd_pass pass);

/// output = kernel * input + bias, then ReLU where asked for. `bias` may be NULL.
void hbn_winograd_convolve(
    hbn_winograd_shape shape, const float *input, const float *kernel, const float *bias, bool relu, float *output,
    void *scratch);

/// The gradient of the input from the output's, which is also the transposed convolution: then with a bias over the
/// `inputs` channels, or NULL.
void hbn_winograd_convolve_transposed(
    hbn_winograd_shape shape, const float *output_gradient, const float *kernel, const float *bias,
    float *input_gradient, void *scratch);

/// The gradient of the kernel.
void hbn_winograd_kernel_gradient(
    hbn_winograd_shape shape, const float *input, const float *output_gradient, float *kernel_gradient, void *scratch);

#endif
