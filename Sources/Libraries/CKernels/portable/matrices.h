// Matrix products in registers. An element of the result has one accumulator, and k ascends: however many rows and
// columns are computed at once, its bits are the same.

#if HBN_WIDTH == 16
enum { rows_at_once = 14, panel = 32 };  // 28 of 32 registers hold sums.
#else
enum { rows_at_once = 6, panel = 16 };  // 12 of 16 registers do, 24 of 32 where they are half as wide.
#endif

enum {
    most_vectors = panel / HBN_WIDTH,
    most_correlated = 16,
    image_run = 3 * hbn_image_channels,  // What one line of a 3x3 kernel meets.
};

static const float zeros[panel];

/// Floats from place to place: every pixel, every second, and those of an image.
enum { every = block, second = 2 * block, image = hbn_image_channels };

/// Floats from one matrix to the next. The extra line keeps the same element of all of them out of one set of the
/// caches.
HBN_INLINE size_t spaced(size_t rows, size_t columns) { return rows * columns + block; }

/// A panel's part of a bias of so many channels, from channel k on, with zeros behind it; all zeros where there is
/// none.
HBN_INLINE void gather_bias(const float *bias, int channels, int k, float part[panel]) {
    for (int j = 0; j < panel; j++) part[j] = bias && k + j < channels ? bias[k + j] : 0;
}

/// Where sums go: row r and lane j stand at `at[r * row + (j / 16) * next + j % 16]`.
typedef struct {
    float *at;
    size_t row, next;
} sums;

HBN_INLINE float *place_of_sum(sums s, int row, int lane) {
    return s.at + row * s.row + (size_t)(lane / block) * s.next + lane % block;
}

/// Where the operands of the next product of the same extents stand, so many floats behind those of this one. They are
/// asked for while this one is computed, because the second-level cache does not hold all of a pass.
typedef struct {
    size_t x, z, sums;
} following;

/// What becomes of sums: they are stored, or what the ReLU leaves of them, or they are added to what stands there.
typedef enum { stored, rectified, added } ending;

/// Where the runs of a row stand: `capacity` floats apart, or where `each` says.
typedef struct {
    size_t capacity;
    const size_t *each;
} runs;

/// The place of run i.
HBN_INLINE size_t place_of_run(runs r, int i) { return r.each ? r.each[i] : i * r.capacity; }

/// `rows` rows of `lanes` sums of `depth` products. A row of x stands in runs, and the next row `distance` floats
/// behind it. `soon`, where the next product is known, is where its x stands.
HBN_INLINE void multiply_runs(
    const int rows, const int lanes, const int run, const int distance, int depth, const float *all, const runs where,
    const float *u, const float *initial, sums out, ending end, const bool is_followed, size_t soon) {
    const size_t soon_u = spaced(depth, lanes);
    const int vectors = lanes / HBN_WIDTH;
    vector sum[rows_at_once][most_vectors];
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++)
            sum[r][j] = load(initial ? initial + j * HBN_WIDTH : place_of_sum(out, r, j * HBN_WIDTH));
    for (int i = 0; depth > 0; depth -= run, i++) {
        const float *x = all + place_of_run(where, i);
        const int some = depth < run ? depth : run;
        for (int c = 0; c < some; c++, u += lanes) {
            vector weights[most_vectors];
            if (is_followed) {
                HBN_UNROLL for (int j = 0; j < lanes; j += block) __builtin_prefetch(u + soon_u + j);
                __builtin_prefetch(x + soon + c * block);
            }
            HBN_UNROLL for (int j = 0; j < vectors; j++) weights[j] = load(u + j * HBN_WIDTH);
            HBN_UNROLL for (int r = 0; r < rows; r++) {
                const vector factor = spread(x[r * distance + c]);
                HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = fused(factor, weights[j], sum[r][j]);
            }
        }
    }
    if (end == added)
        HBN_UNROLL for (int r = 0; r < rows; r++)
            HBN_UNROLL for (int j = 0; j < vectors; j++)
                sum[r][j] = load(place_of_sum(out, r, j * HBN_WIDTH)) + sum[r][j];
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++)
            store(place_of_sum(out, r, j * HBN_WIDTH), end == rectified ? relu_of(sum[r][j]) : sum[r][j]);
}

