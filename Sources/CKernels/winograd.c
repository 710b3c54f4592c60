#include "winograd.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)

enum {
    widest = 8,  // Numbers of the larger transform along one dimension.
    rows_at_once = 14,  // Of a matrix product: with two vectors a row, 28 of 32 registers hold sums.
    chunk = 3 * rows_at_once,  // Tiles whose products stay in the second-level cache.
    group = 64,  // Channels of the kernel gradient whose products do.
};

typedef __m512 vector;

HBN_INLINE vector load(const float *p) { return _mm512_loadu_ps(p); }
HBN_INLINE void store(float *p, vector v) { _mm512_storeu_ps(p, v); }
HBN_INLINE vector spread(float x) { return _mm512_set1_ps(x); }
HBN_INLINE vector add(vector a, vector b) { return _mm512_add_ps(a, b); }
HBN_INLINE vector sub(vector a, vector b) { return _mm512_sub_ps(a, b); }
HBN_INLINE vector mul(float a, vector b) { return _mm512_mul_ps(spread(a), b); }
/// a b + c
HBN_INLINE vector muladd(float a, vector b, vector c) { return _mm512_fmadd_ps(spread(a), b, c); }

HBN_INLINE int smaller(int a, int b) { return a < b ? a : b; }
HBN_INLINE int larger(int a, int b) { return a > b ? a : b; }

// MARK: The transforms along one dimension, of tiles of 4 or 6 pixels

// The interpolation points are zero, infinity and pairs of +-p. For 4 pixels, 5/8 and 3/2 keep the constants near one,
// which halves the rounding error of the usual 1 and 2; for 6 pixels nothing beats 1/2, 1 and 2.
#define P1 0.625f
#define P2 1.5f
#define Q1 0.5f
#define Q2 1.0f
#define Q3 2.0f
#define SQUARE(p) ((p) * (p))
/// The product of p's differences to the other points, which is that of -p too.
#define NORM2(p, q) (2 * SQUARE(p) * (SQUARE(p) - SQUARE(q)))
#define NORM3(p, q, r) (NORM2(p, q) * (SQUARE(p) - SQUARE(r)))

/// even + p odd and even - p odd: what becomes of the points p and -p.
HBN_INLINE void put_pair(float p, vector even, vector odd, vector *out) {
    out[0] = muladd(p, odd, even);
    out[1] = muladd(-p, odd, even);
}

/// Pixels of the input, B^T d.
HBN_INLINE void transform_input(const int tile, const vector *d, vector *v) {
    if (tile == 4) {
        const float p = SQUARE(P1), q = SQUARE(P2);
        v[0] = muladd(-(p + q), d[2], muladd(p * q, d[0], d[4]));
        put_pair(P1, muladd(-q, d[2], d[4]), muladd(-q, d[1], d[3]), v + 1);
        put_pair(P2, muladd(-p, d[2], d[4]), muladd(-p, d[1], d[3]), v + 3);
        v[5] = muladd(-(p + q), d[3], muladd(p * q, d[1], d[5]));
        return;
    }
    const float p = SQUARE(Q1), q = SQUARE(Q2), r = SQUARE(Q3);
#define WITHOUT(a, b, i) muladd((a) * (b), d[i], muladd(-((a) + (b)), d[(i) + 2], d[(i) + 4]))
#define ALL_THREE(i)                                                                                         \
    muladd(-(p * q * r), d[i], muladd(p * q + p * r + q * r, d[(i) + 2], muladd(-(p + q + r), d[(i) + 4], d[(i) + 6])))
    v[0] = ALL_THREE(0);
    put_pair(Q1, WITHOUT(q, r, 2), WITHOUT(q, r, 1), v + 1);
    put_pair(Q2, WITHOUT(p, r, 2), WITHOUT(p, r, 1), v + 3);
    put_pair(Q3, WITHOUT(p, q, 2), WITHOUT(p, q, 1), v + 5);
    v[7] = ALL_THREE(1);
#undef WITHOUT
#undef ALL_THREE
}

/// One pair of points of a kernel's three taps.
HBN_INLINE void put_taps(float p, float norm, const vector *g, vector *u) {
    const vector even = muladd(SQUARE(p) / norm, g[2], mul(1 / norm, g[0])), odd = mul(p / norm, g[1]);
    u[0] = add(even, odd);
    u[1] = sub(even, odd);
}

