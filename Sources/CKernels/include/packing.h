#ifndef HBN_PACKING_H
#define HBN_PACKING_H

#include <stdbool.h>
#include <stddef.h>

// Rows of floats without their zeros. A float is zero if all its bits are, so that nothing is lost: -0 and NaN stay.
//
// Packed, a row is one word of 32 bits for each 32 floats or part of them, whose bit i says that float i is not zero,
// and then the floats that are not zero. All are little-endian, and rows follow each other without padding. Packed
// bytes may stand at any address.
//
// Rows are `stride` floats apart. Processors with AVX-512 use it, unless `plain` asks for the loops of the others; the
// bytes are the same.

/// Packs rows and returns the bytes written. Nothing is written beyond them.
size_t hbn_pack(const float *x, size_t stride, size_t rows, size_t length, void *bytes, bool plain);

/// Unpacks rows that follow each other. False if the bytes are not what `hbn_pack` makes of such rows; x is then
/// partly written.
bool hbn_unpack(const void *bytes, size_t count, size_t rows, size_t length, float *x, bool plain);

/// Takes the values at the places where x is not zero, and returns how many. Nothing is written beyond them.
size_t hbn_gather(
    const float *values, size_t value_stride, const float *x, size_t stride, size_t rows, size_t length, float *packed,
    bool plain);

/// Puts packed values where x is not zero, and zeros elsewhere. False if there are not exactly `count` such places;
/// `values` is then partly written.
bool hbn_scatter(
    const float *packed, size_t count, const float *x, size_t stride, size_t rows, size_t length, float *values,
    size_t value_stride, bool plain);

#endif
