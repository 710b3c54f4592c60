// All kernels, for the kind of processor that a file which includes this has described: HBN_KIND names it, HBN_WIDTH
// and HBN_FUSED are those of vectors.h.

#include "../include/kernels.h"

#include "vectors.h"
#include "matrices.h"
#include "winograd.h"
#include "direct.h"
#include "layers.h"
#include "dense.h"
#include "elementwise.h"
#include "bfloat16.h"
#include "packing.h"

const hbn_kernels HBN_KIND = {
    .winograd_scratch_bytes = winograd_scratch_bytes,
    .winograd_convolve = winograd_convolve,
    .winograd_convolve_transposed = winograd_convolve_transposed,
    .winograd_kernel_gradient = winograd_kernel_gradient,
    .direct_scratch_bytes = direct_scratch_bytes,
    .direct_convolve = direct_convolve,
    .direct_convolve_transposed = direct_convolve_transposed,
    .direct_kernel_gradient = direct_kernel_gradient,
    .bias_gradient = bias_gradient,
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .max_pool_relu_backward = max_pool_relu_backward,
    .norm_statistics = norm_statistics,
    .norm_apply = norm_apply,
    .norm_backward = norm_backward,
    .map_forward = map_forward,
    .map_backward = map_backward,
    .gate_forward = gate_forward,
    .gate_backward = gate_backward,
    .dense_forward = dense_forward,
    .dense_backward_data = dense_backward_data,
    .sgd_step = sgd_step,
    .sgd_step_factored = sgd_step_factored,
    .dense_backward_data_and_step = dense_backward_data_and_step,
    .product = product,
    .product_with_columns = product_with_columns,
    .product_of_columns = product_of_columns,
    .philox_uniform = philox_uniform,
    .drop = drop,
    .add = add,
    .sum = sum,
    .add_relu = add_relu,
    .relu_backward = relu_backward,
    .flatten = flatten,
    .unflatten_gradient = unflatten_gradient,
    .round_bfloat16 = round_bfloat16,
    .pack_bfloat16 = pack_bfloat16,
    .unpack_bfloat16 = unpack_bfloat16,
    .pack_rows = pack_rows,
    .unpack_rows = unpack_rows,
    .gather = gather,
    .scatter = scatter,
};