/// Three taps of the kernel, G g.
HBN_INLINE void transform_kernel(const int tile, const vector *g, vector *u) {
    if (tile == 4) {
        u[0] = mul(1 / SQUARE(P1 * P2), g[0]);
        put_taps(P1, NORM2(P1, P2), g, u + 1);
        put_taps(P2, NORM2(P2, P1), g, u + 3);
        u[5] = g[2];
        return;
    }
    u[0] = mul(-1 / SQUARE(Q1 * Q2 * Q3), g[0]);
    put_taps(Q1, NORM3(Q1, Q2, Q3), g, u + 1);
    put_taps(Q2, NORM3(Q2, Q1, Q3), g, u + 3);
    put_taps(Q3, NORM3(Q3, Q1, Q2), g, u + 5);
    u[7] = g[2];
}

/// Adds one pair of points to three taps.
HBN_INLINE void add_taps(float p, float norm, const vector *u, vector *g) {
    const vector sum = add(u[0], u[1]), difference = sub(u[0], u[1]);
    g[0] = muladd(1 / norm, sum, g[0]);
    g[1] = muladd(p / norm, difference, g[1]);
    g[2] = muladd(SQUARE(p) / norm, sum, g[2]);
}

/// Back to three taps, G^T u.
HBN_INLINE void transform_kernel_gradient(const int tile, const vector *u, vector *g) {
    g[0] = mul(tile == 4 ? 1 / SQUARE(P1 * P2) : -1 / SQUARE(Q1 * Q2 * Q3), u[0]);
    g[1] = spread(0);
    g[2] = u[tile + 1];
    if (tile == 4) {
        add_taps(P1, NORM2(P1, P2), u + 1, g);
        add_taps(P2, NORM2(P2, P1), u + 3, g);
    } else {
        add_taps(Q1, NORM3(Q1, Q2, Q3), u + 1, g);
        add_taps(Q2, NORM3(Q2, Q1, Q3), u + 3, g);
        add_taps(Q3, NORM3(Q3, Q1, Q2), u + 5, g);
    }
}

/// Adds one pair of points to the pixels.
HBN_INLINE void add_pixels(const int tile, float p, const vector *m, vector *y) {
    const vector sum = add(m[0], m[1]), difference = sub(m[0], m[1]);
    float power = 1;
    HBN_UNROLL for (int i = 0; i < tile; i += 2, power *= SQUARE(p)) {
        y[i] = muladd(power, sum, y[i]);
        y[i + 1] = muladd(power * p, difference, y[i + 1]);
    }
}

/// To the pixels of the output, A^T m.
HBN_INLINE void transform_output(const int tile, const vector *m, vector *y) {
    HBN_UNROLL for (int i = 1; i < tile - 1; i++) y[i] = spread(0);
    y[0] = m[0];
    y[tile - 1] = m[tile + 1];
    if (tile == 4) {
        add_pixels(tile, P1, m + 1, y);
        add_pixels(tile, P2, m + 3, y);
    } else {
        add_pixels(tile, Q1, m + 1, y);
        add_pixels(tile, Q2, m + 3, y);
        add_pixels(tile, Q3, m + 5, y);
    }
}

/// One pair of points of the output's gradient.
HBN_INLINE void put_pixels(const int tile, float p, const vector *y, vector *z) {
    vector even = y[tile - 2], odd = y[tile - 1];
    HBN_UNROLL for (int i = tile - 4; i >= 0; i -= 2) {
        even = muladd(SQUARE(p), even, y[i]);
        odd = muladd(SQUARE(p), odd, y[i + 1]);
    }
    put_pair(p, even, odd, z);
}

/// Pixels of the output's gradient, A y.
HBN_INLINE void transform_output_gradient(const int tile, const vector *y, vector *z) {
    z[0] = y[0];
    z[tile + 1] = y[tile - 1];
    if (tile == 4) {
        put_pixels(tile, P1, y, z + 1);
        put_pixels(tile, P2, y, z + 3);
    } else {
        put_pixels(tile, Q1, y, z + 1);
        put_pixels(tile, Q2, y, z + 3);
        put_pixels(tile, Q3, y, z + 5);
    }
}

// MARK: Tiles

/// Floats from one point's matrix to the next. The extra line keeps a tile's points out of one set of the caches.
HBN_INLINE size_t spaced(size_t rows, size_t columns) { return rows * columns + 16; }

/// The tiles of an activation, numbered along rows, then columns, then samples.
typedef struct {
    int size;  // 4 or 6 pixels each way.
    int points;  // Of a transformed tile.
    int height, width, across, per_sample, count;
} tiling;

