// The layers between convolutions, on activations `[n][c / 16][h][w][16]`.

// MARK: Elementary functions

typedef int32_t block_integers __attribute__((vector_size(64), aligned(4)));

/// exp(x) by a polynomial on [-ln 2 / 2, ln 2 / 2] and a power of two, within one unit in the last place; beyond the
/// range of floats zero or infinity, and NaN of NaN. The coefficients are those of Taylor's series; the remainder lies
/// below 2^-27.
HBN_INLINE floats exponential(floats x) {
    const floats low = spread_block(-104), high = spread_block(89);
    // The nearest whole number of x / ln 2: a number of this size has no digits behind the point.
    const floats shift = spread_block(0x1.8p23f);
    floats clamped = chosen((words)(x < low), low, x);
    clamped = chosen((words)(clamped > high), high, clamped);
    const floats rounded = block_fused(clamped, spread_block(0x1.715476p0f), shift) - shift;
    floats r = block_fused(rounded, spread_block(-0x1.62e4p-1f), clamped);
    r = block_fused(rounded, spread_block(-0x1.7f7d1cp-20f), r);
    static const float coefficients[] = {1 / 720.f, 1 / 120.f, 1 / 24.f, 1 / 6.f, 0.5f, 1, 1};
    floats sum = spread_block(1 / 5040.f);
    HBN_UNROLL for (int i = 0; i < 7; i++) sum = block_fused(sum, r, spread_block(coefficients[i]));
    // In two steps, for the power alone may be below the smallest normal number or above the largest.
    const words is_number = (words)(x == x);
    const floats numbers = chosen(is_number, rounded, (floats){0});
    const block_integers power = __builtin_convertvector(numbers, block_integers), half = power >> 1;
    sum = sum * (floats)((half + 127) << 23) * (floats)((power - half + 127) << 23);
    return chosen(is_number, sum, x);
}

// MARK: Sums over pixels

/// Four chains side by side, pixel after pixel by turns, and then their sums: a channel's sum over the pixels of one
/// sample. `TERM` is what pixel `i` (in floats) adds.
#define SUM_PIXELS(TOTAL, PIXELS, I, TERM)                                                                   \
    do {                                                                                                     \
        floats hbn_chains[4] = {{0}};                                                                        \
        const size_t hbn_end = (size_t)(PIXELS) * block;                                                     \
        size_t I = 0;                                                                                        \
        for (; I + 3 * block < hbn_end; I += block) {                                                        \
            hbn_chains[0] += (TERM);                                                                         \
            I += block;                                                                                      \
            hbn_chains[1] += (TERM);                                                                         \
            I += block;                                                                                      \
            hbn_chains[2] += (TERM);                                                                         \
            I += block;                                                                                      \
            hbn_chains[3] += (TERM);                                                                         \
        }                                                                                                    \
        for (; I < hbn_end; I += block) hbn_chains[0] += (TERM);                                             \
        (TOTAL) += (hbn_chains[0] + hbn_chains[1]) + (hbn_chains[2] + hbn_chains[3]);                        \
    } while (0)

HBN_INLINE floats passed(const float *output, float *gradient) {
    floats d = read(gradient);
    if (output) {
        d = block_where_positive(read(output), d);
        put(gradient, d);
    }
    return d;
}

static void bias_gradient(
    size_t batch, size_t channels, size_t pixels, const float *output, float *gradient, float *sums) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block;
    for (size_t b = 0; b < blocks; b++) {
        floats total = {0};
        for (size_t n = 0; n < batch; n++) {
            float *d = gradient + (n * blocks + b) * plane;
            const float *y = output ? output + (n * blocks + b) * plane : NULL;
            SUM_PIXELS(total, pixels, i, passed(y ? y + i : NULL, d + i));
        }
        put_some(sums + b * block, total, (int)(channels - b * block));
    }
}

// MARK: Pooling

/// Is b taken where a was the largest so far? The first of equals stays, and NaN is above all.
HBN_INLINE words taken(floats a, floats b) { return (words)((b > a) | (b != b)) & (words)(a == a); }

/// The places in their windows that sixteen results were taken from.
typedef uint8_t bytes __attribute__((vector_size(16), aligned(1)));

