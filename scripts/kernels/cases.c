// Runs every kernel on random shapes and numbers, and prints a line with a digest of the results for each case. The
// lines are the same for all kinds of processor: scripts/test-kernels and scripts/test-arm64 compare them.
//
//     cases KIND COUNT [SEED]
//
// Exits with 1 where a kernel writes beyond its results, with 2 where it cannot run.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

// MARK: Random shapes and numbers

static uint64_t state;

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
static uint64_t next(void) {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static int between(int low, int high) { return low + (int)(next() % (uint64_t)(high - low + 1)); }

/// What the numbers of a case are like.
typedef enum { ordinary, sparse, extreme, kinds_of_numbers } numbers;

static float number(numbers kind) {
    const uint64_t word = next();
    const float unit = (float)((int32_t)(word >> 40) - (1 << 23)) * 0x1p-23f;
    switch (kind) {
    case sparse: return word & 3 ? 0 : unit;
    case extreme: {
        static const float rare[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 0x1.fffffep-127f, 0x1p-126f, 0x1p-70f, 0x1p70f,
                                     0x1.fffffep127f, __builtin_inff(), -__builtin_inff(), __builtin_nanf("")};
        // Infinities and NaN in a few places only, or little else comes out.
        const int choice = (int)(word % 512);
        if (choice < 9) return rare[choice];
        if (choice < 12) return word >> 20 & 7 ? rare[choice - 9] : rare[choice];
        if (choice < 120) return unit * 0x1p-130f;
        return unit;
    }
    default: return unit;
    }
}

// MARK: Memory with a fence behind it

enum { fence = 64, most_buffers = 32 };
static const uint32_t mark = 0xFFBADBAD;

static struct {
    void *base;
    float *floats;
    size_t count;
} buffers[most_buffers];
static int used;

static float *make(size_t count) {
    void *base = aligned_alloc(64, ((count + fence) * sizeof(float) + 63) / 64 * 64);
    if (!base || used == most_buffers) exit(2);
    float *floats = base;
    for (size_t i = 0; i < fence; i++) memcpy(floats + count + i, &mark, sizeof mark);
    buffers[used].base = base;
    buffers[used].floats = floats;
    buffers[used++].count = count;
    return floats;
}

static float *numbers_of(size_t count, numbers kind) {
    float *floats = make(count);
    for (size_t i = 0; i < count; i++) floats[i] = number(kind);
    return floats;
}

/// A result, which holds something else before.
static float *result(size_t count) {
    float *floats = make(count);
    for (size_t i = 0; i < count; i++) floats[i] = 12345;
    return floats;
}

static int release(void) {
    int whole = 1;
    for (; used > 0; used--) {
        const size_t count = buffers[used - 1].count;
        for (size_t i = 0; i < fence; i++) whole &= !memcmp(buffers[used - 1].floats + count + i, &mark, sizeof mark);
        free(buffers[used - 1].base);
    }
    return whole;
}

static int blocks(int channels) { return (channels + 15) / 16; }

/// An activation `[n][c / 16][pixels][16]`, with zeros in channels that do not exist.
static float *activation(int batch, int channels, int pixels, numbers kind) {
    float *floats = make((size_t)batch * blocks(channels) * pixels * 16), *at = floats;
    for (int n = 0; n < batch; n++)
        for (int b = 0; b < blocks(channels); b++)
            for (int pixel = 0; pixel < pixels; pixel++)
                for (int c = 0; c < 16; c++) *at++ = b * 16 + c < channels ? number(kind) : 0;
    return floats;
}

// MARK: Digests

static uint64_t digest;

static void mix(uint64_t word) {
    digest = (digest ^ word) * 0x100000001B3;
    digest ^= digest >> 29;
}

static void take(const float *floats, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, floats + i, sizeof bits);
        // A NaN is a NaN: which one it is differs between processors.
        mix(floats[i] != floats[i] ? 0x7FC00000 : bits);
    }
}

static void take_bytes(const void *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) mix(((const unsigned char *)bytes)[i]);
}

// MARK: Cases

static const hbn_kernels *kernels;
static char shape[256];
#define SHAPE(...) snprintf(shape, sizeof shape, __VA_ARGS__)

static int some_channels(void) {
    static const int usual[] = {1, 3, 5, 8, 16, 16, 17, 24, 32, 32, 40, 48, 64, 72, 96};
    return usual[next() % (sizeof usual / sizeof *usual)];
}