HBN_INLINE tiling cut_into(hbn_winograd_shape s, int size) {
    const int across = (s.width + size - 1) / size, down = (s.height + size - 1) / size;
    return (tiling){
        .size = size, .points = (size + 2) * (size + 2), .height = s.height, .width = s.width, .across = across,
        .per_sample = across * down, .count = across * down * s.batch};
}

/// The work of a pass in products of vectors. What the transforms of activations and kernels take beside the matrix
/// products was fitted to measurements.
static double work(tiling t, hbn_winograd_shape s, double per_channel) {
    const double matrix = (double)s.inputs * s.outputs, channels = s.inputs + s.outputs;
    return t.points * (t.count * (matrix + per_channel * channels) + 4 * matrix);
}

/// Large tiles need a fifth fewer products, but more for the kernels, and waste more at the borders of small images.
static tiling tiles_of(hbn_winograd_shape s) {
    const tiling small = cut_into(s, 4), large = cut_into(s, 6);
    return work(large, s, 9) < work(small, s, 5) ? large : small;
}

typedef struct {
    int sample, y, x;
} place;

HBN_INLINE place place_of(tiling t, int tile) {
    const int sample = tile / t.per_sample, rest = tile % t.per_sample;
    return (place){sample, rest / t.across * t.size, rest % t.across * t.size};
}

/// Copies `size` x `size` pixels from (y, x) on, with zeros beyond the border.
HBN_INLINE void copy_clipped(const float *plane, tiling t, int y, int x, int size, float *out) {
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++, out += 16) {
            bool inside = y + i >= 0 && y + i < t.height && x + j >= 0 && x + j < t.width;
            store(out, inside ? load(plane + ((size_t)(y + i) * t.width + x + j) * 16) : spread(0));
        }
}

/// Transforms tiles `first` to `first + count` of an activation to `[point][block][capacity][16]`. Blocks come one
/// after the other, so that a processor sees few streams.
HBN_INLINE void transform_each(
    const int tile_size, const bool is_gradient, const float *activation, int blocks, tiling t, int first, int count,
    int capacity, float *out) {
    const size_t plane = (size_t)t.height * t.width * 16, point = spaced(blocks * 16, capacity);
    const int span = tile_size + 2, size = is_gradient ? tile_size : span, margin = is_gradient ? 0 : 1;
    float clipped[widest * widest * 16] __attribute__((aligned(64)));
    for (int block = 0; block < blocks; block++)
        for (int tile = 0; tile < count; tile++) {
            const place at = place_of(t, first + tile);
            const int y = at.y - margin, x = at.x - margin;
            const bool inside = y >= 0 && x >= 0 && y + size <= t.height && x + size <= t.width;
            const float *source = activation + ((size_t)at.sample * blocks + block) * plane;
            const float *pixels = inside ? source + ((size_t)y * t.width + x) * 16 : clipped;
            const size_t row = inside ? (size_t)t.width * 16 : (size_t)size * 16;
            if (!inside) copy_clipped(source, t, y, x, size, clipped);
            float *result = out + ((size_t)block * capacity + tile) * 16;
            vector half[widest][widest];
            HBN_UNROLL for (int j = 0; j < size; j++) {
                vector column[widest], v[widest];
                HBN_UNROLL for (int i = 0; i < size; i++) column[i] = load(pixels + i * row + j * 16);
                if (is_gradient) transform_output_gradient(tile_size, column, v);
                else transform_input(tile_size, column, v);
                HBN_UNROLL for (int i = 0; i < span; i++) half[i][j] = v[i];
            }
            HBN_UNROLL for (int i = 0; i < span; i++) {
                vector v[widest];
                if (is_gradient) transform_output_gradient(tile_size, half[i], v);
                else transform_input(tile_size, half[i], v);
                HBN_UNROLL for (int j = 0; j < span; j++) store(result + (i * span + j) * point, v[j]);
            }
        }
}

static void transform_tiles(
    const float *activation, int blocks, tiling t, int first, int count, int capacity, float *out) {
    if (t.size == 4) transform_each(4, false, activation, blocks, t, first, count, capacity, out);
    else transform_each(6, false, activation, blocks, t, first, count, capacity, out);
}

static void transform_gradient_tiles(
    const float *activation, int blocks, tiling t, int first, int count, int capacity, float *out) {
    if (t.size == 4) transform_each(4, true, activation, blocks, t, first, count, capacity, out);
    else transform_each(6, true, activation, blocks, t, first, count, capacity, out);
}

