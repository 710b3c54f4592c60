// Processors with AVX-512 (x86-64-v4).

#if defined(__x86_64__)

#define HBN_KIND hbn_kernels_avx512
#define HBN_WIDTH 16
#define HBN_FUSED

#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c"))), \
    apply_to = function)
#include "portable/all.h"
#pragma clang attribute pop

#endif
