// Processors with AVX2 and fused multiply-adds (x86-64-v3).

#if defined(__x86_64__)

#define HBN_KIND hbn_kernels_avx2
#define HBN_WIDTH 8
#define HBN_FUSED

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c"))), apply_to = function)
#include "portable/all.h"
#pragma clang attribute pop

#endif
