// 3x3 convolutions with stride 1 and `same` padding by Winograd's minimal filtering: docs/decisions/winograd.md.

enum {
    widest = 8,  // Numbers of the larger transform along one dimension.
    chunk = 42,  // Tiles whose products stay in the second-level cache: whole rounds of 14 rows and of 6.
    group = 64,  // Channels of the kernel gradient whose products do.
};

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
    const vector even = muladd(SQUARE(p) / norm, g[2], (1 / norm) * g[0]), odd = (p / norm) * g[1];
    u[0] = even + odd;
    u[1] = even - odd;
}

/// Three taps of the kernel, G g.
HBN_INLINE void transform_kernel(const int tile, const vector *g, vector *u) {
    if (tile == 4) {
        u[0] = (1 / SQUARE(P1 * P2)) * g[0];
        put_taps(P1, NORM2(P1, P2), g, u + 1);
        put_taps(P2, NORM2(P2, P1), g, u + 3);
        u[5] = g[2];
        return;
    }
    u[0] = (-1 / SQUARE(Q1 * Q2 * Q3)) * g[0];
    put_taps(Q1, NORM3(Q1, Q2, Q3), g, u + 1);
    put_taps(Q2, NORM3(Q2, Q1, Q3), g, u + 3);
    put_taps(Q3, NORM3(Q3, Q1, Q2), g, u + 5);
    u[7] = g[2];
}

/// Adds one pair of points to three taps.
HBN_INLINE void add_taps(float p, float norm, const vector *u, vector *g) {
    const vector sum = u[0] + u[1], difference = u[0] - u[1];
    g[0] = muladd(1 / norm, sum, g[0]);
    g[1] = muladd(p / norm, difference, g[1]);
    g[2] = muladd(SQUARE(p) / norm, sum, g[2]);
}

/// Back to three taps, G^T u.
HBN_INLINE void transform_kernel_gradient(const int tile, const vector *u, vector *g) {
    g[0] = (tile == 4 ? 1 / SQUARE(P1 * P2) : -1 / SQUARE(Q1 * Q2 * Q3)) * u[0];
    g[1] = (vector){0};
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
    const vector sum = m[0] + m[1], difference = m[0] - m[1];
    float power = 1;
    HBN_UNROLL for (int i = 0; i < tile; i += 2, power *= SQUARE(p)) {
        y[i] = muladd(power, sum, y[i]);
        y[i + 1] = muladd(power * p, difference, y[i + 1]);
    }
}

