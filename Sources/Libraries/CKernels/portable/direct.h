// Convolutions by their definition, as matrix products: each place of the result has a row of the inputs that its taps
// meet, one after the other, and what lies beyond the border is zero.

enum {
    most_taps = hbn_widest_kernel * hbn_widest_kernel,
    round_floats = 1 << 16,  // Of rows that stay in the second-level cache while all outputs are computed.
    segment = 128,  // Places whose products are one sum of a kernel's gradient. Decides bits.
};

/// The taps that meet the places of a grid: tap t of place (i, j) is pixel (step i + y[t], step j + x[t]).
typedef struct {
    int count, step;
    int y[most_taps], x[most_taps];
    int index[most_taps];  // In the kernel.
    int height, width;  // Of the grid.
} tap_list;

/// All taps of a convolution, on the grid of its small side.
static tap_list all_taps(const hbn_direct_shape *s) {
    tap_list taps = {.step = s->stride, .height = s->small_height, .width = s->small_width};
    for (int y = 0; y < s->kernel; y++)
        for (int x = 0; x < s->kernel; x++) {
            taps.y[taps.count] = y - s->top;
            taps.x[taps.count] = x - s->left;
            taps.index[taps.count++] = y * s->kernel + x;
        }
    return taps;
}

/// The taps that lead to pixels (stride i + y, stride j + x) of the large side, on the grid of these (i, j).
static tap_list taps_of_phase(const hbn_direct_shape *s, int phase_y, int phase_x) {
    tap_list taps = {
        .step = 1, .height = (s->height - phase_y + s->stride - 1) / s->stride,
        .width = (s->width - phase_x + s->stride - 1) / s->stride};
    for (int y = 0; y < s->kernel; y++)
        for (int x = 0; x < s->kernel; x++) {
            const int from_y = phase_y + s->top - y, from_x = phase_x + s->left - x;
            if (from_y % s->stride || from_x % s->stride) continue;
            taps.y[taps.count] = from_y / s->stride;
            taps.x[taps.count] = from_x / s->stride;
            taps.index[taps.count++] = y * s->kernel + x;
        }
    return taps;
}

/// One side of a sample: `[blocks][height][width][16]`.
typedef struct {
    const float *at;
    int blocks, height, width;
} side;

HBN_INLINE size_t depth_of(side from, int taps) { return (size_t)taps * from.blocks * block; }

/// Do all taps of all places meet pixels, along whole lines each pixel, or each second?
HBN_INLINE bool meet_pixels(const tap_list *taps, side from) {
    bool inside = taps->step == 2 || (taps->step == 1 && taps->width == from.width);
    for (int t = 0; t < taps->count; t++)
        inside = inside && taps->y[t] >= 0 && (taps->height - 1) * taps->step + taps->y[t] < from.height
            && taps->x[t] >= 0 && (taps->width - 1) * taps->step + taps->x[t] < from.width;
    return inside;
}

/// Writes where the runs of a row stand that need not be gathered, from its place on: `[taps][blocks]`.
static runs runs_in_place(side from, const tap_list *taps, size_t *each) {
    const size_t plane = (size_t)from.height * from.width * block;
    for (int t = 0; t < taps->count; t++)
        for (int b = 0; b < from.blocks; b++)
            each[t * from.blocks + b] = b * plane + ((size_t)taps->y[t] * from.width + taps->x[t]) * block;
    return (runs){.each = each};
}

/// The pixel that place (i, j) of a grid begins at.
HBN_INLINE const float *pixel_of(side from, const tap_list *taps, int i, int j) {
    return from.at + ((size_t)i * taps->step * from.width + (size_t)j * taps->step) * block;
}

/// Writes the rows of places `first` to `first + count` as `[depth / 16][capacity][16]`.
static void gather_rows(side from, const tap_list *taps, int first, int count, int capacity, float *rows) {
    const size_t plane = (size_t)from.height * from.width * block;
    for (int t = 0; t < taps->count; t++)
        for (int b = 0; b < from.blocks; b++, rows += (size_t)capacity * block) {
            int i = first / taps->width, j = first % taps->width;
            for (int row = 0; row < count; row++) {
                const int y = i * taps->step + taps->y[t], x = j * taps->step + taps->x[t];
                const bool inside = y >= 0 && y < from.height && x >= 0 && x < from.width;
                const float *pixel = from.at + b * plane + ((ptrdiff_t)y * from.width + x) * block;
                put(rows + (size_t)row * block, inside ? read(pixel) : (floats){0});
                if (++j == taps->width) j = 0, i++;
            }
        }
}

