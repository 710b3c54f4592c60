#include "dense.h"

#include "vectors.h"

enum {
    strip = 16,  // Vectors of a row that are summed at once: 256 floats.
    block = 16,  // Rows that stay in the first-level cache while each sample passes over them.
    ahead = 16,  // Rows from the one in work to the one that memory is asked for.
};

/// Asks the second-level cache for a row before it is needed. Rows are left out where inputs are zero, which a
/// processor does not foresee. There may be no such row: asking for memory that is not there does nothing.
HBN_INLINE void prefetch(const float *row, size_t width) {
    for (size_t j = 0; j < width; j += hbn_lanes) __builtin_prefetch(row + j, 0, 2);
}

/// A bit for each of up to sixteen numbers that is not zero.
HBN_INLINE uint32_t non_zero(const float *x, size_t count) {
    if (count >= hbn_lanes) {
        typedef _Bool bits __attribute__((ext_vector_type(16)));
        const hbn_floats zero = {0};
        const bits mask = __builtin_convertvector(HBN_READ(x) != zero, bits);
        uint16_t word;
        memcpy(&word, &mask, sizeof word);
        return word;
    }
    uint32_t word = 0;
    for (size_t i = 0; i < count; i++) word |= (uint32_t)(x[i] != 0) << i;
    return word;
}

/// The rows of a block whose input is not zero.
HBN_INLINE size_t list_non_zero(const float *x, size_t rows, uint16_t *list) {
    size_t count = 0;
    for (size_t row = 0; row < rows; row += hbn_lanes)
        for (uint32_t left = non_zero(x + row, rows - row); left; left &= left - 1)
            list[count++] = (uint16_t)(row + (size_t)__builtin_ctz(left));
    return count;
}

HBN_EACH_PROCESSOR
void hbn_dense_forward(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel,
    float *sums) {
    uint16_t list[block];
    // While the samples pass over a block, they ask for the rows of the next.
    const size_t share = (block + count - 1) / count;
    for (size_t start = first; start < first + rows; start += block) {
        const size_t some = first + rows - start < block ? first + rows - start : block;
        const float *weights = kernel + start * width;
        size_t asked = 0;
        for (size_t sample = 0; sample < count; sample++) {
            const float *x = samples[sample].x + start;
            __builtin_prefetch(x + block);
            float *sum = sums + sample * width;
            const size_t listed = list_non_zero(x, some, list);
            size_t j = 0;
            for (; j + strip * hbn_lanes <= width; j += strip * hbn_lanes) {
                hbn_floats total[strip];
                HBN_UNROLL for (int v = 0; v < strip; v++) total[v] = HBN_READ(sum + j + v * hbn_lanes);
                for (size_t i = 0; i < listed; i++) {
                    const float *row = weights + list[i] * width + j;
                    const float input = x[list[i]];
                    if (asked < (sample + 1) * share) prefetch(kernel + (start + block + asked++) * width, width);
                    HBN_UNROLL for (int v = 0; v < strip; v++)
                        total[v] = total[v] + input * HBN_READ(row + v * hbn_lanes);
                }
                HBN_UNROLL for (int v = 0; v < strip; v++) HBN_AT(sum + j + v * hbn_lanes) = total[v];
            }
            for (size_t i = 0; i < listed && j < width; i++) {
                const float *row = weights + list[i] * width;
                for (size_t k = j; k < width; k++) sum[k] += x[list[i]] * row[k];
            }
        }
    }
}

/// The sum of the sixteen, in one order always.
HBN_INLINE float sum_of(const hbn_floats *v) {
    float all[hbn_lanes];
    memcpy(all, v, sizeof all);
    HBN_UNROLL for (int half = hbn_lanes / 2; half > 0; half /= 2)
        HBN_UNROLL for (int i = 0; i < half; i++) all[i] += all[i + half];
    return all[0];
}

HBN_INLINE float dot(const float *a, const float *b, size_t count) {
    hbn_floats sums[4] = {0};
    size_t j = 0;
    for (; j + 4 * hbn_lanes <= count; j += 4 * hbn_lanes)
        HBN_UNROLL for (int v = 0; v < 4; v++)
            sums[v] = sums[v] + HBN_READ(a + j + v * hbn_lanes) * HBN_READ(b + j + v * hbn_lanes);
    sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    float sum = sum_of(&sums[0]);
    for (; j < count; j++) sum += a[j] * b[j];
    return sum;
}