/// To the pixels of the output, A^T m.
HBN_INLINE void transform_output(const int tile, const vector *m, vector *y) {
    HBN_UNROLL for (int i = 1; i < tile - 1; i++) y[i] = (vector){0};
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

/// The address of the next point. The compiler must not keep a pointer for each point, of which there are more than
/// registers: it is told that it does not know where this one leads.
HBN_INLINE const float *next_point(const float *p, size_t distance) {
    p += distance;
    __asm__("" : "+r"(p));
    return p;
}

/// The tiles of an activation, numbered along rows, then columns, then samples.
typedef struct {
    int rows, columns;  // 4 or 6 pixels each way.
    int points;  // Of a transformed tile.
    int height, width, across, per_sample, count;
} tiling;

HBN_INLINE tiling cut_into(hbn_winograd_shape s, int rows, int columns) {
    const int across = (s.width + columns - 1) / columns, down = (s.height + rows - 1) / rows;
    return (tiling){
        .rows = rows, .columns = columns, .points = (rows + 2) * (columns + 2), .height = s.height, .width = s.width,
        .across = across, .per_sample = across * down, .count = across * down * s.batch};
}

/// The work of a pass in products of vectors, whole numbers that no processor rounds. What the transforms of
/// activations and kernels take beside the matrix products was fitted to measurements.
HBN_INLINE int64_t work(tiling t, hbn_winograd_shape s) {
    const int64_t inputs = blocks_of(s.inputs) * block, outputs = blocks_of(s.outputs) * block;
    const int64_t per_channel = t.rows + t.columns == 8 ? 5 : t.rows + t.columns == 10 ? 7 : 9;
    return t.points * (t.count * (inputs * outputs + per_channel * (inputs + outputs)) + 4 * inputs * outputs);
}

/// Large tiles need a fifth fewer products, but more for the kernels, and waste more at the borders of small images.
/// The choice decides bits: it depends on the shape alone, and is never tuned to a processor.
static tiling tiles_of(hbn_winograd_shape s) {
    tiling best = cut_into(s, 4, 4);
    for (int rows = 4; rows <= 6; rows += 2)
        for (int columns = 4; columns <= 6; columns += 2) {
            const tiling other = cut_into(s, rows, columns);
            if (work(other, s) < work(best, s)) best = other;
        }
    return best;
}

/// Calls a function with the tile's extents as constants.
#define FOR_TILE(T, CALL, ...)                                                                               \
    do {                                                                                                     \
        if ((T).rows == 4 && (T).columns == 4) CALL(4, 4, __VA_ARGS__);                                      \
        else if ((T).rows == 4) CALL(4, 6, __VA_ARGS__);                                                     \
        else if ((T).columns == 4) CALL(6, 4, __VA_ARGS__);                                                  \
        else CALL(6, 6, __VA_ARGS__);                                                                        \
    } while (0)

typedef struct {
    int sample, y, x;
} place;

HBN_INLINE place place_of(tiling t, int tile) {
    const int sample = tile / t.per_sample, rest = tile % t.per_sample;
    return (place){sample, rest / t.across * t.rows, rest % t.across * t.columns};
}

/// Copies `rows` x `columns` pixels from (y, x) on, with zeros beyond the border.
HBN_INLINE void copy_clipped(const float *plane, tiling t, int y, int x, int rows, int columns, float *out) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++, out += block) {
            bool inside = y + i >= 0 && y + i < t.height && x + j >= 0 && x + j < t.width;
            put(out, inside ? read(plane + ((size_t)(y + i) * t.width + x + j) * block) : (floats){0});
        }
}

/// Transforms tiles `first` to `first + count` of an activation to `[point][block][capacity][16]`. Blocks come one
/// after the other, so that a processor sees few streams; the next tile's places are asked for.
HBN_INLINE void transform_each(
    const int tile_rows, const int tile_columns, const bool is_gradient, const float *activation, int blocks, tiling t,
    int first, int count, int capacity, float *out) {
    const size_t plane = (size_t)t.height * t.width * block, point = spaced(blocks * block, capacity);
    const int down = tile_rows + 2, across = tile_columns + 2;
    const int rows = is_gradient ? tile_rows : down, columns = is_gradient ? tile_columns : across;
    const int margin = is_gradient ? 0 : 1;
    float clipped[widest * widest * block] __attribute__((aligned(64)));
    for (int b = 0; b < blocks; b++)
        for (int tile = 0; tile < count; tile++) {
            const place at = place_of(t, first + tile);
            const int y = at.y - margin, x = at.x - margin;
            const bool inside = y >= 0 && x >= 0 && y + rows <= t.height && x + columns <= t.width;
            const float *source = activation + ((size_t)at.sample * blocks + b) * plane;
            const float *pixels = inside ? source + ((size_t)y * t.width + x) * block : clipped;
            const size_t row = inside ? (size_t)t.width * block : (size_t)columns * block;
            if (!inside) copy_clipped(source, t, y, x, rows, columns, clipped);
            float *result = out + ((size_t)b * capacity + tile) * block;
            for (int lane = 0; lane < block; lane += HBN_WIDTH) {
                vector half[widest][widest];
                HBN_UNROLL for (int j = 0; j < columns; j++) {
                    vector column[widest], v[widest];
                    HBN_UNROLL for (int i = 0; i < rows; i++) column[i] = load(pixels + i * row + j * block + lane);
                    if (is_gradient) transform_output_gradient(tile_rows, column, v);
                    else transform_input(tile_rows, column, v);
                    HBN_UNROLL for (int i = 0; i < down; i++) half[i][j] = v[i];
                }
                float *at = result + lane;
                HBN_UNROLL for (int i = 0; i < down; i++) {
                    vector v[widest];
                    if (is_gradient) transform_output_gradient(tile_columns, half[i], v);
                    else transform_input(tile_columns, half[i], v);
                    HBN_UNROLL for (int j = 0; j < across; j++, at = (float *)next_point(at, point)) {
                        __builtin_prefetch(at + block, 1);
                        store(at, v[j]);
                    }
                }
            }
        }
}