static void winograd(numbers kind) {
    hbn_winograd_shape s = {between(1, 3), between(1, 26), between(1, 26), some_channels(), some_channels()};
    if (next() % 16 == 0) s.inputs = 16 * between(5, 20), s.height = between(1, 14), s.width = between(1, 14);
    if (next() % 16 == 0) s.outputs = 16 * between(5, 20), s.height = between(1, 14), s.width = between(1, 14);
    const int pixels = s.height * s.width, pass = between(0, 3);
    SHAPE("pass %d, %d of %dx%d, %d to %d", pass, s.batch, s.height, s.width, s.inputs, s.outputs);
    const size_t taps = (size_t)9 * s.inputs * s.outputs;
    float *x = activation(s.batch, s.inputs, pixels, kind), *d = activation(s.batch, s.outputs, pixels, kind);
    float *kernel = numbers_of(taps, kind), *bias = numbers_of(s.outputs, kind);
    const size_t large = (size_t)s.batch * blocks(s.inputs) * pixels * 16;
    const size_t small = (size_t)s.batch * blocks(s.outputs) * pixels * 16;
    if (pass < 2) {
        float *y = result(small), *scratch = make(kernels->winograd_scratch_bytes(s, hbn_forward) / 4);
        kernels->winograd_convolve(s, x, kernel, pass ? bias : NULL, pass, y, scratch);
        take(y, small);
    } else if (pass == 2) {
        float *dx = result(large), *scratch = make(kernels->winograd_scratch_bytes(s, hbn_backward_data) / 4);
        float *sums = result(s.inputs);
        const bool passes = next() % 2;
        kernels->winograd_convolve_transposed(s, d, kernel, NULL, passes ? x : NULL, dx, passes ? sums : NULL, scratch);
        take(dx, large);
        take(sums, s.inputs);
    } else {
        float *g = result(taps), *scratch = make(kernels->winograd_scratch_bytes(s, hbn_backward_weights) / 4);
        kernels->winograd_kernel_gradient(s, x, d, g, scratch);
        take(g, taps);
    }
}

static void direct(numbers kind) {
    hbn_direct_shape s = {
        .batch = between(1, 3), .height = between(1, 24), .width = between(1, 24), .inputs = some_channels(),
        .outputs = some_channels(), .kernel = between(1, 3), .stride = between(1, 3), .is_image = next() % 4 == 0};
    if (next() % 3 == 0) s.kernel = s.stride = 1;
    if (next() % 3 == 0) s.kernel = s.stride = 2;
    if (s.is_image) s.inputs = 3, s.kernel = 3, s.stride = 1;
    s.small_height = (s.height + s.stride - 1) / s.stride;
    s.small_width = (s.width + s.stride - 1) / s.stride;
    const int down = (s.small_height - 1) * s.stride + s.kernel - s.height;
    const int across = (s.small_width - 1) * s.stride + s.kernel - s.width;
    s.top = down > 0 ? down / 2 : 0;
    s.left = across > 0 ? across / 2 : 0;
    const int pass = between(0, s.is_image ? 2 : 3), pixels = s.height * s.width;
    const int small_pixels = s.small_height * s.small_width;
    SHAPE(
        "pass %d, %d of %dx%d, %d to %d, %dx%d stride %d%s", pass, s.batch, s.height, s.width, s.inputs, s.outputs,
        s.kernel, s.kernel, s.stride, s.is_image ? ", image" : "");
    const size_t taps = (size_t)s.kernel * s.kernel * s.inputs * s.outputs;
    float *x = s.is_image ? numbers_of((size_t)s.batch * pixels * s.inputs, kind)
                          : activation(s.batch, s.inputs, pixels, kind);
    float *d = activation(s.batch, s.outputs, small_pixels, kind);
    float *kernel = numbers_of(taps, kind), *bias = numbers_of(s.outputs, kind);
    const size_t large = (size_t)s.batch * blocks(s.inputs) * pixels * 16;
    const size_t small = (size_t)s.batch * blocks(s.outputs) * small_pixels * 16;
    if (pass < 2) {
        float *y = result(small), *scratch = make(kernels->direct_scratch_bytes(s, hbn_forward) / 4);
        kernels->direct_convolve(s, x, kernel, pass ? bias : NULL, pass, y, scratch);
        take(y, small);
    } else if (pass == 2) {
        float *g = result(taps), *scratch = make(kernels->direct_scratch_bytes(s, hbn_backward_weights) / 4);
        kernels->direct_kernel_gradient(s, x, d, g, scratch);
        take(g, taps);
    } else {
        const bool adds = next() % 2;
        float *dx = adds ? x : result(large), *scratch = make(kernels->direct_scratch_bytes(s, hbn_backward_data) / 4);
        kernels->direct_convolve_transposed(s, d, kernel, NULL, adds, dx, scratch);
        take(dx, large);
    }
}

