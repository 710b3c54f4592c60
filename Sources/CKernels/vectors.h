#ifndef HBN_VECTORS_H
#define HBN_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Compiles a function for several generations of processors; the program takes the best one it starts on. A product
/// and a sum are one operation where the processor has it, so that generations may differ in the last bit.
/// HBN_ONE_PROCESSOR leaves that out: ThreadSanitizer is not there yet when a program chooses.
#if defined(__x86_64__) && defined(__linux__) && !defined(HBN_ONE_PROCESSOR)
#define HBN_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HBN_EACH_PROCESSOR
#endif

#define HBN_INLINE static inline __attribute__((always_inline))
#define HBN_UNROLL _Pragma("clang loop unroll(full)")

/// Sixteen floats, wherever they stand.
typedef float hbn_floats __attribute__((vector_size(64), aligned(4)));
typedef uint32_t hbn_words __attribute__((vector_size(64), aligned(4)));
enum { hbn_lanes = 16 };

#define HBN_AT(pointer) (*(hbn_floats *)(pointer))
#define HBN_READ(pointer) (*(const hbn_floats *)(pointer))

#endif