static void transform_tiles(
    const float *activation, int blocks, tiling t, int first, int count, int capacity, float *out) {
    FOR_TILE(t, transform_each, false, activation, blocks, t, first, count, capacity, out);
}

static void transform_gradient_tiles(
    const float *activation, int blocks, tiling t, int first, int count, int capacity, float *out) {
    FOR_TILE(t, transform_each, true, activation, blocks, t, first, count, capacity, out);
}

/// What becomes of a block's sums on their way to the pixels.
typedef struct {
    const float *bias;
    bool relu;
    /// NULL, or an activation like the result, which stays only where this is above zero.
    const float *passed;
    /// With it, the sums of the block's channels over all pixels: of each tile row by row, tile after tile.
    float *totals;
} finish;

/// Transforms the products `[point][count][lanes]` of 16 channels back to pixels. The next tile's are asked for.
HBN_INLINE void finish_each(
    const int tile_rows, const int tile_columns, const bool passes, const float *products, int lanes, tiling t,
    int first, int count, const finish *f, int blocks, int b, float *output) {
    const size_t plane = (size_t)t.height * t.width * block, point = (size_t)count * lanes;
    const int down = tile_rows + 2, across = tile_columns + 2;
    for (int tile = 0; tile < count; tile++) {
        const place at = place_of(t, first + tile);
        const size_t corner = ((size_t)at.sample * blocks + b) * plane + ((size_t)at.y * t.width + at.x) * block;
        const int rows = smaller(tile_rows, t.height - at.y), columns = smaller(tile_columns, t.width - at.x);
        for (int lane = 0; lane < block; lane += HBN_WIDTH) {
            const float *m = products + (size_t)tile * lanes + lane;
            const vector shift = load(f->bias + lane);
            vector total = {0};
            vector half[widest][widest];
            HBN_UNROLL for (int j = 0; j < across; j++) {
                vector column[widest], y[widest];
                const float *at = m + j * point;
                HBN_UNROLL for (int i = 0; i < down; i++, at = next_point(at, across * point)) {
                    __builtin_prefetch(at + lanes);
                    column[i] = load(at);
                }
                transform_output(tile_rows, column, y);
                HBN_UNROLL for (int i = 0; i < tile_rows; i++) half[i][j] = y[i];
            }
            HBN_UNROLL for (int i = 0; i < tile_rows; i++) {
                vector y[widest];
                transform_output(tile_columns, half[i], y);
                if (i >= rows) break;
                const size_t row = corner + (size_t)i * t.width * block + lane;
                vector sum = {0};
                HBN_UNROLL for (int j = 0; j < tile_columns; j++) {
                    if (j >= columns) break;
                    vector v = y[j] + shift;
                    if (passes) v = where_positive(load(f->passed + row + j * block), v);
                    else if (f->relu) v = relu_of(v);
                    store(output + row + j * block, v);
                    if (passes) sum += v;
                }
                total += sum;
            }
            if (passes) store(f->totals + lane, load(f->totals + lane) + total);
        }
    }
}

static void finish_tiles(
    const float *products, int lanes, tiling t, int first, int count, const finish *f, int blocks, int b,
    float *output) {
    if (f->passed) FOR_TILE(t, finish_each, true, products, lanes, t, first, count, f, blocks, b, output);
    else FOR_TILE(t, finish_each, false, products, lanes, t, first, count, f, blocks, b, output);
}

// MARK: Kernels

/// Transforms nine taps of a vector of channels, `tap` floats apart, to points `distance` floats apart.
HBN_INLINE void transform_taps(
    const int tile_rows, const int tile_columns, const float *taps, size_t tap, bool flip, float *out,
    size_t distance) {
    const int down = tile_rows + 2, across = tile_columns + 2;
    vector half[widest][3];
    HBN_UNROLL for (int j = 0; j < 3; j++) {
        vector g[3], u[widest];
        HBN_UNROLL for (int i = 0; i < 3; i++) {
            const int from = i * 3 + j;
            g[i] = load(taps + (flip ? 8 - from : from) * tap);
        }
        transform_kernel(tile_rows, g, u);
        HBN_UNROLL for (int i = 0; i < down; i++) half[i][j] = u[i];
    }
    HBN_UNROLL for (int i = 0; i < down; i++) {
        vector u[widest];
        transform_kernel(tile_columns, half[i], u);
        HBN_UNROLL for (int j = 0; j < across; j++, out = (float *)next_point(out, distance)) store(out, u[j]);
    }
}

