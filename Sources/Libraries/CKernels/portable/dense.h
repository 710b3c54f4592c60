// A dense layer on few samples, and stochastic gradient descent.

enum {
    strip = HBN_WIDTH == 8 ? 8 : 16,  // Vectors of a row that are summed at once.
    columns = strip * HBN_WIDTH,
    whole = 256,  // The width that has passes of its own.
    rows_in_cache = block,  // Rows that stay in the first-level cache while each sample passes over them.
    ahead = 16,  // Rows from the one in work to the one that memory is asked for.
};

/// Rows that the second-level cache is asked for before they are needed. Rows are left out where inputs are zero, which
/// a processor does not foresee. They are asked for a few lines at a time, between other work: a processor waits where
/// it has more lines under way than it can. There may be no such rows: asking for memory that is not there does
/// nothing.
typedef struct {
    const float *next, *end;
} wanted;

HBN_INLINE wanted want(const float *rows, size_t size) { return (wanted){rows, rows + size}; }

HBN_INLINE void ask_for(wanted *w, size_t lines) {
    for (; lines > 0 && w->next < w->end; lines--, w->next += block) __builtin_prefetch(w->next, 0, 2);
}

HBN_INLINE void ask_for_all(wanted *w) { ask_for(w, SIZE_MAX); }

HBN_INLINE void prefetch(const float *row, size_t width) {
    wanted w = want(row, width);
    ask_for_all(&w);
}

/// A bit for each of up to sixteen numbers that is not zero.
HBN_INLINE uint32_t non_zero(const float *x, size_t count) {
    if (count >= block) {
        typedef _Bool bits __attribute__((ext_vector_type(16)));
        const bits mask = __builtin_convertvector(read(x) != (floats){0}, bits);
        uint16_t word;
        memcpy(&word, &mask, sizeof word);
        return word;
    }
    uint32_t word = 0;
    for (size_t i = 0; i < count; i++) word |= (uint32_t)(x[i] != 0) << i;
    return word;
}

/// For each bit that is set, its number, from below.
#define FOR_PRESENT(BITS, I)                                                                                 \
    for (uint64_t hbn_left = (BITS), I; hbn_left && (I = (uint64_t)__builtin_ctzll(hbn_left), true);         \
         hbn_left &= hbn_left - 1)

static void dense_forward(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel,
    float *sums) {
    for (size_t start = first; start < first + rows; start += rows_in_cache) {
        const size_t some = first + rows - start < rows_in_cache ? first + rows - start : rows_in_cache;
        const float *weights = kernel + start * width;
        // While the samples pass over these rows, they ask for the next.
        wanted next = want(weights + rows_in_cache * width, rows_in_cache * width);
        size_t inputs = 0;
        for (size_t sample = 0; sample < count; sample++)
            inputs += (size_t)__builtin_popcount(non_zero(samples[sample].x + start, some));
        // As many lines with each input as bring all of them, but no more than a row.
        const size_t a_row = width / block, fair = inputs ? (rows_in_cache * a_row + inputs - 1) / inputs : 0;
        const size_t lines = fair < a_row ? fair : a_row;
        for (size_t sample = 0; sample < count; sample++) {
            const float *x = samples[sample].x + start;
            __builtin_prefetch(x + rows_in_cache);
            float *sum = sums + sample * width;
            const uint32_t present = non_zero(x, some);
            size_t j = 0;
            for (; j + columns <= width; j += columns) {
                vector total[strip];
                HBN_UNROLL for (int v = 0; v < strip; v++) total[v] = load(sum + j + v * HBN_WIDTH);
                FOR_PRESENT(present, i) {
                    const float *row = weights + i * width + j;
                    const vector input = spread(x[i]);
                    if (j == 0) ask_for(&next, lines);
                    HBN_UNROLL for (int v = 0; v < strip; v++)
                        total[v] = fused(input, load(row + v * HBN_WIDTH), total[v]);
                }
                HBN_UNROLL for (int v = 0; v < strip; v++) store(sum + j + v * HBN_WIDTH, total[v]);
            }
            if (j == width) continue;
            FOR_PRESENT(present, i)
                for (size_t k = j; k < width; k++) sum[k] = fused_scalar(x[i], weights[i * width + k], sum[k]);
        }
    }
}