typedef void multiplication(
    int depth, const float *x, size_t capacity, const float *u, const float *initial, float *out, size_t soon);
typedef void scattered_multiplication(
    int depth, const float *x, const runs *where, const float *u, const float *initial, const sums *out, ending end);

// For each number of rows and lanes: with x in blocks of 16, into rows that follow each other, and elsewhere, of every
// pixel and of every second; and images.
#define MULTIPLY(ROWS, LANES)                                                                                \
    static void multiply_##ROWS##_##LANES(                                                                   \
        int depth, const float *x, size_t capacity, const float *u, const float *initial, float *out,        \
        size_t soon) {                                                                                       \
        const sums to = {out, LANES, block};                                                                 \
        multiply_runs(                                                                                       \
            ROWS, LANES, block, every, depth, x, (runs){capacity}, u, initial, to, stored, true, soon);      \
    }                                                                                                        \
    static void scatter_##ROWS##_##LANES(                                                                    \
        int depth, const float *x, const runs *where, const float *u, const float *initial, const sums *out, \
        ending end) {                                                                                        \
        multiply_runs(ROWS, LANES, block, every, depth, x, *where, u, initial, *out, end, false, 0);         \
    }                                                                                                        \
    static void scatter_second_##ROWS##_##LANES(                                                             \
        int depth, const float *x, const runs *where, const float *u, const float *initial, const sums *out, \
        ending end) {                                                                                        \
        multiply_runs(ROWS, LANES, block, second, depth, x, *where, u, initial, *out, end, false, 0);        \
    }                                                                                                        \
    static void image_##ROWS##_##LANES(                                                                      \
        int depth, const float *x, const runs *where, const float *u, const float *initial, const sums *out, \
        ending end) {                                                                                        \
        multiply_runs(                                                                                       \
            ROWS, LANES, image_run, image, depth, x, *where, u, initial, *out, end, false, 0);               \
    }
#define NAME(ROWS, LANES) multiply_##ROWS##_##LANES,
#define SCATTERED_NAME(ROWS, LANES) scatter_##ROWS##_##LANES,
#define SECOND_NAME(ROWS, LANES) scatter_second_##ROWS##_##LANES,
#define IMAGE_NAME(ROWS, LANES) image_##ROWS##_##LANES,
#define SIX(M, LANES) M(1, LANES) M(2, LANES) M(3, LANES) M(4, LANES) M(5, LANES) M(6, LANES)
#if HBN_WIDTH == 16
#define ALL(M, LANES)                                                                                        \
    SIX(M, LANES) M(7, LANES) M(8, LANES) M(9, LANES) M(10, LANES) M(11, LANES) M(12, LANES) M(13, LANES) M(14, LANES)
ALL(MULTIPLY, 16)
ALL(MULTIPLY, 32)
static multiplication *const multiplications[][rows_at_once] = {{ALL(NAME, 16)}, {ALL(NAME, 32)}};
static scattered_multiplication *const scattered_multiplications[][rows_at_once] = {
    {ALL(SCATTERED_NAME, 16)}, {ALL(SCATTERED_NAME, 32)}};
static scattered_multiplication *const second_multiplications[][rows_at_once] = {
    {ALL(SECOND_NAME, 16)}, {ALL(SECOND_NAME, 32)}};
static scattered_multiplication *const image_multiplications[][rows_at_once] = {
    {ALL(IMAGE_NAME, 16)}, {ALL(IMAGE_NAME, 32)}};
#else
#define ALL(M, LANES) SIX(M, LANES)
ALL(MULTIPLY, 16)
static multiplication *const multiplications[][rows_at_once] = {{ALL(NAME, 16)}};
static scattered_multiplication *const scattered_multiplications[][rows_at_once] = {{ALL(SCATTERED_NAME, 16)}};
static scattered_multiplication *const second_multiplications[][rows_at_once] = {{ALL(SECOND_NAME, 16)}};
static scattered_multiplication *const image_multiplications[][rows_at_once] = {{ALL(IMAGE_NAME, 16)}};
#endif
#undef ALL
#undef SIX
#undef NAME
#undef SCATTERED_NAME
#undef SECOND_NAME
#undef IMAGE_NAME
#undef MULTIPLY