/// Sixteen rows of nine gathered taps `[9][16][step]`, to rows `[lanes]` of each point.
HBN_INLINE void transform_rows(
    const int tile_rows, const int tile_columns, const float *gathered, int step, int some, bool flip, int lanes,
    float *out, size_t distance) {
    for (int r = 0; r < block; r++)
        for (int j = 0; j < some; j += HBN_WIDTH)
            transform_taps(
                tile_rows, tile_columns, gathered + r * step + j, (size_t)block * step, flip, out + r * lanes + j,
                distance);
}

/// The part of a kernel from inputs `c` to `c + rows` to outputs `k` to `k + lanes`, as `[point][rows][lanes]`.
/// Channels that only fill up a block have zeros.
static void transform_part(
    tiling t, const float *kernel, int inputs, int outputs, int c, int rows, int k, int lanes, float *out) {
    const size_t tap = (size_t)inputs * outputs, distance = spaced(rows, lanes);
    // The taps of a kernel lie so far apart that a cache has few places for them: they are gathered first.
    float gathered[9 * block * panel] __attribute__((aligned(64)));
    for (int row = 0; row < rows; row += block) {
        for (int i = 0; i < 9; i++)
            for (int r = 0; r < block; r++)
                for (int j = 0; j < lanes; j += block) {
                    const float *from = kernel + i * tap + (size_t)(c + row + r) * outputs + k + j;
                    float *to = gathered + (i * block + r) * panel + j;
                    if (c + row + r >= inputs) {
                        put(to, (floats){0});
                        continue;
                    }
                    __builtin_prefetch(from + block * (size_t)outputs, 0, 2);
                    put(to, read_some(from, outputs - k - j));
                }
        FOR_TILE(t, transform_rows, gathered, panel, lanes, false, lanes, out + (size_t)row * lanes, distance);
    }
}

/// The same for the kernel turned around: from outputs `k` to `k + rows` to inputs `c` to `c + lanes`.
static void transform_turned_part(
    tiling t, const float *kernel, int inputs, int outputs, int k, int rows, int c, int lanes, float *out) {
    const size_t tap = (size_t)inputs * outputs, distance = spaced(rows, lanes);
    float turned[9 * block * block] __attribute__((aligned(64)));
    for (int row = 0; row < rows; row += block)
        for (int j = 0; j < lanes; j += block) {
            for (int i = 0; i < 9; i++)
                transpose_some(
                    kernel + i * tap + (size_t)(c + j) * outputs + k + row, outputs, inputs - c - j, outputs - k - row,
                    turned + i * block * block, block);
            FOR_TILE(t, transform_rows, turned, block, block, true, lanes, out + (size_t)row * lanes + j, distance);
        }
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
    c.rows = in_parts ? smaller(inputs, group) : inputs;
    c.kernels = floats_of(t, c.rows, panel) * (c.one_round ? 1 : (outputs + panel - 1) / panel);
    c.products = floats_of(t, in_parts ? c.tiles : smaller(chunk, c.tiles), panel);
    return c;
}

/// Here the kernel's products are kept for all rounds, at the price of reading and writing them in each: rounds are
/// worth it where both transformed activations are three times as large.
static cut cut_kernel_gradient(tiling t, int inputs, int outputs) {
    const size_t each = floats_of(t, 1, inputs + outputs);
    const int parts = (inputs + group - 1) / group * ((outputs + panel - 1) / panel);
    cut c = {
        .tiles = t.count,
        .one_round = floats_of(t, t.count, inputs + outputs) <= 3 * floats_of(t, inputs, outputs)};
    if (!c.one_round) cut_into_rounds(&c, t, 1 << 19, each);
    c.inputs = floats_of(t, c.tiles, inputs);
    c.gradients = floats_of(t, c.tiles, outputs);
    c.products = floats_of(t, group, panel) * (c.one_round ? 1 : parts);
    return c;
}