HBN_INLINE void finish_each(
    const int size, const float *products, int lanes, tiling t, int first, int count, const float *bias, bool relu,
    int blocks, int block, float *output) {
    const size_t plane = (size_t)t.height * t.width * 16, point = (size_t)count * lanes;
    const int span = size + 2;
    const vector shift = bias ? load(bias) : spread(0);
    for (int tile = 0; tile < count; tile++) {
        const place at = place_of(t, first + tile);
        const float *m = products + (size_t)tile * lanes;
        vector half[widest][widest];
        HBN_UNROLL for (int j = 0; j < span; j++) {
            vector column[widest], y[widest];
            HBN_UNROLL for (int i = 0; i < span; i++) column[i] = load(m + (i * span + j) * point);
            transform_output(size, column, y);
            HBN_UNROLL for (int i = 0; i < size; i++) half[i][j] = y[i];
        }
        float *pixels =
            output + ((size_t)at.sample * blocks + block) * plane + ((size_t)at.y * t.width + at.x) * 16;
        const int rows = smaller(size, t.height - at.y), columns = smaller(size, t.width - at.x);
        HBN_UNROLL for (int i = 0; i < size; i++) {
            vector y[widest];
            transform_output(size, half[i], y);
            if (i >= rows) break;
            HBN_UNROLL for (int j = 0; j < size; j++) {
                vector v = add(y[j], shift);
                if (relu) v = _mm512_max_ps(v, spread(0));
                if (j < columns) store(pixels + ((size_t)i * t.width + j) * 16, v);
            }
        }
    }
}

/// Transforms the products `[point][count][lanes]` of 16 channels back to pixels.
static void finish_tiles(
    const float *products, int lanes, tiling t, int first, int count, const float *bias, bool relu, int blocks,
    int block, float *output) {
    if (t.size == 4) finish_each(4, products, lanes, t, first, count, bias, relu, blocks, block, output);
    else finish_each(6, products, lanes, t, first, count, bias, relu, blocks, block, output);
}

// MARK: Kernels

HBN_INLINE void transform_each_tap(
    const int tile, const float *taps, size_t tap, bool flip, float *out, size_t distance) {
    const int span = tile + 2;
    vector half[widest][3];
    HBN_UNROLL for (int j = 0; j < 3; j++) {
        vector g[3], u[widest];
        HBN_UNROLL for (int i = 0; i < 3; i++) {
            const int from = i * 3 + j;
            g[i] = load(taps + (flip ? 8 - from : from) * tap);
        }
        transform_kernel(tile, g, u);
        HBN_UNROLL for (int i = 0; i < span; i++) half[i][j] = u[i];
    }
    HBN_UNROLL for (int i = 0; i < span; i++) {
        vector u[widest];
        transform_kernel(tile, half[i], u);
        HBN_UNROLL for (int j = 0; j < span; j++) store(out + (i * span + j) * distance, u[j]);
    }
}

/// Transforms nine taps of 16 channels, `tap` floats apart, to points `distance` floats apart.
HBN_INLINE void transform_taps(tiling t, const float *taps, size_t tap, bool flip, float *out, size_t distance) {
    if (t.size == 4) transform_each_tap(4, taps, tap, flip, out, distance);
    else transform_each_tap(6, taps, tap, flip, out, distance);
}

/// 16 rows of 16, `stride` apart, to their columns.
HBN_INLINE void transpose(const float *from, size_t stride, float *to, size_t to_stride) {
    vector a[16], b[16];
    HBN_UNROLL for (int i = 0; i < 16; i++) a[i] = load(from + i * stride);
    HBN_UNROLL for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    HBN_UNROLL for (int i = 0; i < 16; i += 4) {
        HBN_UNROLL for (int j = 0; j < 2; j++) {
            __m512d p = _mm512_castps_pd(b[i + j]), q = _mm512_castps_pd(b[i + 2 + j]);
            a[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(p, q));
            a[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(p, q));
        }
    }
    // a[4 r + c] holds column c of each lane of rows 4 r to 4 r + 3.
    HBN_UNROLL for (int c = 0; c < 4; c++) {
        vector p = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88), q = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
        vector r = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88), s = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
        store(to + (size_t)c * to_stride, _mm512_shuffle_f32x4(p, r, 0x88));
        store(to + (size_t)(8 + c) * to_stride, _mm512_shuffle_f32x4(p, r, 0xdd));
        store(to + (size_t)(4 + c) * to_stride, _mm512_shuffle_f32x4(q, s, 0x88));
        store(to + (size_t)(12 + c) * to_stride, _mm512_shuffle_f32x4(q, s, 0xdd));
    }
}