/// The rows that are computed at once: about as many in each part.
#define FOR_PARTS(COUNT, FROM, ROWS)                                                                         \
    for (int hbn_parts = ((COUNT) + rows_at_once - 1) / rows_at_once, hbn_part = 0, FROM = 0, ROWS;          \
         hbn_part < hbn_parts && (ROWS = (COUNT) * (hbn_part + 1) / hbn_parts - FROM, true);                 \
         hbn_part++, FROM += ROWS)

/// out `[count][lanes]` = x u, with x `[depth / 16][capacity / 16][16]` and u `[depth][lanes]`. Sums begin with
/// `initial` `[lanes]`, or where it is NULL go on from what stands in `out`. The next product's x stands `soon` floats
/// further, and its u behind this one, with the space between them.
HBN_INLINE void multiply(
    int count, int lanes, int depth, const float *x, size_t capacity, const float *u, const float *initial,
    float *out, size_t soon) {
    FOR_PARTS(count, from, rows)
        multiplications[lanes / block - 1][rows - 1](
            depth, x + (size_t)from * block, capacity, u, initial, out + (size_t)from * lanes, soon);
}

/// Products by one of the tables, of rows of x that are `distance` floats apart.
HBN_INLINE void multiply_to(
    scattered_multiplication *const *by_rows, int count, int distance, int depth, const float *x, runs where,
    const float *u, const float *initial, sums out, ending end) {
    FOR_PARTS(count, from, rows) {
        const sums part = {out.at + from * out.row, out.row, out.next};
        by_rows[rows - 1](depth, x + (size_t)from * distance, &where, u, initial, &part, end);
    }
}

/// The same as `multiply` to other places, of every pixel of x or of every second (`step`).
HBN_INLINE void multiply_scattered(
    int count, int lanes, int depth, int step, const float *x, runs where, const float *u, const float *initial,
    sums out, ending end) {
    multiply_to(
        (step == 2 ? second_multiplications : scattered_multiplications)[lanes / block - 1], count, step * block, depth,
        x, where, u, initial, out, end);
}

/// The same of places that follow each other in a line of an image with zeros around it, each with the 27 numbers that
/// a 3x3 kernel meets: x is the first of them, and `line` floats lie between the image's lines.
HBN_INLINE void multiply_image(
    int count, int lanes, const float *x, size_t line, const float *u, const float *initial, sums out, ending end) {
    multiply_to(
        image_multiplications[lanes / block - 1], count, image, 3 * image_run, x, (runs){line}, u, initial, out, end);
}

/// What becomes of sums that are correlated: they begin, a chain goes on, or a chain that began here is added to them.
typedef enum { beginning, continuing, adding } summing;

/// How one comes from place to place where places are every second pixel: after each `line` of them, of which the first
/// has only `left`, one goes on so many floats behind.
typedef struct {
    int left, line;
    size_t jump;
} walk;

HBN_INLINE void correlate_rows(
    const int rows, const int vectors, const int distance, summing how, const float *x, const walk *way, const float *z,
    size_t next, int count, float *sums, size_t row, following soon) {
    vector sum[most_correlated][most_vectors];
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++)
            sum[r][j] = how == continuing ? load(sums + r * row + j * HBN_WIDTH) : (vector){0};
    int line = distance == second ? way->left : count;
    for (int done = 0, some; done < count; done += some) {
        some = distance == second ? smaller(line, count - done) : count;
        for (size_t i = 0; i < (size_t)some; i++) {
            const float *const from = x + i * distance, *const to = z + i * block;
            vector gradient[most_vectors];
            if (soon.x) {
                __builtin_prefetch(from + soon.x);
                HBN_UNROLL for (int j = 0; j < vectors; j += block / HBN_WIDTH)
                    __builtin_prefetch(to + soon.z + (size_t)(j * HBN_WIDTH / block) * next);
                __builtin_prefetch(sums + soon.sums + (done + i) * block, 1);
            }
            HBN_UNROLL for (int j = 0; j < vectors; j++)
                gradient[j] = load(to + (size_t)(j * HBN_WIDTH / block) * next + j * HBN_WIDTH % block);
            HBN_UNROLL for (int r = 0; r < rows; r++) {
                const vector factor = spread(from[r]);
                HBN_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = fused(factor, gradient[j], sum[r][j]);
            }
        }
        if (distance != second) break;
        x += some * distance + way->jump;
        z += some * block;
        line = way->line;
    }
    HBN_UNROLL for (int r = 0; r < rows; r++)
        HBN_UNROLL for (int j = 0; j < vectors; j++) {
            float *const at = sums + r * row + j * HBN_WIDTH;
            store(at, how == adding ? load(at) + sum[r][j] : sum[r][j]);
        }
}

