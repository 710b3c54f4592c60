#include "kernels.h"

#include <string.h>

extern const hbn_kernels hbn_kernels_plain;

#if defined(__x86_64__)

extern const hbn_kernels hbn_kernels_avx2, hbn_kernels_avx512;

const hbn_kernels *hbn_kernels_named(const char *name) {
    if (!strcmp(name, "avx512")) return __builtin_cpu_supports("x86-64-v4") ? &hbn_kernels_avx512 : NULL;
    if (!strcmp(name, "avx2")) return __builtin_cpu_supports("x86-64-v3") ? &hbn_kernels_avx2 : NULL;
    return strcmp(name, "plain") ? NULL : &hbn_kernels_plain;
}

#else

const hbn_kernels *hbn_kernels_named(const char *name) {
#if defined(__aarch64__)
    if (!strcmp(name, "neon")) return &hbn_kernels_plain;
#endif
    return strcmp(name, "plain") ? NULL : &hbn_kernels_plain;
}

#endif

bool hbn_arithmetic_is_ieee(void) {
    volatile float smallest = 0x1p-126f, half = 0.5f, one = 1, below_tie = 0x0.ffffffp-24f, tie = 0x1p-24f;
    volatile float subnormal = smallest * half;
    const bool kept = subnormal > 0 && subnormal + subnormal == smallest;
    return kept && one + tie == 1 && one - half * tie == 1 && one + below_tie == 1 && -one - tie == -1
        && (one + 0x1p-23f) + tie == 1 + 0x1p-22f;
}