/// The part of a kernel from inputs `c` to `c + rows` to outputs `k` to `k + lanes`, as `[point][rows][lanes]`.
static void transform_part(
    tiling t, const float *kernel, int inputs, int outputs, int c, int rows, int k, int lanes, float *out) {
    const size_t tap = (size_t)inputs * outputs, distance = spaced(rows, lanes);
    // The taps of a kernel lie so far apart that a cache has few places for them: they are gathered first.
    float gathered[9][16][32] __attribute__((aligned(64)));
    for (int row = 0; row < rows; row += 16) {
        for (int i = 0; i < 9; i++)
            for (int r = 0; r < 16; r++) {
                const float *from = kernel + i * tap + (size_t)(c + row + r) * outputs + k;
                for (int j = 0; j < lanes; j += 16) {
                    _mm_prefetch(from + j + 16 * (size_t)outputs, _MM_HINT_T1);
                    store(&gathered[i][r][j], load(from + j));
                }
            }
        for (int r = 0; r < 16; r++)
            for (int j = 0; j < lanes; j += 16)
                transform_taps(
                    t, &gathered[0][r][j], 16 * 32, false, out + (size_t)(row + r) * lanes + j, distance);
    }
}

/// The same for the kernel turned around: from outputs `k` to `k + rows` to inputs `c` to `c + lanes`.
static void transform_turned_part(
    tiling t, const float *kernel, int inputs, int outputs, int k, int rows, int c, int lanes, float *out) {
    const size_t tap = (size_t)inputs * outputs, distance = spaced(rows, lanes);
    float turned[9 * 16 * 16] __attribute__((aligned(64)));
    for (int row = 0; row < rows; row += 16)
        for (int j = 0; j < lanes; j += 16) {
            for (int i = 0; i < 9; i++) {
                const float *from = kernel + i * tap + (size_t)(c + j) * outputs + k + row;
                for (int r = 0; r < 16; r++) _mm_prefetch(from + (size_t)r * outputs + 16, _MM_HINT_T1);
                transpose(from, outputs, turned + i * 256, 16);
            }
            for (int i = 0; i < 16; i++)
                transform_taps(t, turned + i * 16, 256, true, out + (size_t)(row + i) * lanes + j, distance);
        }
}

// MARK: Matrix products

/// `sums[r][lanes] (+)= rows of v times u`, with v `[blocks][capacity][16]` and u `[16 blocks][lanes]`.
HBN_INLINE void multiply_rows(
    const int rows, const int vectors, bool adds, const float *v, int blocks, size_t capacity, const float *u,
    float *sums) {
    vector sum[rows_at_once][2];
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = adds ? load(sums + (r * vectors + j) * 16) : spread(0);
    for (int block = 0; block < blocks; block++, v += capacity * 16)
        for (int c = 0; c < 16; c++, u += vectors * 16) {
            vector weights[2];
            HBN_UNROLL for (int j = 0; j < vectors; j++) weights[j] = load(u + j * 16);
            HBN_UNROLL for (int r = 0; r < rows; r++) {
                vector x = spread(v[r * 16 + c]);
                HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = _mm512_fmadd_ps(x, weights[j], sum[r][j]);
            }
        }
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++) store(sums + (r * vectors + j) * 16, sum[r][j]);
}

typedef void multiply(bool adds, const float *v, int blocks, size_t capacity, const float *u, float *sums);

#define MULTIPLY(ROWS, VECTORS)                                                                              \
    static void multiply_##ROWS##_##VECTORS(                                                                 \
        bool adds, const float *v, int blocks, size_t capacity, const float *u, float *sums) {               \
        multiply_rows(ROWS, VECTORS, adds, v, blocks, capacity, u, sums);                                          \
    }
#define EACH_ROWS(M, VECTORS)                                                                                \
    M(1, VECTORS) M(2, VECTORS) M(3, VECTORS) M(4, VECTORS) M(5, VECTORS) M(6, VECTORS) M(7, VECTORS)        \
    M(8, VECTORS) M(9, VECTORS) M(10, VECTORS) M(11, VECTORS) M(12, VECTORS) M(13, VECTORS) M(14, VECTORS)