/// Writes the taps of a kernel `[taps][inputs][outputs]` as `[panels][depth][lanes]`, from inputs to outputs or turned.
static void gather_kernel(
    const hbn_direct_shape *s, const tap_list *taps, bool turned, const float *kernel, float *weights) {
    const size_t tap = (size_t)s->inputs * s->outputs;
    const int from = turned ? s->outputs : s->inputs, to = blocks_of(turned ? s->inputs : s->outputs) * block;
    const int rows = blocks_of(from) * block;
    for (int k = 0; k < to; k += panel) {
        const int lanes = smaller(panel, to - k);
        for (int t = 0; t < taps->count; t++, weights += (size_t)rows * lanes) {
            const float *part = kernel + taps->index[t] * tap;
            for (int j = 0; j < lanes; j += block)
                if (turned)
                    for (int r = 0; r < rows; r += block)
                        transpose_some(
                            part + (size_t)(k + j) * s->outputs + r, s->outputs, s->inputs - k - j, s->outputs - r,
                            weights + (size_t)r * lanes + j, lanes);
                else
                    for (int r = 0; r < rows; r++)
                        put(weights + (size_t)r * lanes + j,
                            r < from ? read_some(part + (size_t)r * s->outputs + k + j, s->outputs - k - j)
                                     : (floats){0});
        }
    }
}

/// Rows that are gathered at once.
HBN_INLINE int round_of(size_t depth, int places) {
    return smaller(larger((int)(round_floats / larger((int)depth, 1)) / chunk, 1) * chunk, places);
}

/// Computes `lines` lines of a grid, from line `top` on, from `from` into pixels of `to` `[blocks][...][16]` which are
/// `pixel` floats apart along a line of the grid and `line` from line to line.
static void compute_grid(
    side from, const tap_list *taps, int top, int lines, const float *weights, int channels, const float *bias,
    ending end, float *to, size_t plane, size_t pixel, size_t line, float *rows) {
    const int depth = (int)depth_of(from, taps->count), lanes_in_all = blocks_of(channels) * block;
    const bool in_place = meet_pixels(taps, from);
    const bool whole = line == pixel * taps->width && (!in_place || taps->step == 1);
    // A run of places that are equally far apart: all of them, or one line.
    const int count_of_runs = whole ? 1 : lines, run = whole ? lines * taps->width : taps->width;
    const int round = round_of(depth, run);
    // Where nothing is gathered, there is room for the places of the runs.
    const runs where =
        in_place ? runs_in_place(from, taps, (size_t *)rows) : (runs){.capacity = (size_t)round * block};
    for (int i = 0; i < count_of_runs; i++)
        for (int first = 0; first < run; first += round) {
            const int count = smaller(round, run - first);
            if (!in_place) gather_rows(from, taps, (top + i) * taps->width + first, count, round, rows);
            const float *x = in_place ? pixel_of(from, taps, top + i, first) : rows, *u = weights;
            for (int k = 0; k < lanes_in_all; k += panel) {
                const int lanes = smaller(panel, lanes_in_all - k);
                float initial[panel];
                gather_bias(bias, channels, k, initial);
                multiply_scattered(
                    count, lanes, depth, in_place ? taps->step : 1, x, where, u, initial,
                    (sums){to + (size_t)(k / block) * plane + (top + i) * line + first * pixel, pixel, plane}, end);
                u += (size_t)depth * lanes;
            }
        }
}

// MARK: Images
//
// The first convolution, 3x3 over three channels with stride 1, takes images as they are. With zeros around them, what
// a place meets are three runs of nine numbers, and those of the next place begin three numbers later: nothing is
// gathered.

HBN_INLINE size_t image_line(const hbn_direct_shape *s) { return (size_t)(s->width + 2) * hbn_image_channels; }

/// Copies an image `[height][width][3]` with a border of zeros.
static void copy_with_border(const hbn_direct_shape *s, const float *image, float *out) {
    const size_t line = image_line(s), width = (size_t)s->width * hbn_image_channels;
    memset(out, 0, line * sizeof(float));
    for (int y = 0; y < s->height; y++, image += width) {
        float *to = out + (y + 1) * line;
        memset(to, 0, hbn_image_channels * sizeof(float));
        memcpy(to + hbn_image_channels, image, width * sizeof(float));
        memset(to + hbn_image_channels + width, 0, hbn_image_channels * sizeof(float));
    }
    memset(out + (s->height + 1) * line, 0, line * sizeof(float));
}

static size_t image_scratch_floats(const hbn_direct_shape *s) {
    const size_t kernel = (size_t)3 * image_run * blocks_of(s->outputs) * block;
    return kernel + image_line(s) * (s->height + 2);
}