static void layers(numbers kind) {
    const int batch = between(1, 3), channels = some_channels(), which = between(0, 4);
    const int height = 2 * between(1, 20), width = 2 * between(1, 80), pixels = height * width;
    const size_t count = (size_t)batch * blocks(channels) * pixels * 16;
    SHAPE("layer %d, %d of %dx%dx%d", which, batch, height, width, channels);
    float *x = activation(batch, channels, pixels, kind), *d = activation(batch, channels, pixels, kind);
    float *a = numbers_of(channels, kind), *b = numbers_of(channels, kind);
    switch (which) {
    case 0: {
        float *sums = result(channels);
        kernels->bias_gradient(batch, channels, pixels, next() % 2 ? x : NULL, d, sums);
        take(sums, channels);
        take(d, count);
        break;
    }
    case 1: {
        const int size = between(2, 3), down = height / size, across = width / size;
        const size_t pooled = (size_t)batch * blocks(channels) * down * across * 16;
        float *y = result(pooled), *places = make(pooled / 4);
        kernels->max_pool(batch * blocks(channels), height, width, size, x, y, (uint8_t *)places);
        take(y, pooled);
        take_bytes(places, pooled);
        kernels->max_pool_backward(
            batch * blocks(channels), height, width, size, y, (uint8_t *)places, next() % 2, d);
        take(d, count);
        if (size == 2) {
            float *sums = result(channels);
            kernels->max_pool_relu_backward(
                batch, channels, height, width, y, (uint8_t *)places, x, next() % 2, d, sums);
            take(d, count);
            take(sums, channels);
        }
        break;
    }
    case 2: {
        float *mean = result(channels), *variance = result(channels), *y = result(count), *dx = result(count);
        float *dgamma = result(channels), *dbeta = result(channels), *dx_sums = result(channels);
        kernels->norm_statistics(batch, channels, pixels, x, mean, variance);
        kernels->norm_apply(batch, channels, pixels, x, mean, variance, a, b, 1e-3f, y);
        kernels->norm_backward(batch, channels, pixels, x, mean, variance, a, 1e-3f, d, dx, dgamma, dbeta, dx_sums);
        take(mean, channels);
        take(variance, channels);
        take(y, count);
        take(dx, count);
        take(dgamma, channels);
        take(dbeta, channels);
        take(dx_sums, channels);
        break;
    }
    case 3: {
        const bool sigmoid = next() % 2;
        float *map = result((size_t)batch * pixels), *g = numbers_of((size_t)batch * pixels, kind);
        float *dx = result(count), *kernel_gradient = result(channels), *bias_gradient = result(1);
        kernels->map_forward(batch, channels, pixels, x, a, b, sigmoid, map);
        kernels->map_backward(
            batch, channels, pixels, x, a, map, sigmoid, g, dx, kernel_gradient, bias_gradient);
        take(map, (size_t)batch * pixels);
        take(g, (size_t)batch * pixels);
        take(dx, count);
        take(kernel_gradient, channels);
        take(bias_gradient, 1);
        break;
    }
    default: {
        const size_t small = (size_t)batch * (height / 2) * (width / 2);
        float *map = numbers_of(small, kind), *y = result(count), *dx = result(count), *g = result(small);
        kernels->gate_forward(batch, channels, height, width, x, map, y);
        kernels->gate_backward(batch, channels, height, width, x, map, d, dx, g);
        take(y, count);
        take(dx, count);
        take(g, small);
    }
    }
}

static void dense(numbers kind) {
    static const int widths[] = {1, 2, 7, 16, 24, 64, 100, 256, 256, 256, 300, 512};
    const int count = next() % 32 ? between(1, 9) : between(60, 70), depth = between(1, 100), which = between(0, 5);
    const int width = widths[next() % (sizeof widths / sizeof *widths)];
    const int first = between(0, depth - 1), rows = between(1, depth - first);
    const bool momentum = next() % 2, in_place = next() % 2;
    SHAPE("dense %d, %d of %dx%d, rows %d of %d", which, count, depth, width, first, rows);
    const hbn_sgd sgd = {0.013f, momentum ? 0.9f : 0, next() % 2 ? 1 : 0.999f, next() % 2};
    float *x = numbers_of((size_t)count * depth, kind == ordinary ? sparse : kind), *d = numbers_of((size_t)count * width, kind);
    float *kernel = numbers_of((size_t)depth * width, kind), *velocity = numbers_of((size_t)depth * width, kind);
    float *dx = result((size_t)count * depth), *sums = numbers_of((size_t)count * width, kind);
    float *updated = in_place ? kernel : result((size_t)depth * width);
    hbn_dense_sample samples[70];
    for (int n = 0; n < count; n++) samples[n] = (hbn_dense_sample){x + n * depth, d + n * width, dx + n * depth};
    switch (which) {
    case 0: kernels->dense_forward(samples, count, first, rows, width, kernel, sums); break;
    case 1: kernels->dense_backward_data(samples, count, first, rows, width, kernel); break;
    case 2:
        kernels->sgd_step_factored(
            sgd, samples, count, first, rows, width, kernel, momentum ? velocity : NULL, updated);
        break;
    case 3: kernels->dense_backward_data_and_step(sgd, samples, count, first, rows, width, kernel); break;
    case 4:
        kernels->sgd_step(sgd, (size_t)depth * width, kernel, velocity, momentum ? velocity : NULL, updated);
        break;
    default: {
        float *y = result((size_t)count * width), *back = result((size_t)count * depth);
        float *g = result((size_t)depth * width);
        kernels->product(count, width, depth, x, kernel, y);
        kernels->product_with_columns(count, depth, width, d, kernel, back);
        kernels->product_of_columns(depth, width, count, x, d, g);
        take(y, (size_t)count * width);
        take(back, (size_t)count * depth);
        take(g, (size_t)depth * width);
    }
    }
    take(sums, (size_t)count * width);
    take(dx, (size_t)count * depth);
    take(kernel, (size_t)depth * width);
    take(velocity, (size_t)depth * width);
    take(updated, (size_t)depth * width);
}

