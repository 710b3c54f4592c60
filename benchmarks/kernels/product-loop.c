// Prints how fast the product loop of the kernels without AVX-512 is, beside the most fused multiply-adds that the
// processor's AVX2 takes: medians of turns, and the median of their quotients.

#include "../../Sources/Libraries/CKernels/avx2.c"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { turns = 201, repetitions = 2000, chains = 12, depth = 128, count = rows_at_once * 3 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/// Billions of operations a second of chains that stay in registers: as many as the product loop has, enough for two units.
static double peak(void) {
    vector sum[chains];
    for (int i = 0; i < chains; i++) sum[i] = (vector){0};
    vector a = spread(0.999f), b = spread(0.5f);
    __asm__ volatile("" : "+x"(a), "+x"(b));
    const long rounds = (long)repetitions * depth * count / rows_at_once;
    const double start = now();
    for (long r = 0; r < rounds; r++) {
        HBN_UNROLL for (int i = 0; i < chains; i++) sum[i] = __builtin_elementwise_fma(a, b, sum[i]);
        HBN_UNROLL for (int i = 0; i < chains; i++) __asm__ volatile("" : "+x"(sum[i]));
    }
    return 2e-9 * HBN_WIDTH * chains * rounds / (now() - start);
}

/// The same of x [depth / 16][count][16] times u [depth][16], from zeros: what a point of Winograd's transform takes.
static double products(void) {
    static float x[depth * count + 4 * block], u[2 * (depth * panel + block)], out[count * panel];
    for (int i = 0; i < depth * count; i++) x[i] = (float)(i % 7) * 0.1f;
    for (int i = 0; i < depth * panel; i++) u[i] = (float)(i % 5) * 0.1f;
    const double start = now();
    for (int r = 0; r < repetitions; r++) {
        multiply(count, panel, depth, x, count * block, u, zeros, out, 0);
        __asm__ volatile("" ::"r"(out) : "memory");
    }
    return 2e-9 * repetitions * depth * count * panel / (now() - start);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    double figures[3][turns];
    for (int t = 0; t < turns; t++) {
        figures[0][t] = peak();
        figures[1][t] = products();
        figures[2][t] = figures[1][t] / figures[0][t];
    }
    for (int f = 0; f < 3; f++) qsort(figures[f], turns, sizeof(double), ascending);
    printf(
        "AVX2: %.1f GFLOP/s at most, the 6x16 product loop %.1f: %.3f (%.3f to %.3f, half of %d turns)\n",
        figures[0][turns / 2], figures[1][turns / 2], figures[2][turns / 2], figures[2][turns / 4],
        figures[2][3 * turns / 4], turns);
}