HBN_INLINE void pool_rows(
    const int size, size_t height, size_t width, const float *x, float *y, uint8_t *places) {
    const size_t across = width / size, down = height / size;
    for (size_t i = 0; i < down; i++)
        for (size_t j = 0; j < across; j++) {
            const float *corner = x + (i * size * width + j * size) * block;
            floats largest = read(corner);
            words index = {0};
            for (int place = 1; place < size * size; place++) {
                const floats other = read(corner + (place / size * width + place % size) * block);
                const words mask = taken(largest, other);
                largest = chosen(mask, other, largest);
                index = (mask & (uint32_t)place) | (index & ~mask);
            }
            const size_t at = (i * across + j) * block;
            put(y + at, largest);
            if (places) *(bytes *)(places + at) = __builtin_convertvector(index, bytes);
        }
}

static void max_pool(
    size_t planes, size_t height, size_t width, size_t size, const float *x, float *y, uint8_t *places) {
    for (size_t p = 0; p < planes; p++) {
        const size_t from = p * height * width * block, to = p * (height / size) * (width / size) * block;
        uint8_t *const plane = places ? places + to : NULL;
        if (size == 2) pool_rows(2, height, width, x + from, y + to, plane);
        else pool_rows((int)size, height, width, x + from, y + to, plane);
    }
}

/// Where x is given, of windows of four, the gradient goes back through the ReLU whose output it is, and each place in
/// the windows has a chain of what passes.
HBN_INLINE void unpool_rows(
    const int size, const bool adds, size_t height, size_t width, const float *dy, const uint8_t *places,
    const float *x, float *dx, floats *chains) {
    const size_t across = width / size, down = height / size;
    if (!adds && (width % size || height % size)) memset(dx, 0, height * width * block * sizeof(float));
    for (size_t i = 0; i < down; i++)
        for (size_t j = 0; j < across; j++) {
            const size_t at = (i * across + j) * block;
            const words index = __builtin_convertvector(*(const bytes *)(places + at), words), d = (words)read(dy + at);
            const size_t corner = (i * size * width + j * size) * block;
            for (int place = 0; place < size * size; place++) {
                const size_t to = corner + (place / size * width + place % size) * block;
                floats some = (floats)(d & (words)(index == (uint32_t)place));
                if (adds) some = read(dx + to) + some;
                if (x) {
                    some = block_where_positive(read(x + to), some);
                    chains[place] += some;
                }
                put(dx + to, some);
            }
        }
}

static void max_pool_backward(
    size_t planes, size_t height, size_t width, size_t size, const float *dy, const uint8_t *places, bool adds,
    float *dx) {
    for (size_t p = 0; p < planes; p++) {
        const size_t to = p * height * width * block, from = p * (height / size) * (width / size) * block;
        if (size == 2 && adds) unpool_rows(2, true, height, width, dy + from, places + from, NULL, dx + to, NULL);
        else if (size == 2) unpool_rows(2, false, height, width, dy + from, places + from, NULL, dx + to, NULL);
        else unpool_rows((int)size, adds, height, width, dy + from, places + from, NULL, dx + to, NULL);
    }
}

/// Four chains a channel, one for each place in the windows, and their sum for each sample.
static void max_pool_relu_backward(
    size_t batch, size_t channels, size_t height, size_t width, const float *dy, const uint8_t *places,
    const float *x, bool adds, float *dx, float *sums) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = height * width * block, pooled = plane / 4;
    for (size_t b = 0; b < blocks; b++) {
        floats total = {0};
        for (size_t n = 0; n < batch; n++) {
            const size_t to = (n * blocks + b) * plane, from = (n * blocks + b) * pooled;
            floats chains[4] = {{0}};
            if (adds) unpool_rows(2, true, height, width, dy + from, places + from, x + to, dx + to, chains);
            else unpool_rows(2, false, height, width, dy + from, places + from, x + to, dx + to, chains);
            total += (chains[0] + chains[1]) + (chains[2] + chains[3]);
        }
        put_some(sums + b * block, total, (int)(channels - b * block));
    }
}

// MARK: Batch normalization

enum { norm_run = 128 };  // Pixels whose mean is taken at once: they stay in the first-level cache.