static void elements(numbers kind) {
    const int which = between(0, 5), count = between(1, 300);
    SHAPE("elements %d, %d", which, count);
    float *a = numbers_of(count, kind), *b = numbers_of(count, kind), *c = result(count);
    switch (which) {
    case 0: {
        float *units = result(4 * (size_t)count);
        kernels->philox_uniform(
            (uint32_t)next(), (uint32_t)next(), (uint32_t)next(), (uint32_t)next(), (uint32_t)next(),
            next() % 2 ? next() : 0xFFFFFFF0 + next() % 16, count, units);
        take(units, 4 * (size_t)count);
        kernels->drop(count, units, 0.3f, 1 / 0.7f, a);
        break;
    }
    case 1:
        kernels->add(count, a, b);
        kernels->sum(count, a, b, c);
        break;
    case 2:
        kernels->add_relu(count, a, b, c);
        kernels->relu_backward(count, b, a);
        break;
    case 3: {
        const int channels = some_channels(), pixels = between(1, 20);
        float *x = activation(1, channels, pixels, kind), *row = result((size_t)channels * pixels);
        float *d = numbers_of((size_t)channels * pixels, kind), *dx = result((size_t)blocks(channels) * pixels * 16);
        kernels->flatten(pixels, channels, pixels * 16, x, row);
        kernels->unflatten_gradient(pixels, channels, pixels * 16, row, d, 1.25f, dx);
        take(row, (size_t)channels * pixels);
        take(dx, (size_t)blocks(channels) * pixels * 16);
        break;
    }
    case 4: {
        float *packed = make(((size_t)count + 1) / 2);
        for (int i = 0; i < count; i++)
            if (a[i] != a[i]) a[i] = 1;
        kernels->round_bfloat16(count, a);
        kernels->pack_bfloat16(count, a, (uint16_t *)packed);
        kernels->unpack_bfloat16(count, (uint16_t *)packed, c);
        break;
    }
    default: {
        const int rows = between(1, 4);
        float *x = numbers_of((size_t)rows * count, sparse), *values = numbers_of((size_t)rows * count, kind);
        float *back = result((size_t)rows * count);
        char *bytes = (char *)make((size_t)rows * ((count + 31) / 32 + count) + 1) + between(0, 3);
        const size_t written = kernels->pack_rows(x, count, rows, count, bytes);
        take_bytes(bytes, written);
        mix(kernels->unpack_rows(bytes, written, rows, count, back));
        take(back, (size_t)rows * count);
        const size_t taken = kernels->gather(values, count, x, count, rows, count, (float *)values);
        mix(taken);
        mix(kernels->scatter(values, taken, x, count, rows, count, back, count));
        take(back, (size_t)rows * count);
    }
    }
    take(a, count);
    take(b, count);
    take(c, count);
}

int main(int argc, char **argv) {
    const int count = argc > 2 ? atoi(argv[2]) : 1000;
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    kernels = argc > 1 ? hbn_kernels_named(argv[1]) : NULL;
    if (!kernels || !hbn_arithmetic_is_ieee()) {
        fprintf(stderr, "cases: this processor does not run the kernels of \"%s\"\n", argc > 1 ? argv[1] : "");
        return 2;
    }
    static void (*const groups[])(numbers) = {winograd, direct, layers, dense, elements};
    for (int i = 0; i < count; i++) {
        state = seed << 32 ^ (uint64_t)i;
        digest = 0xCBF29CE484222325;
        const numbers kind = (numbers)(next() % kinds_of_numbers);
        groups[i % 5](kind);
        printf("%d %s, numbers %d: %016llx\n", i, shape, (int)kind, (unsigned long long)digest);
        if (!release()) {
            fprintf(stderr, "cases: case %d, %s, writes beyond its memory\n", i, shape);
            return 1;
        }
    }
    return 0;
}