/// Sixteen lanes in each of four chains, and the chains' sums. What is left beyond whole steps of four blocks is left
/// out.
HBN_INLINE floats lanes_of_dot(const float *a, const float *b, size_t count) {
    floats sums[4] = {{0}};
    for (size_t j = 0; j + 4 * block <= count; j += 4 * block)
        HBN_UNROLL for (int v = 0; v < 4; v++)
            sums[v] = block_fused(read(a + j + v * block), read(b + j + v * block), sums[v]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// The lanes' sum, and then what is left, one by one.
HBN_INLINE float dot(const float *a, const float *b, size_t count) {
    float sum = sum_of(lanes_of_dot(a, b, count));
    for (size_t j = count / (4 * block) * (4 * block); j < count; j++) sum = fused_scalar(a[j], b[j], sum);
    return sum;
}

/// Any width and number of samples: each passes over the rows for itself.
HBN_INLINE void backward_data_any(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel) {
    for (size_t start = first; start < first + rows; start += rows_in_cache) {
        const size_t some = first + rows - start < rows_in_cache ? first + rows - start : rows_in_cache;
        for (size_t sample = 0; sample < count; sample++) {
            float *dx = samples[sample].dx + start;
            const uint32_t present = non_zero(samples[sample].x + start, some);
            memset(dx, 0, some * sizeof(float));
            FOR_PRESENT(present, i) {
                const float *row = kernel + (start + i) * width;
                prefetch(row + ahead * width, width);
                dx[i] = dot(samples[sample].d, row, width);
            }
        }
    }
}

// MARK: Stochastic gradient descent

/// One vector of parameters after a step; its velocity too where there is momentum.
HBN_INLINE vector stepped(const hbn_sgd *sgd, vector parameters, vector gradient, float *velocity) {
    const vector push = sgd->learning_rate * gradient;
    if (!velocity) return muladd(sgd->kept, parameters, -push);
    const vector speed = muladd(sgd->momentum, load(velocity), -push);
    store(velocity, speed);
    return muladd(sgd->kept, parameters, sgd->nesterov ? muladd(sgd->momentum, speed, -push) : speed);
}

/// Steps of `count` parameters; `velocity` is NULL without momentum. All that is read of a vector is read before it is
/// written, for `updated` may be `parameters`.
HBN_INLINE void step(
    const hbn_sgd *sgd, size_t count, const float *parameters, const float *gradient, float *velocity,
    float *updated) {
    size_t i = 0;
    for (; i + HBN_WIDTH <= count; i += HBN_WIDTH)
        store(updated + i, stepped(sgd, load(parameters + i), load(gradient + i), velocity ? velocity + i : NULL));
    if (i == count) return;
    float some[3][HBN_WIDTH] = {{0}};
    const size_t bytes = (count - i) * sizeof(float);
    memcpy(some[0], parameters + i, bytes);
    memcpy(some[1], gradient + i, bytes);
    if (velocity) memcpy(some[2], velocity + i, bytes);
    store(some[0], stepped(sgd, load(some[0]), load(some[1]), velocity ? some[2] : NULL));
    memcpy(updated + i, some[0], bytes);
    if (velocity) memcpy(velocity + i, some[2], bytes);
}

static void sgd_step(
    hbn_sgd sgd, size_t count, const float *parameters, const float *gradient, float *velocity, float *updated) {
    step(&sgd, count, parameters, gradient, velocity, updated);
}

enum { most_samples = 64 };

/// The inputs of up to sixteen rows, sample after sample, with a bit for each that is not zero. The samples' rows of a
/// large layer may all fall into one set of a cache, so that what is met in them is met once.
typedef struct {
    float x[block][most_samples];
    uint64_t present[block];
} row_inputs;

/// `count` is at most `most_samples`.
HBN_INLINE void gather_inputs(
    const hbn_dense_sample *samples, size_t count, size_t start, size_t rows, row_inputs *inputs) {
    memset(inputs->present, 0, sizeof inputs->present);
    for (size_t first = 0; first < count; first += block) {
        float some[block * block] = {0};
        for (size_t i = 0; i < block && first + i < count; i++) {
            const float *x = samples[first + i].x + start;
            __builtin_prefetch(x + block);
            put(some + i * block, read_some(x, (int)rows));
        }
        transpose(some, block, inputs->x[0] + first, most_samples);
        for (size_t row = 0; row < rows; row++)
            inputs->present[row] |= (uint64_t)non_zero(inputs->x[row] + first, block) << first;
    }
}

/// The way back, for the errors of inputs `[16][most_samples]`.
HBN_INLINE void scatter_errors(
    const hbn_dense_sample *samples, size_t count, size_t start, size_t rows, const float *errors) {
    for (size_t first = 0; first < count; first += block) {
        float some[block * block];
        transpose(errors + first, most_samples, some, block);
        for (size_t i = 0; i < block && first + i < count; i++)
            put_some(samples[first + i].dx + start, read(some + i * block), (int)rows);
    }
}

/// Adds an input's products with errors, `size` floats of them.
HBN_INLINE void add_products(float x, const float *d, size_t size, float *gradient) {
    size_t c = 0;
    for (; c + HBN_WIDTH <= size; c += HBN_WIDTH)
        store(gradient + c, fused(spread(x), load(d + c), load(gradient + c)));
    for (; c < size; c++) gradient[c] = fused_scalar(x, d[c], gradient[c]);
}

/// Any width, number of samples and optimizer.
HBN_INLINE void step_factored_any(
    const hbn_sgd *sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    const float *parameters, float *velocity, float *updated) {
    // Without momentum and decay a row moves only if it had an input.
    const bool stays = !velocity && sgd->kept == 1 && updated == parameters;
    for (size_t start = first; start < first + rows; start += block) {
        const size_t some = first + rows - start < block ? first + rows - start : block;
        row_inputs inputs;
        gather_inputs(samples, count < most_samples ? count : most_samples, start, some, &inputs);
        for (size_t i = 0; i < some; i++) {
            const size_t row = start + i;
            prefetch(parameters + (row + ahead) * width, width);
            if (stays && !inputs.present[i] && count <= most_samples) continue;
            for (size_t j = 0; j < width; j += columns) {
                const size_t size = width - j < columns ? width - j : columns, at = row * width + j;
                float gradient[columns] = {0};
                if (size == columns)  // With a length that the compiler knows, the sums stay in registers.
                    FOR_PRESENT(inputs.present[i], sample)
                        add_products(inputs.x[i][sample], samples[sample].d + j, columns, gradient);
                else
                    FOR_PRESENT(inputs.present[i], sample)
                        add_products(inputs.x[i][sample], samples[sample].d + j, size, gradient);
                for (size_t sample = most_samples; sample < count; sample++)
                    if (samples[sample].x[row] != 0)
                        add_products(samples[sample].x[row], samples[sample].d + j, size, gradient);
                step(sgd, size, parameters + at, gradient, velocity ? velocity + at : NULL, updated + at);
            }
        }
    }
}

/// What a pass over rows does while a row is in the caches: errors of the inputs, a step of the row, or both.
enum { data = 1, stepping = 2 };

/// Dots of sixteen rows whose lanes are still to be summed, and where the sums belong.
typedef struct {
    size_t count;
    float *places[block * most_samples];
    float lanes[block * most_samples * block];
} open_dots;

/// Sums sixteen dots at once.
HBN_INLINE void close_dots(open_dots *dots) {
    for (size_t first = 0; first < dots->count; first += block) {
        float sums[block];
        put(sums, sums_of_block(dots->lanes + first * block));
        for (size_t i = 0; i < block && first + i < dots->count; i++) *dots->places[first + i] = sums[i];
    }
    dots->count = 0;
}

/// One row of `whole` floats, in which the samples of `present` have the inputs x. The sums are added as
/// `add_products` adds them.
HBN_INLINE void pass_row(
    int work, const hbn_sgd *sgd, const hbn_dense_sample *samples, uint64_t present, const float *x,
    const float *weights, float *errors, open_dots *dots, float *updated) {
    wanted later = want(weights + ahead * whole, whole);
    if (work & data)
        FOR_PRESENT(present, sample) {
            ask_for(&later, 3);
            dots->places[dots->count] = errors + sample;
            put(dots->lanes + dots->count++ * block, lanes_of_dot(samples[sample].d, weights, whole));
        }
    ask_for_all(&later);
    if (work & stepping)
        for (size_t j = 0; j < whole; j += columns) {
            vector gradient[strip];
            HBN_UNROLL for (int v = 0; v < strip; v++) gradient[v] = (vector){0};
            FOR_PRESENT(present, sample) {
                const float *d = samples[sample].d + j;
                const vector input = spread(x[sample]);
                HBN_UNROLL for (int v = 0; v < strip; v++)
                    gradient[v] = fused(input, load(d + v * HBN_WIDTH), gradient[v]);
            }
            HBN_UNROLL for (int v = 0; v < strip; v++)
                store(
                    updated + j + v * HBN_WIDTH,
                    stepped(sgd, load(weights + j + v * HBN_WIDTH), gradient[v], NULL));
        }
}

/// A pass over rows of `whole` floats, with at most `most_samples` and without momentum.
HBN_INLINE void pass_rows(
    int work, const hbn_sgd *sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows,
    const float *kernel, float *updated) {
    // Without decay a row moves only if it had an input.
    const bool stays = !(work & stepping) || (sgd->kept == 1 && updated == kernel);
    open_dots dots;
    dots.count = 0;
    for (size_t start = first; start < first + rows; start += block) {
        const size_t some = first + rows - start < block ? first + rows - start : block;
        row_inputs inputs;
        float errors[block][most_samples];
        gather_inputs(samples, count, start, some, &inputs);
        if (work & data)
            for (size_t i = 0; i < some; i++)
                for (size_t sample = 0; sample < count; sample += block) put(errors[i] + sample, (floats){0});
        for (size_t i = 0; i < some; i++) {
            const size_t at = (start + i) * whole;
            if (inputs.present[i] || !stays)
                pass_row(
                    work, sgd, samples, inputs.present[i], inputs.x[i], kernel + at, errors[i], &dots,
                    work & stepping ? updated + at : NULL);
            else prefetch(kernel + at + ahead * whole, whole);
        }
        if (work & data) {
            close_dots(&dots);
            scatter_errors(samples, count, start, some, errors[0]);
        }
    }
}

static void dense_backward_data(
    const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width, const float *kernel) {
    if (width == whole && count <= most_samples) pass_rows(data, NULL, samples, count, first, rows, kernel, NULL);
    else backward_data_any(samples, count, first, rows, width, kernel);
}

static void sgd_step_factored(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    const float *parameters, float *velocity, float *updated) {
    if (width == whole && count <= most_samples && !velocity)
        pass_rows(stepping, &sgd, samples, count, first, rows, parameters, updated);
    else
        step_factored_any(&sgd, samples, count, first, rows, width, parameters, velocity, updated);
}

static void dense_backward_data_and_step(
    hbn_sgd sgd, const hbn_dense_sample *samples, size_t count, size_t first, size_t rows, size_t width,
    float *kernel) {
    if (width == whole && count <= most_samples) {
        pass_rows(data | stepping, &sgd, samples, count, first, rows, kernel, kernel);
        return;
    }
    for (size_t row = first; row < first + rows; row += rows_in_cache) {
        const size_t some = first + rows - row < rows_in_cache ? first + rows - row : rows_in_cache;
        backward_data_any(samples, count, row, some, width, kernel);
        step_factored_any(&sgd, samples, count, row, some, width, kernel, NULL, kernel);
    }
}

// MARK: Small matrices

/// c[r] += factor row, a chain an element.
HBN_INLINE void add_scaled(float factor, const float *row, size_t width, float *c) {
    size_t j = 0;
    for (; j + HBN_WIDTH <= width; j += HBN_WIDTH) store(c + j, muladd(factor, load(row + j), load(c + j)));
    for (; j < width; j++) c[j] = fused_scalar(factor, row[j], c[j]);
}

static void product(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c) {
    memset(c, 0, rows * width * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < depth; k++) add_scaled(a[r * depth + k], b + k * width, width, c + r * width);
}

static void product_with_columns(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < width; j++) c[r * width + j] = dot(a + r * depth, b + j * depth, depth);
}

static void product_of_columns(size_t rows, size_t width, size_t depth, const float *a, const float *b, float *c) {
    memset(c, 0, rows * width * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < depth; k++) add_scaled(a[k * rows + r], b + k * width, width, c + r * width);
}
