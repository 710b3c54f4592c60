#pragma once
// Debian's kissfft-float is the library built for 32-bit floats; its headers must be told so.
#define kiss_fft_scalar float
#define KISS_FFT_SHARED
#include <kissfft/kiss_fftr.h>
#include <stdlib.h>

// kiss_fftr_free is a macro without arguments and is not imported into Swift.
static inline void hbn_kiss_fftr_free(kiss_fftr_cfg plan) { kiss_fftr_free(plan); }
