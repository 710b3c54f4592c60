#pragma once
// Debian's kissfft-float is the library built for 32-bit floats; its headers must be told so.
#define kiss_fft_scalar float
#define KISS_FFT_SHARED
#include <kissfft/kiss_fftr.h>