typedef void correlation(
    summing how, const float *x, const walk *way, const float *z, size_t next, int count, float *sums, size_t row,
    following soon);

/// The rows of a block, or of a run of an image, that are computed one part after the other: enough sums to keep a
/// processor busy, and not more than it has registers for.
typedef struct {
    int rows;
    correlation *pass;
} correlated;

#define CORRELATE(ROWS, LANES, DISTANCE)                                                                     \
    static void correlate_##ROWS##_##LANES##_##DISTANCE(                                                     \
        summing how, const float *x, const walk *way, const float *z, size_t next, int count, float *sums,   \
        size_t row, following soon) {                                                                        \
        correlate_rows(ROWS, LANES / HBN_WIDTH, DISTANCE, how, x, way, z, next, count, sums, row, soon);    \
    }
#define CORRELATED(ROWS, LANES, DISTANCE) {ROWS, correlate_##ROWS##_##LANES##_##DISTANCE},
#if HBN_WIDTH == 16
#define BLOCK_16(DISTANCE) {CORRELATED(16, 16, DISTANCE)}
#define BLOCK_PANEL(DISTANCE) {CORRELATED(8, panel, DISTANCE) CORRELATED(8, panel, DISTANCE)}
#define IMAGE_16 {CORRELATED(9, 16, image)}
#define IMAGE_PANEL {CORRELATED(9, panel, image)}
CORRELATE(16, 16, every)
CORRELATE(8, panel, every)
CORRELATE(16, 16, second)
CORRELATE(8, panel, second)
CORRELATE(9, 16, image)
CORRELATE(9, panel, image)
#else
#define BLOCK_16(DISTANCE)                                                                                   \
    {CORRELATED(6, 16, DISTANCE) CORRELATED(6, 16, DISTANCE) CORRELATED(4, 16, DISTANCE)}
#define BLOCK_PANEL BLOCK_16
#define IMAGE_16 {CORRELATED(5, 16, image) CORRELATED(4, 16, image)}
#define IMAGE_PANEL IMAGE_16
CORRELATE(6, 16, every)
CORRELATE(4, 16, every)
CORRELATE(6, 16, second)
CORRELATE(4, 16, second)
CORRELATE(5, 16, image)
CORRELATE(4, 16, image)
#endif
/// For 16 lanes and for a panel, of every pixel and of every second; and of images.
static const correlated correlations[2][2][3] = {
    {BLOCK_16(every), BLOCK_PANEL(every)}, {BLOCK_16(second), BLOCK_PANEL(second)}};
static const correlated image_correlations[2][2] = {IMAGE_16, IMAGE_PANEL};
#undef CORRELATE
#undef CORRELATED
#undef BLOCK_16
#undef BLOCK_PANEL
#undef IMAGE_16
#undef IMAGE_PANEL

/// sums `[channels][row]` (+)= the products over `count` places of x, whose blocks of 16 channels are its runs, with
/// `lanes` of z `[lanes / 16][z_next / 16][16]`, one chain an element in the places' order. With a walk, places are
/// every second pixel.
static void correlate(
    summing how, int channels, int lanes, int count, const float *x, runs where, const walk *way, const float *z,
    size_t z_next, float *sums, size_t row, following soon) {
    for (int b = 0; b < channels / block; b++) {
        const float *from = x + place_of_run(where, b);
        const correlated *part = correlations[way != NULL][lanes == panel];
        for (int done = 0; done < block; done += part++->rows)
            part->pass(how, from + done, way, z, z_next, count, sums + (b * block + done) * row, row, soon);
    }
}