/// Runs of pixels, each about its own mean, which are then put together: an activation is read once (Chan, Golub and
/// LeVeque, "Algorithms for computing the sample variance", The American Statistician 37, 1983).
static void norm_statistics(
    size_t batch, size_t channels, size_t pixels, const float *x, float *mean, float *variance) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block;
    for (size_t b = 0; b < blocks; b++) {
        floats center = {0}, squares = {0};
        size_t before = 0;
        for (size_t n = 0; n < batch; n++)
            for (size_t first = 0; first < pixels; first += norm_run) {
                const size_t count = pixels - first < norm_run ? pixels - first : norm_run, all = before + count;
                const float *from = x + (n * blocks + b) * plane + first * block;
                floats total = {0}, around = {0};
                SUM_PIXELS(total, count, i, read(from + i));
                const floats own = total / (float)count;
                SUM_PIXELS(around, count, i, (read(from + i) - own) * (read(from + i) - own));
                const floats distance = own - center;
                squares = squares + around
                    + (distance * distance) * ((float)before * ((float)count / (float)all));
                center = block_fused(distance, spread_block((float)count / (float)all), center);
                before = all;
            }
        put_some(mean + b * block, center, (int)(channels - b * block));
        put_some(variance + b * block, squares / (float)before, (int)(channels - b * block));
    }
}

/// 1 / sqrt(variance + epsilon)
HBN_INLINE floats inverse_deviation(const float *variance, int count, float epsilon) {
    return spread_block(1) / __builtin_elementwise_sqrt(read_some(variance, count) + epsilon);
}

static void norm_apply(
    size_t batch, size_t channels, size_t pixels, const float *x, const float *mean, const float *variance,
    const float *gamma, const float *beta, float epsilon, float *y) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block;
    for (size_t b = 0; b < blocks; b++) {
        const int some = (int)(channels - b * block);
        const floats scale = read_some(gamma + b * block, some) * inverse_deviation(variance + b * block, some, epsilon);
        const floats shift = block_fused(-read_some(mean + b * block, some), scale, read_some(beta + b * block, some));
        for (size_t n = 0; n < batch; n++) {
            const size_t at = (n * blocks + b) * plane;
            for (size_t i = 0; i < plane; i += block) put(y + at + i, block_fused(read(x + at + i), scale, shift));
        }
    }
}

/// A pixel of dx = a dy + (along (x - center) + shift).
HBN_INLINE floats norm_gradient(
    floats a, floats along, floats center, floats shift, const float *dy, const float *x, float *dx) {
    const floats d = block_fused(a, read(dy), block_fused(along, read(x) - center, shift));
    put(dx, d);
    return d;
}

static void norm_backward(
    size_t batch, size_t channels, size_t pixels, const float *x, const float *mean, const float *variance,
    const float *gamma, float epsilon, const float *dy, float *dx, float *dgamma, float *dbeta, float *sums) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block;
    const float count = (float)(batch * pixels);
    for (size_t b = 0; b < blocks; b++) {
        const int some = (int)(channels - b * block);
        const floats center = read_some(mean + b * block, some);
        const floats deviation = inverse_deviation(variance + b * block, some, epsilon);
        floats sum = {0}, products = {0};
        for (size_t n = 0; n < batch; n++) {
            const float *from = x + (n * blocks + b) * plane, *d = dy + (n * blocks + b) * plane;
            // Both sums in runs, so that memory is read once.
            for (size_t first = 0; first < pixels; first += norm_run) {
                const size_t count = pixels - first < norm_run ? pixels - first : norm_run;
                const float *const x_run = from + first * block, *const d_run = d + first * block;
                SUM_PIXELS(sum, count, i, read(d_run + i));
                SUM_PIXELS(products, count, i, read(d_run + i) * (read(x_run + i) - center));
            }
        }
        put_some(dbeta + b * block, sum, some);
        put_some(dgamma + b * block, products * deviation, some);
        // dx = a (dy - mean of dy - (x - mean) (mean of dy (x - mean)) / variance)
        const floats a = read_some(gamma + b * block, some) * deviation;
        const floats along = -a * (deviation * deviation) * (products / count), shift = -a * (sum / count);
        floats total = {0};
        for (size_t n = 0; n < batch; n++) {
            const size_t at = (n * blocks + b) * plane;
            SUM_PIXELS(
                total, pixels, i, norm_gradient(a, along, center, shift, dy + at + i, x + at + i, dx + at + i));
        }
        if (sums) put_some(sums + b * block, total, some);
    }
}

// MARK: The attention gate

/// The sums over sixteen lanes, of each of `count` vectors. Behind the last there is room up to a multiple of sixteen.
HBN_INLINE void sums_of(const float *vectors, size_t count, float *sums) {
    for (size_t i = 0; i < count; i += block)
        put_some(sums + i, sums_of_block(vectors + i * block), (int)(count - i));
}

enum { map_run = 64 };  // Pixels of a map that are summed at once.