static size_t winograd_scratch_bytes(hbn_winograd_shape s, hbn_pass pass) {
    const tiling t = tiles_of(s);
    const int inputs = blocks_of(s.inputs) * block, outputs = blocks_of(s.outputs) * block;
    const cut c = pass == hbn_forward         ? cut_convolution(t, inputs, outputs)
                  : pass == hbn_backward_data ? cut_convolution(t, outputs, inputs)
                                              : cut_kernel_gradient(t, inputs, outputs);
    const size_t totals = pass == hbn_backward_data ? inputs : 0;
    return (c.inputs + c.gradients + c.kernels + c.products + totals) * sizeof(float);
}

/// The products of `count` tiles with one block of outputs, `[point][count][lanes]`, or their addition to what stands
/// there; `distance` floats lie between the points of v.
static void multiply_tiles(
    int points, bool adds, const float *v, size_t distance, int depth, int capacity, int count, const float *u,
    int lanes, float *products) {
    for (int point = 0; point < points; point++) {
        multiply(
            count, lanes, depth, v, (size_t)capacity * block, u, adds ? NULL : zeros, products, distance);
        v += distance;
        u += spaced(depth, lanes);
        products += (size_t)count * lanes;
    }
}

/// A convolution, or with `turned` the one that leads from the kernel's outputs to its inputs.
static void winograd_pass(
    hbn_winograd_shape s, bool turned, const float *input, const float *kernel, const float *bias, bool relu,
    const float *passed, float *output, float *result_sums, float *scratch) {
    const tiling t = tiles_of(s);
    const int from = blocks_of(turned ? s.outputs : s.inputs) * block;
    const int channels = turned ? s.inputs : s.outputs, to = blocks_of(channels) * block;
    const cut c = cut_convolution(t, from, to);
    float *v = scratch, *u = v + c.inputs, *products = u + c.kernels, *totals = products + c.products;
    if (passed) memset(totals, 0, to * sizeof(float));
    for (int first = 0; first < t.count; first += c.tiles) {
        const int count = smaller(c.tiles, t.count - first);
        transform_tiles(input, from / block, t, first, count, c.tiles, v);
        for (int k = 0; k < to; k += panel) {
            const int lanes = smaller(panel, to - k);
            float *part = u + (c.one_round ? 0 : floats_of(t, from, panel) * (k / panel));
            float shifts[panel];
            gather_bias(bias, channels, k, shifts);
            for (int row = 0; row < from; row += c.rows) {
                const int rows = smaller(c.rows, from - row);
                const bool last = row + rows == from;
                if (first == 0)
                    (turned ? transform_turned_part : transform_part)(
                        t, kernel, s.inputs, s.outputs, row, rows, k, lanes, part);
                for (int tile = 0; tile < count; tile += chunk) {
                    const int some = smaller(chunk, count - tile);
                    float *sums = products + (c.rows < from ? floats_of(t, tile, lanes) : 0);
                    multiply_tiles(
                        t.points, row > 0, v + ((size_t)(row / block) * c.tiles + tile) * block,
                        spaced(from, c.tiles), rows, c.tiles, some, part, lanes, sums);
                    for (int j = 0; last && j < lanes; j += block) {
                        const finish f = {shifts + j, relu, passed, totals + k + j};
                        finish_tiles(
                            sums + j, lanes, t, first + tile, some, &f, to / block, (k + j) / block, output);
                    }
                }
            }
        }
    }
    if (passed) memcpy(result_sums, totals, channels * sizeof(float));
}

static void winograd_convolve(
    hbn_winograd_shape s, const float *input, const float *kernel, const float *bias, bool relu, float *output,
    void *scratch) {
    winograd_pass(s, false, input, kernel, bias, relu, NULL, output, NULL, scratch);
}

static void winograd_convolve_transposed(
    hbn_winograd_shape s, const float *output_gradient, const float *kernel, const float *bias, const float *passed,
    float *input_gradient, float *sums, void *scratch) {
    winograd_pass(s, true, output_gradient, kernel, bias, false, passed, input_gradient, sums, scratch);
}

