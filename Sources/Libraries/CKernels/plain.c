// What every processor of an architecture has. Arm's 64-bit ones have vectors of four floats (NEON) with fused
// multiply-adds; the oldest x86-64 processors have the vectors alone.

#define HBN_KIND hbn_kernels_plain
#define HBN_WIDTH 4
#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
#define HBN_FUSED
#endif

#include "portable/all.h"
