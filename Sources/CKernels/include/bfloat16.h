#pragma once

#include <stddef.h>
#include <stdint.h>

/// Rounds finite numbers to the nearest bfloat16, half to even; a number beyond the largest becomes infinite.
void hbn_round_bfloat16(size_t count, float *x);

/// The upper halves of rounded numbers.
void hbn_pack_bfloat16(size_t count, const float *x, uint16_t *packed);
void hbn_unpack_bfloat16(size_t count, const uint16_t *packed, float *x);