/// Any width and number of samples: each passes over the rows for itself.
HBN_INLINE void backward_data_any(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel) {
    uint16_t list[block];
    for (size_t start = first; start < first + rows; start += block) {
        const size_t some = first + rows - start < block ? first + rows - start : block;
        for (size_t sample = 0; sample < count; sample++) {
            float *dx = samples[sample].dx + start;
            const size_t listed = list_non_zero(samples[sample].x + start, some, list);
            memset(dx, 0, some * sizeof(float));
            for (size_t i = 0; i < listed; i++) {
                const float *row = kernel + (start + list[i]) * width;
                prefetch(row + ahead * width, width);
                dx[list[i]] = dot(samples[sample].d, row, width);
            }
        }
    }
}

/// Steps of `count` parameters; `velocity` is NULL without momentum. All that is read of a vector is read before it is
/// written, for `updated` may be `parameters`.
HBN_INLINE void step(
    const hbn_sgd *sgd, size_t count, const float *parameters, const float *gradient, float *velocity,
    float *updated) {
    const float rate = sgd->learning_rate, momentum = sgd->momentum, kept = sgd->kept;
#define HBN_STEP(TYPE, READ, AT)                                                                             \
    const TYPE push = rate * READ(gradient + i);                                                             \
    if (velocity) {                                                                                          \
        const TYPE speed = momentum * READ(velocity + i) - push;                                             \
        const TYPE move = sgd->nesterov ? momentum * speed - push : speed;                                   \
        AT(velocity + i) = speed;                                                                            \
        AT(updated + i) = READ(parameters + i) * kept + move;                                                \
    } else {                                                                                                 \
        AT(updated + i) = READ(parameters + i) * kept - push;                                                \
    }
    size_t i = 0;
    for (; i + hbn_lanes <= count; i += hbn_lanes) {
        HBN_STEP(hbn_floats, HBN_READ, HBN_AT)
    }
    for (; i < count; i++) {
        HBN_STEP(float, *, *)
    }
#undef HBN_STEP
}

HBN_EACH_PROCESSOR
void hbn_sgd_step(
    hbn_sgd sgd, size_t count, const float *parameters, const float *gradient, float *velocity, float *updated) {
    step(&sgd, count, parameters, gradient, velocity, updated);
}

enum { most_samples = 64 };

/// The samples that have an input in each of up to sixteen rows.
typedef struct {
    uint8_t samples[hbn_lanes][most_samples];
    size_t count[hbn_lanes];
} hbn_row_lists;

/// `count` is at most `most_samples`.
HBN_INLINE void list_inputs(
    const hbn_dense_sample *samples, size_t count, size_t start, size_t rows, hbn_row_lists *lists) {
    memset(lists->count, 0, sizeof lists->count);
    for (size_t sample = 0; sample < count; sample++) {
        const float *x = samples[sample].x + start;
        __builtin_prefetch(x + block);
        for (uint32_t left = non_zero(x, rows); left; left &= left - 1) {
            const int row = __builtin_ctz(left);
            lists->samples[row][lists->count[row]++] = (uint8_t)sample;
        }
    }
}

/// Adds the products of a row's inputs with the listed samples' errors, `size` floats from column j on.
HBN_INLINE void add_products(
    const hbn_dense_sample *samples, const uint8_t *list, size_t listed, size_t row, size_t j, size_t size,
    float *gradient) {
    for (size_t i = 0; i < listed; i++) {
        const float x = samples[list[i]].x[row];
        const float *d = samples[list[i]].d + j;
        for (size_t c = 0; c < size; c++) gradient[c] += x * d[c];
    }
}

/// Any width, number of samples and optimizer.
HBN_INLINE void step_factored_any(
    const hbn_sgd *sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    const float *parameters, float *velocity, float *updated) {
    enum { columns = strip * hbn_lanes };
    // Without momentum and decay a row moves only if it had an input.
    const _Bool stays = !velocity && sgd->kept == 1 && updated == parameters;
    for (size_t start = first; start < first + rows; start += hbn_lanes) {
        const size_t some = first + rows - start < hbn_lanes ? first + rows - start : hbn_lanes;
        hbn_row_lists lists;
        list_inputs(samples, count < most_samples ? count : most_samples, start, some, &lists);
        for (size_t i = 0; i < some; i++) {
            const size_t row = start + i;
            prefetch(parameters + (row + ahead) * width, width);
            if (stays && lists.count[i] == 0 && count <= most_samples) continue;
            for (size_t j = 0; j < width; j += columns) {
                const size_t size = width - j < columns ? width - j : columns, at = row * width + j;
                float gradient[columns] = {0};
                if (size == columns)  // With a length that the compiler knows, the sums stay in registers.
                    add_products(samples, lists.samples[i], lists.count[i], row, j, columns, gradient);
                else
                    add_products(samples, lists.samples[i], lists.count[i], row, j, size, gradient);
                for (size_t sample = most_samples; sample < count; sample++)
                    add_products(
                        samples + sample, (const uint8_t[]){0}, samples[sample].x[row] != 0, row, j, size, gradient);
                step(sgd, size, parameters + at, gradient, velocity ? velocity + at : NULL, updated + at);
            }
        }
    }
}