/// Back to nine taps of a vector of channels.
HBN_INLINE void finish_taps(
    const int tile_rows, const int tile_columns, const float *m, size_t distance, float *taps, size_t tap) {
    const int down = tile_rows + 2, across = tile_columns + 2;
    vector half[3][widest];
    HBN_UNROLL for (int x = 0; x < across; x++) {
        vector column[widest], g[3];
        const float *at = m + x * distance;
        HBN_UNROLL for (int y = 0; y < down; y++, at = next_point(at, across * distance)) column[y] = load(at);
        transform_kernel_gradient(tile_rows, column, g);
        HBN_UNROLL for (int y = 0; y < 3; y++) half[y][x] = g[y];
    }
    HBN_UNROLL for (int y = 0; y < 3; y++) {
        vector g[3];
        transform_kernel_gradient(tile_columns, half[y], g);
        HBN_UNROLL for (int x = 0; x < 3; x++) store(taps + (y * 3 + x) * tap, g[x]);
    }
}

HBN_INLINE void finish_rows(
    const int tile_rows, const int tile_columns, const float *products, size_t distance, int lanes, float *gathered) {
    for (int r = 0; r < block; r++)
        for (int j = 0; j < lanes; j += HBN_WIDTH)
            finish_taps(
                tile_rows, tile_columns, products + r * lanes + j, distance, gathered + r * panel + j, block * panel);
}

/// Transforms products `[point][channels][lanes]` back to the nine taps.
static void finish_kernel_gradient(
    tiling t, const float *products, size_t distance, int inputs, int outputs, int c, int channels, int k, int lanes,
    float *gradient) {
    const size_t tap = (size_t)inputs * outputs;
    float gathered[9 * block * panel] __attribute__((aligned(64)));
    for (int i = 0; i < channels; i += block) {
        FOR_TILE(t, finish_rows, products + (size_t)i * lanes, distance, lanes, gathered);
        for (int y = 0; y < 9; y++)
            for (int r = 0; r < block && c + i + r < inputs; r++)
                for (int j = 0; j < lanes; j += block)
                    put_past_caches(
                        gradient + y * tap + (size_t)(c + i + r) * outputs + k + j,
                        read(gathered + (y * block + r) * panel + j), outputs - k - j);
    }
}

static void winograd_kernel_gradient(
    hbn_winograd_shape s, const float *input, const float *output_gradient, float *kernel_gradient, void *scratch) {
    const tiling t = tiles_of(s);
    const int inputs = blocks_of(s.inputs) * block, outputs = blocks_of(s.outputs) * block;
    const cut c = cut_kernel_gradient(t, inputs, outputs);
    float *v = scratch, *z = v + c.inputs, *products = z + c.gradients;
    for (int first = 0; first < t.count; first += c.tiles) {
        const int count = smaller(c.tiles, t.count - first);
        transform_tiles(input, inputs / block, t, first, count, c.tiles, v);
        transform_gradient_tiles(output_gradient, outputs / block, t, first, count, c.tiles, z);
        for (int k = 0; k < outputs; k += panel) {
            const int lanes = smaller(panel, outputs - k);
            for (int i = 0; i < inputs; i += group) {
                const int channels = smaller(group, inputs - i);
                const size_t distance = spaced(channels, lanes);
                const size_t part = (size_t)(k / panel) * ((inputs + group - 1) / group) + i / group;
                // Of many tiles, the processor sees for itself what comes next.
                const following soon =
                    c.tiles <= 2 * chunk
                        ? (following){spaced(inputs, c.tiles), spaced(outputs, c.tiles), distance}
                        : (following){0};
                float *sums = products + (c.one_round ? 0 : floats_of(t, group, panel) * part);
                for (int point = 0; point < t.points; point++)
                    correlate(
                        first > 0 ? continuing : beginning, channels, lanes, count,
                        v + point * spaced(inputs, c.tiles) + (size_t)(i / block) * c.tiles * block,
                        (runs){(size_t)c.tiles * block}, NULL,
                        z + point * spaced(outputs, c.tiles) + (size_t)(k / block) * c.tiles * block,
                        (size_t)c.tiles * block, sums + point * distance, lanes, soon);
                if (first + count == t.count)
                    finish_kernel_gradient(
                        t, sums, distance, s.inputs, s.outputs, i, channels, k, lanes, kernel_gradient);
            }
        }
    }
    // What went past the caches comes before whatever tells other threads of it.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