EACH_ROWS(MULTIPLY, 1)
EACH_ROWS(MULTIPLY, 2)
#define NAME(ROWS, VECTORS) multiply_##ROWS##_##VECTORS,
static multiply *const multiplications[2][rows_at_once] = {{EACH_ROWS(NAME, 1)}, {EACH_ROWS(NAME, 2)}};

/// The products of `count` tiles with one block of outputs, `[point][count][lanes]`, or their addition to what stands
/// there; `distance` floats lie between the points of v.
static void multiply_tiles(
    int points, bool adds, const float *v, size_t distance, int blocks, int capacity, int count, const float *u,
    int lanes, float *products) {
    multiply *const *by_rows = multiplications[lanes / 16 - 1];
    const int parts = (count + rows_at_once - 1) / rows_at_once;
    for (int point = 0; point < points; point++) {
        for (int part = 0; part < parts; part++) {
            const int from = count * part / parts, to = count * (part + 1) / parts;
            by_rows[to - from - 1](
                adds, v + (size_t)from * 16, blocks, capacity, u, products + (size_t)from * lanes);
        }
        v += distance;
        u += spaced(blocks * 16, lanes);
        products += (size_t)count * lanes;
    }
}

/// Sets `sums` `[8][lanes]` to, or adds to them, the products over `count` tiles of 8 of the 16 channels in v
/// `[count][16]` with z `[count][16]`, one or two such blocks `stride` apart.
HBN_INLINE void correlate_eight(
    const int vectors, bool adds, const float *v, const float *z, size_t stride, int count, float *sums) {
    vector sum[8][2];
    HBN_UNROLL for (int r = 0; r < 8; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = adds ? load(sums + (r * vectors + j) * 16) : spread(0);
    for (int tile = 0; tile < count; tile++, v += 16, z += 16) {
        vector gradient[2];
        HBN_UNROLL for (int j = 0; j < vectors; j++) gradient[j] = load(z + j * stride);
        HBN_UNROLL for (int r = 0; r < 8; r++) {
            vector x = spread(v[r]);
            HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = _mm512_fmadd_ps(x, gradient[j], sum[r][j]);
        }
    }
    HBN_UNROLL for (int r = 0; r < 8; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++) store(sums + (r * vectors + j) * 16, sum[r][j]);
}

static void correlate_1(bool adds, const float *v, const float *z, size_t stride, int count, float *sums) {
    correlate_eight(1, adds, v, z, stride, count, sums);
}
static void correlate_2(bool adds, const float *v, const float *z, size_t stride, int count, float *sums) {
    correlate_eight(2, adds, v, z, stride, count, sums);
}

// MARK: Passes

/// How a pass is cut: `tiles` at once, in one round or in several; what each part of the scratch memory holds.
typedef struct {
    int tiles;
    bool one_round;
    int rows;  // Of the kernel's part in work.
    size_t inputs, gradients, kernels, products;  // Floats.
} cut;

HBN_INLINE size_t floats_of(tiling t, size_t rows, size_t columns) { return t.points * spaced(rows, columns); }

/// Cuts the tiles into rounds of about `floats`, of which a tile takes `each`.
HBN_INLINE void cut_into_rounds(cut *c, tiling t, size_t floats, size_t each) {
    c->tiles = smaller(larger((int)(floats / each) / chunk, 1) * chunk, t.count);
    c->one_round = c->tiles == t.count;
}

/// What is smaller is kept whole. Where that is the transformed activation, each part of the kernel is transformed just
/// before its only use; where it is the kernel, tiles come in rounds that fit the second-level cache.
static cut cut_convolution(tiling t, int inputs, int outputs) {
    cut c = {.tiles = t.count, .one_round = floats_of(t, t.count, inputs) <= floats_of(t, inputs, outputs)};
    if (!c.one_round) cut_into_rounds(&c, t, 1 << 17, floats_of(t, 1, inputs));
    c.inputs = floats_of(t, c.tiles, inputs);
    // The sums of few tiles have room beside a part of a large kernel.
    const bool in_parts = c.one_round && c.tiles <= 2 * chunk;
    c.rows = in_parts ? smaller(inputs, 2 * group) : inputs;
    c.kernels = floats_of(t, c.rows, 32) * (c.one_round ? 1 : (outputs + 31) / 32);
    c.products = floats_of(t, in_parts ? c.tiles : smaller(chunk, c.tiles), 32);
    return c;
}

/// Here the kernel's products are kept for all rounds, at the price of reading and writing them in each: rounds are
/// worth it where both transformed activations are three times as large.
static cut cut_kernel_gradient(tiling t, int inputs, int outputs) {
    const size_t each = floats_of(t, 1, inputs + outputs);
    const int parts = (inputs + group - 1) / group * ((outputs + 31) / 32);
    cut c = {
        .tiles = t.count,
        .one_round = floats_of(t, t.count, inputs + outputs) <= 3 * floats_of(t, inputs, outputs)};
    if (!c.one_round) cut_into_rounds(&c, t, 1 << 19, each);
    c.inputs = floats_of(t, c.tiles, inputs);
    c.gradients = floats_of(t, c.tiles, outputs);
    c.products = floats_of(t, group, 32) * (c.one_round ? 1 : parts);
    return c;
}

size_t hbn_winograd_scratch_bytes(hbn_winograd_shape s, hbn_winograd_pass pass) {
    tiling t = tiles_of(s);
    cut c = pass == hbn_winograd_forward         ? cut_convolution(t, s.inputs, s.outputs)
            : pass == hbn_winograd_backward_data ? cut_convolution(t, s.outputs, s.inputs)
                                                 : cut_kernel_gradient(t, s.inputs, s.outputs);
    return (c.inputs + c.gradients + c.kernels + c.products) * sizeof(float);
}

/// A convolution, or with `transposed` the one that leads from the kernel's outputs to its inputs.
static void convolve(
    hbn_winograd_shape s, bool transposed, const float *input, const float *kernel, const float *bias, bool relu,
    float *output, float *scratch) {
    const tiling t = tiles_of(s);
    const int from = transposed ? s.outputs : s.inputs, to = transposed ? s.inputs : s.outputs;
    const int blocks = from / 16;
    const cut c = cut_convolution(t, from, to);
    float *v = scratch, *u = v + c.inputs, *products = u + c.kernels;
    for (int first = 0; first < t.count; first += c.tiles) {
        const int count = smaller(c.tiles, t.count - first);
        transform_tiles(input, blocks, t, first, count, c.tiles, v);
        for (int k = 0; k < to; k += 32) {
            const int lanes = smaller(32, to - k);
            float *block = u + (c.one_round ? 0 : floats_of(t, from, 32) * (k / 32));
            for (int row = 0; row < from; row += c.rows) {
                const int rows = smaller(c.rows, from - row);
                const bool last = row + rows == from;
                if (first == 0)
                    (transposed ? transform_turned_part : transform_part)(
                        t, kernel, s.inputs, s.outputs, row, rows, k, lanes, block);
                for (int tile = 0; tile < count; tile += chunk) {
                    const int some = smaller(chunk, count - tile);
                    float *sums = products + (c.rows < from ? floats_of(t, tile, lanes) : 0);
                    multiply_tiles(
                        t.points, row > 0, v + ((size_t)(row / 16) * c.tiles + tile) * 16, spaced(from, c.tiles),
                        rows / 16, c.tiles, some, block, lanes, sums);
                    for (int j = 0; last && j < lanes; j += 16)
                        finish_tiles(
                            sums + j, lanes, t, first + tile, some, bias ? bias + k + j : NULL, relu, to / 16,
                            (k + j) / 16, output);
                }
            }
        }
    }
}

void hbn_winograd_convolve(
    hbn_winograd_shape s, const float *input, const float *kernel, const float *bias, bool relu, float *output,
    void *scratch) {
    convolve(s, false, input, kernel, bias, relu, output, scratch);
}

void hbn_winograd_convolve_transposed(
    hbn_winograd_shape s, const float *output_gradient, const float *kernel, const float *bias, float *input_gradient,
    void *scratch) {
    convolve(s, true, output_gradient, kernel, bias, false, input_gradient, scratch);
}

/// Computes or adds the correlation of inputs c to c + channels with outputs k to k + lanes: `products` is
/// `[point][channels][lanes]`, with points `distance` floats apart.
static void correlate_tiles(
    int points, bool adds, const float *v, const float *z, int capacity, int count, int inputs, int outputs, int c,
    int channels, int k, int lanes, float *products, size_t distance) {
    const size_t block = (size_t)capacity * 16;
    for (int point = 0; point < points; point++) {
        const float *gradients = z + point * spaced(outputs, capacity) + (k / 16) * block;
        for (int i = 0; i < channels; i += 8) {
            const float *activations = v + point * spaced(inputs, capacity) + ((c + i) / 16) * block + i % 16;
            (lanes == 32 ? correlate_2 : correlate_1)(
                adds, activations, gradients, block, count, products + point * distance + (size_t)i * lanes);
        }
    }
}

HBN_INLINE void finish_each_tap(const int tile, const float *m, size_t distance, float *taps, size_t tap) {
    const int span = tile + 2;
    vector half[3][widest];
    HBN_UNROLL for (int x = 0; x < span; x++) {
        vector column[widest], g[3];
        HBN_UNROLL for (int y = 0; y < span; y++) column[y] = load(m + (y * span + x) * distance);
        transform_kernel_gradient(tile, column, g);
        HBN_UNROLL for (int y = 0; y < 3; y++) half[y][x] = g[y];
    }
    HBN_UNROLL for (int y = 0; y < 3; y++) {
        vector g[3];
        transform_kernel_gradient(tile, half[y], g);
        HBN_UNROLL for (int x = 0; x < 3; x++) store(taps + (y * 3 + x) * tap, g[x]);
    }
}

/// Transforms products `[point][channels][lanes]` back to the nine taps.
static void finish_kernel_gradient(
    tiling t, const float *products, size_t distance, int inputs, int outputs, int c, int channels, int k, int lanes,
    float *gradient) {
    const size_t tap = (size_t)inputs * outputs;
    float gathered[9][16][32] __attribute__((aligned(64)));
    for (int i = 0; i < channels; i += 16) {
        for (int r = 0; r < 16; r++)
            for (int j = 0; j < lanes; j += 16) {
                const float *m = products + (size_t)(i + r) * lanes + j;
                if (t.size == 4) finish_each_tap(4, m, distance, &gathered[0][r][j], 16 * 32);
                else finish_each_tap(6, m, distance, &gathered[0][r][j], 16 * 32);
            }
        for (int y = 0; y < 9; y++)
            for (int r = 0; r < 16; r++)
                for (int j = 0; j < lanes; j += 16)
                    store(gradient + y * tap + (size_t)(c + i + r) * outputs + k + j, load(&gathered[y][r][j]));
    }
}

void hbn_winograd_kernel_gradient(
    hbn_winograd_shape s, const float *input, const float *output_gradient, float *kernel_gradient, void *scratch) {
    const tiling t = tiles_of(s);
    const int inputs = s.inputs, outputs = s.outputs;
    const cut c = cut_kernel_gradient(t, inputs, outputs);
    float *v = scratch, *z = v + c.inputs, *products = z + c.gradients;
    for (int first = 0; first < t.count; first += c.tiles) {
        const int count = smaller(c.tiles, t.count - first);
        transform_tiles(input, inputs / 16, t, first, count, c.tiles, v);
        transform_gradient_tiles(output_gradient, outputs / 16, t, first, count, c.tiles, z);
        for (int k = 0; k < outputs; k += 32) {
            const int lanes = smaller(32, outputs - k);
            for (int i = 0; i < inputs; i += group) {
                const int channels = smaller(group, inputs - i);
                const size_t distance = spaced(channels, lanes);
                const size_t part = (size_t)(k / 32) * ((inputs + group - 1) / group) + i / group;
                float *block = products + (c.one_round ? 0 : floats_of(t, group, 32) * part);
                correlate_tiles(
                    t.points, first > 0, v, z, c.tiles, count, inputs, outputs, i, channels, k, lanes, block, distance);
                if (first + count == t.count)
                    finish_kernel_gradient(
                        t, block, distance, inputs, outputs, i, channels, k, lanes, kernel_gradient);
            }
        }
    }
}

#pragma clang attribute pop

bool hbn_winograd_is_available(void) { return __builtin_cpu_supports("avx512f"); }

#else

// Other processors use a library's convolutions: nobody calls these.
#include <stdlib.h>

bool hbn_winograd_is_available(void) { return false; }
size_t hbn_winograd_scratch_bytes(hbn_winograd_shape s, hbn_winograd_pass p) { abort(); }
void hbn_winograd_convolve(
    hbn_winograd_shape s, const float *i, const float *k, const float *b, bool r, float *o, void *m) {
    abort();
}
void hbn_winograd_convolve_transposed(
    hbn_winograd_shape s, const float *o, const float *k, const float *b, float *i, void *m) {
    abort();
}
void hbn_winograd_kernel_gradient(hbn_winograd_shape s, const float *i, const float *o, float *k, void *m) { abort(); }

#endif
