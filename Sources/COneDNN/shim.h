#pragma once
#include <dnnl.h>
#include <stdint.h>

// GNU OpenMP, which Debian's oneDNN is built with. The setting belongs to the calling thread.
void omp_set_num_threads(int count);

// Function-like and cast macros are not imported into Swift.
static inline void *hbn_dnnl_memory_none(void) { return DNNL_MEMORY_NONE; }