static void map_forward(
    size_t batch, size_t channels, size_t pixels, const float *x, const float *kernel, const float *bias,
    bool sigmoid, float *map) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block;
    for (size_t n = 0; n < batch; n++)
        for (size_t first = 0; first < pixels; first += map_run) {
            const size_t count = pixels - first < map_run ? pixels - first : map_run;
            float totals[map_run * block] = {0}, values[map_run] = {0};
            for (size_t b = 0; b < blocks; b++) {
                const floats weights = read_some(kernel + b * block, (int)(channels - b * block));
                const float *from = x + (n * blocks + b) * plane + first * block;
                for (size_t i = 0; i < count * block; i += block)
                    put(totals + i, block_fused(read(from + i), weights, read(totals + i)));
            }
            sums_of(totals, count, values);
            for (size_t i = 0; i < count; i += block) {
                floats v = read(values + i) + bias[0];
                if (sigmoid) v = spread_block(1) / (spread_block(1) + exponential(-v));
                put_some(map + n * pixels + first + i, v, (int)(count - i));
            }
        }
}

static void map_backward(
    size_t batch, size_t channels, size_t pixels, const float *x, const float *kernel, const float *map,
    bool sigmoid, float *map_gradient, float *dx, float *kernel_gradient, float *bias_gradient) {
    const size_t blocks = (size_t)blocks_of((int)channels), plane = pixels * block, all = batch * pixels;
    floats chain = {0};
    for (size_t i = 0; i < all; i += block) {
        const int some = (int)(all - i < block ? all - i : block);
        floats d = read_some(map_gradient + i, some);
        if (sigmoid) {
            const floats y = read_some(map + i, some);
            d = d * (y * (spread_block(1) - y));
            put_some(map_gradient + i, d, some);
        }
        chain += d;
    }
    bias_gradient[0] = sum_of(chain);
    for (size_t b = 0; b < blocks; b++) {
        const int some = (int)(channels - b * block);
        const floats weights = read_some(kernel + b * block, some);
        floats total = {0};
        for (size_t n = 0; n < batch; n++) {
            const size_t at = (n * blocks + b) * plane;
            const float *d = map_gradient + n * pixels;
            SUM_PIXELS(total, pixels, i, read(x + at + i) * d[i / block]);
            if (dx)
                for (size_t i = 0; i < pixels; i++) put(dx + at + i * block, weights * d[i]);
        }
        put_some(kernel_gradient + b * block, total, some);
    }
}

static void gate_forward(
    size_t batch, size_t channels, size_t height, size_t width, const float *x, const float *map, float *y) {
    const size_t blocks = (size_t)blocks_of((int)channels);
    for (size_t plane = 0; plane < batch * blocks; plane++) {
        const float *factors = map + plane / blocks * (height / 2) * (width / 2);
        for (size_t i = 0; i < height; i++) {
            const size_t at = (plane * height + i) * width * block;
            for (size_t j = 0; j < width; j++)
                put(y + at + j * block, read(x + at + j * block) * factors[i / 2 * (width / 2) + j / 2]);
        }
    }
}

/// A map's gradient is one chain a lane over the blocks and, within each, the four pixels; then the lanes' sum.
static void gate_backward(
    size_t batch, size_t channels, size_t height, size_t width, const float *x, const float *map, const float *dy,
    float *dx, float *map_gradient) {
    const size_t blocks = (size_t)blocks_of((int)channels), across = width / 2;
    for (size_t n = 0; n < batch; n++)
        for (size_t i = 0; i < height / 2; i++)
            for (size_t first = 0; first < across; first += map_run) {
                const size_t count = across - first < map_run ? across - first : map_run;
                float totals[map_run * block] = {0};
                const float *factors = map + (n * (height / 2) + i) * across + first;
                for (size_t b = 0; b < blocks; b++) {
                    const size_t at = (((n * blocks + b) * height + 2 * i) * width + 2 * first) * block;
                    for (size_t j = 0; j < count; j++) {
                        const floats factor = spread_block(factors[j]);
                        floats total = read(totals + j * block);
                        HBN_UNROLL for (int place = 0; place < 4; place++) {
                            const size_t pixel = at + (place / 2 * width + 2 * j + place % 2) * block;
                            const floats d = read(dy + pixel);
                            total = block_fused(d, read(x + pixel), total);
                            put(dx + pixel, d * factor);
                        }
                        put(totals + j * block, total);
                    }
                }
                sums_of(totals, count, map_gradient + (n * (height / 2) + i) * across + first);
            }
}