/// What a pass over rows does while a row is in the registers: errors of the inputs, a step of the row, or both.
enum { data = 1, stepping = 2 };

/// One row of `strip` vectors. `listed` of the samples have an input there. The sums are added as `dot` and
/// `add_products` add them.
HBN_INLINE void pass_row(
    int work, const hbn_sgd *sgd, const hbn_dense_sample *samples, const uint8_t *list, size_t listed, size_t row,
    const float *weights, float *updated) {
    if (work & data) {
        hbn_floats w[strip];
        HBN_UNROLL for (int v = 0; v < strip; v++) w[v] = HBN_READ(weights + v * hbn_lanes);
        for (size_t i = 0; i < listed; i++) {
            const float *d = samples[list[i]].d;
            hbn_floats sums[4] = {0};
            HBN_UNROLL for (int v = 0; v < strip; v++)
                sums[v % 4] = sums[v % 4] + HBN_READ(d + v * hbn_lanes) * w[v];
            sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            samples[list[i]].dx[row] = sum_of(&sums[0]);
        }
    }
    if (work & stepping) {
        hbn_floats gradient[strip];
        HBN_UNROLL for (int v = 0; v < strip; v++) gradient[v] = (hbn_floats){0};
        for (size_t i = 0; i < listed; i++) {
            const float *d = samples[list[i]].d;
            const float x = samples[list[i]].x[row];
            HBN_UNROLL for (int v = 0; v < strip; v++) gradient[v] = gradient[v] + x * HBN_READ(d + v * hbn_lanes);
        }
        HBN_UNROLL for (int v = 0; v < strip; v++) {
            const hbn_floats push = sgd->learning_rate * gradient[v];
            HBN_AT(updated + v * hbn_lanes) = HBN_READ(weights + v * hbn_lanes) * sgd->kept - push;
        }
    }
}

/// A pass over rows of `strip` vectors, with at most `most_samples` and without momentum.
HBN_INLINE void pass_rows(
    int work, const hbn_sgd *sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows,
    const float *kernel, float *updated) {
    const size_t width = strip * hbn_lanes;
    // Without decay a row moves only if it had an input.
    const _Bool stays = !(work & stepping) || (sgd->kept == 1 && updated == kernel);
    for (size_t start = first; start < first + rows; start += hbn_lanes) {
        const size_t some = first + rows - start < hbn_lanes ? first + rows - start : hbn_lanes;
        hbn_row_lists lists;
        list_inputs(samples, count, start, some, &lists);
        if (work & data)
            for (size_t sample = 0; sample < count; sample++)
                memset(samples[sample].dx + start, 0, some * sizeof(float));
        for (size_t i = 0; i < some; i++) {
            const size_t at = (start + i) * width;
            prefetch(kernel + at + ahead * width, width);
            if (lists.count[i] > 0 || !stays)
                pass_row(
                    work, sgd, samples, lists.samples[i], lists.count[i], start + i, kernel + at,
                    work & stepping ? updated + at : NULL);
        }
    }
}

HBN_EACH_PROCESSOR
void hbn_dense_backward_data(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel) {
    if (width == strip * hbn_lanes && count <= most_samples)
        pass_rows(data, NULL, samples, count, first, rows, kernel, NULL);
    else
        backward_data_any(samples, count, first, rows, width, kernel);
}

HBN_EACH_PROCESSOR
void hbn_sgd_step_factored(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    const float *parameters, float *velocity, float *updated) {
    if (width == strip * hbn_lanes && count <= most_samples && !velocity)
        pass_rows(stepping, &sgd, samples, count, first, rows, parameters, updated);
    else
        step_factored_any(&sgd, samples, count, first, rows, width, parameters, velocity, updated);
}

HBN_EACH_PROCESSOR
void hbn_dense_backward_data_and_step(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    float *kernel) {
    if (width == strip * hbn_lanes && count <= most_samples)
        return pass_rows(data | stepping, &sgd, samples, count, first, rows, kernel, kernel);
    for (size_t row = first; row < first + rows; row += block) {
        const size_t some = first + rows - row < block ? first + rows - row : block;
        backward_data_any(samples, count, row, some, width, kernel);
        step_factored_any(&sgd, samples, count, row, some, width, kernel, NULL, kernel);
    }
}