static void image_convolve(
    hbn_direct_shape s, const float *images, const float *kernel, const float *bias, bool relu, float *output,
    float *scratch) {
    const int width = blocks_of(s.outputs) * block;
    const size_t plane = (size_t)s.height * s.width * block, line = image_line(&s);
    float *weights = scratch, *image = weights + (size_t)3 * image_run * width;
    float *at = weights;
    for (int k = 0; k < width; k += panel)
        for (int r = 0, lanes = smaller(panel, width - k); r < 3 * image_run; r++)
            for (int j = 0; j < lanes; j += block, at += block)
                put(at, read_some(kernel + (size_t)r * s.outputs + k + j, s.outputs - k - j));
    for (int n = 0; n < s.batch; n++) {
        copy_with_border(&s, images + (size_t)n * s.height * s.width * hbn_image_channels, image);
        for (int y = 0; y < s.height; y++) {
            const float *u = weights;
            for (int k = 0; k < width; k += panel) {
                const int lanes = smaller(panel, width - k);
                float initial[panel];
                gather_bias(bias, s.outputs, k, initial);
                float *to = output + ((size_t)n * (width / block) + k / block) * plane + (size_t)y * s.width * block;
                multiply_image(
                    s.width, lanes, image + y * line, line, u, initial, (sums){to, block, plane},
                    relu ? rectified : stored);
                u += (size_t)3 * image_run * lanes;
            }
        }
    }
}

/// Each line of places is a chain of its own; the lines' sums are added in their order.
static void image_kernel_gradient(
    hbn_direct_shape s, const float *images, const float *output_gradient, float *kernel_gradient, float *scratch) {
    const int width = blocks_of(s.outputs) * block;
    const size_t plane = (size_t)s.height * s.width * block, line = image_line(&s);
    float *sums = scratch, *image = sums + (size_t)3 * image_run * width;
    for (int n = 0; n < s.batch; n++) {
        copy_with_border(&s, images + (size_t)n * s.height * s.width * hbn_image_channels, image);
        for (int y = 0; y < s.height; y++)
            for (int k = 0; k < width; k += panel)
                correlate_image(
                    n == 0 && y == 0 ? beginning : adding, smaller(panel, width - k), s.width, image + y * line, line,
                    output_gradient + ((size_t)n * (width / block) + k / block) * plane + (size_t)y * s.width * block,
                    plane, sums + k, width);
    }
    for (int r = 0; r < 3 * image_run; r++)
        for (int k = 0; k < s.outputs; k += block)
            put_some(kernel_gradient + (size_t)r * s.outputs + k, read(sums + (size_t)r * width + k), s.outputs - k);
}

// MARK: Passes

HBN_INLINE size_t rows_floats(size_t depth, int places) { return depth * round_of(depth, places); }

static size_t direct_scratch_bytes(hbn_direct_shape s, hbn_pass pass) {
    if (s.is_image) return image_scratch_floats(&s) * sizeof(float);
    const tap_list taps = all_taps(&s);
    const side large = {.blocks = blocks_of(s.inputs)};
    const side small = {.blocks = blocks_of(s.outputs)};
    const size_t depth = depth_of(large, taps.count), width = blocks_of(s.outputs) * block;
    size_t floats = 0;
    switch (pass) {
    case hbn_forward: floats = depth * width + rows_floats(depth, s.small_height * s.small_width); break;
    case hbn_backward_data: {
        size_t most = 0;
        for (int y = 0; y < s.stride; y++)
            for (int x = 0; x < s.stride; x++) {
                const tap_list phase = taps_of_phase(&s, y, x);
                const size_t one = rows_floats(depth_of(small, phase.count), phase.height * phase.width);
                if (one > most) most = one;
            }
        floats = taps.count * width * blocks_of(s.inputs) * block + most;
        break;
    }
    case hbn_backward_weights: floats = depth * width + depth * segment; break;
    }
    return floats * sizeof(float);
}

static void direct_convolve(
    hbn_direct_shape s, const float *input, const float *kernel, const float *bias, bool relu, float *output,
    void *scratch) {
    if (s.is_image) {
        image_convolve(s, input, kernel, bias, relu, output, scratch);
        return;
    }
    const tap_list taps = all_taps(&s);
    side from = {input, blocks_of(s.inputs), s.height, s.width};
    const size_t depth = depth_of(from, taps.count), width = blocks_of(s.outputs) * block;
    const size_t plane = (size_t)s.small_height * s.small_width * block;
    const size_t sample = (size_t)s.height * s.width * from.blocks * block;
    float *weights = scratch, *rows = weights + depth * width;
    gather_kernel(&s, &taps, false, kernel, weights);
    for (int n = 0; n < s.batch; n++, from.at += sample)
        compute_grid(
            from, &taps, 0, taps.height, weights, s.outputs, bias, relu ? rectified : stored,
            output + n * blocks_of(s.outputs) * plane, plane, block, (size_t)s.small_width * block, rows);
}