/// The same for the places of a line of an image with zeros around it: sums `[27][row]`.
HBN_INLINE void correlate_image(
    summing how, int lanes, int count, const float *x, size_t line, const float *z, size_t z_next, float *sums,
    size_t row) {
    for (int run = 0; run < 3; run++) {
        const correlated *part = image_correlations[lanes == panel];
        for (int done = 0; done < image_run; done += part++->rows)
            part->pass(
                how, x + run * line + done, NULL, z, z_next, count, sums + (run * image_run + done) * row, row,
                (following){0});
    }
}

// MARK: Turning

#define PAIRS(A, B, LOW, HIGH)                                                                               \
    (LOW) = (floats)__builtin_shufflevector(                                                                 \
        A, B, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);                                     \
    (HIGH) = (floats)__builtin_shufflevector(A, B, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define QUADS(A, B, LOW, HIGH)                                                                               \
    (LOW) = (floats)__builtin_shufflevector(A, B, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29); \
    (HIGH) = (floats)__builtin_shufflevector(A, B, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define EVEN(A, B) __builtin_shufflevector(A, B, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD(A, B) __builtin_shufflevector(A, B, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

/// 16 rows of 16, `stride` apart, to their columns.
HBN_INLINE void transpose(const float *from, size_t stride, float *to, size_t to_stride) {
    floats a[block], b[block];
    HBN_UNROLL for (int i = 0; i < block; i++) a[i] = read(from + i * stride);
    HBN_UNROLL for (int i = 0; i < block; i += 2) { PAIRS(a[i], a[i + 1], b[i], b[i + 1]); }
    HBN_UNROLL for (int i = 0; i < block; i += 4)
        HBN_UNROLL for (int j = 0; j < 2; j++) { QUADS(b[i + j], b[i + 2 + j], a[i + 2 * j], a[i + 2 * j + 1]); }
    // a[4 r + c] holds column c of each quarter of rows 4 r to 4 r + 3.
    HBN_UNROLL for (int c = 0; c < 4; c++) {
        const floats p = EVEN(a[c], a[4 + c]), q = ODD(a[c], a[4 + c]);
        const floats r = EVEN(a[8 + c], a[12 + c]), s = ODD(a[8 + c], a[12 + c]);
        put(to + (size_t)c * to_stride, EVEN(p, r));
        put(to + (size_t)(8 + c) * to_stride, ODD(p, r));
        put(to + (size_t)(4 + c) * to_stride, EVEN(q, s));
        put(to + (size_t)(12 + c) * to_stride, ODD(q, s));
    }
}

/// The same of up to 16 rows of up to 16, with zeros for what is not there.
HBN_INLINE void transpose_some(
    const float *from, size_t stride, int rows, int columns, float *to, size_t to_stride) {
    if (rows >= block && columns >= block) {
        for (int r = 0; r < block; r++) __builtin_prefetch(from + r * stride + block, 0, 2);
        transpose(from, stride, to, to_stride);
        return;
    }
    float all[block * block];
    for (int r = 0; r < block; r++) put(all + r * block, r < rows ? read_some(from + r * stride, columns) : (floats){0});
    transpose(all, block, to, to_stride);
}

/// The sums of sixteen vectors `[16][16]`, each added as `sum_of` adds: two vectors become one of their halves' sums,
/// and so on. That is half of what turning them and adding rows takes.
HBN_INLINE floats sums_of_block(const float *vectors) {
    floats v[block], low, high;
    // The order is that in which the sums come to lie.
    HBN_UNROLL for (int i = 0; i < 16; i++) v[i] = read(vectors + (i % 4 * 4 + i / 4) * block);
    HBN_UNROLL for (int i = 0; i < 8; i++) {
        const floats a = v[2 * i], b = v[2 * i + 1];
        v[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
            + __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
    HBN_UNROLL for (int i = 0; i < 4; i++) v[i] = EVEN(v[2 * i], v[2 * i + 1]) + ODD(v[2 * i], v[2 * i + 1]);
    HBN_UNROLL for (int i = 0; i < 2; i++) {
        QUADS(v[2 * i], v[2 * i + 1], low, high);
        v[i] = low + high;
    }
    return __builtin_shufflevector(v[0], v[1], 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30)
        + __builtin_shufflevector(v[0], v[1], 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
}