static void direct_convolve_transposed(
    hbn_direct_shape s, const float *output_gradient, const float *kernel, const float *bias, bool adds,
    float *input_gradient, void *scratch) {
    const size_t small = (size_t)s.small_height * s.small_width * block, plane = (size_t)s.height * s.width * block;
    const size_t weights_floats = (size_t)s.kernel * s.kernel * blocks_of(s.inputs) * blocks_of(s.outputs) * block * block;
    float *weights = scratch, *rows = weights + weights_floats;
    // The phases' pixels lie between each other: where the caches hold all weights, they are computed line by line.
    // Otherwise one phase's weights follow another's in the same place.
    const int height = (s.height + s.stride - 1) / s.stride;
    const bool by_lines = s.stride > 1 && weights_floats <= 4 * round_floats;
    const int lines = by_lines ? 1 : height;
    for (int top = 0; top < height; top += lines) {
        float *at = weights;
        for (int y = 0; y < s.stride; y++)
            for (int x = 0; x < s.stride; x++) {
                const tap_list taps = taps_of_phase(&s, y, x);
                if (top == 0) gather_kernel(&s, &taps, true, kernel, at);
                for (int n = 0; n < s.batch; n++) {
                    const side from = {
                        output_gradient + n * blocks_of(s.outputs) * small, blocks_of(s.outputs), s.small_height,
                        s.small_width};
                    float *to = input_gradient + n * blocks_of(s.inputs) * plane + ((size_t)y * s.width + x) * block;
                    compute_grid(
                        from, &taps, top, smaller(lines, taps.height - top), at, s.inputs, bias, adds ? added : stored,
                        to, plane, (size_t)s.stride * block, (size_t)s.stride * s.width * block, rows);
                }
                if (by_lines) at += taps.count * (weights_floats / (s.kernel * s.kernel));
            }
    }
}

/// Each segment of places is a chain of its own; the segments' sums are added in their order.
static void direct_kernel_gradient(
    hbn_direct_shape s, const float *input, const float *output_gradient, float *kernel_gradient, void *scratch) {
    if (s.is_image) {
        image_kernel_gradient(s, input, output_gradient, kernel_gradient, scratch);
        return;
    }
    const tap_list taps = all_taps(&s);
    side from = {input, blocks_of(s.inputs), s.height, s.width};
    const int depth = (int)depth_of(from, taps.count), width = blocks_of(s.outputs) * block;
    const int places = s.small_height * s.small_width;
    const size_t sample = (size_t)s.height * s.width * from.blocks * block;
    const bool in_place = meet_pixels(&taps, from), whole = s.outputs == width && s.inputs % block == 0;
    float *sums = whole ? kernel_gradient : scratch, *rows = (float *)scratch + (size_t)depth * width;
    const runs where = in_place ? runs_in_place(from, &taps, (size_t *)rows) : (runs){.capacity = segment * block};
    for (int n = 0; n < s.batch; n++, from.at += sample)
        for (int first = 0; first < places; first += segment) {
            const int count = smaller(segment, places - first);
            const int column = first % taps.width;
            if (!in_place) gather_rows(from, &taps, first, count, segment, rows);
            const float *x = in_place ? pixel_of(from, &taps, first / taps.width, column) : rows;
            const walk way = {taps.width - column, taps.width, 2 * (size_t)(from.width - taps.width) * block};
            for (int k = 0; k < width; k += panel)
                correlate(
                    n == 0 && first == 0 ? beginning : adding, depth, smaller(panel, width - k), count, x, where,
                    in_place && taps.step == 2 ? &way : NULL,
                    output_gradient + ((size_t)(n * blocks_of(s.outputs) + k / block) * places + first) * block,
                    (size_t)places * block, sums + k, width, (following){0});
        }
    if (whole) return;
    const int rows_a_tap = from.blocks * block;
    for (int t = 0; t < taps.count; t++)
        for (int c = 0; c < s.inputs; c++)
            for (int k = 0; k < s.outputs; k += block)
                put_some(
                    kernel_gradient + ((size_t)t * s.inputs + c) * s.outputs + k,
                    read(sums + ((size_t)t * rows_a_tap + c) * width + k), s.outputs - k);
}
