#pragma once
#include <mpg123.h>

// Headers before 1.32 do not declare it, nor has the library it.
const char *mpg123_distversion(unsigned int *major, unsigned int *minor, unsigned int *patch) __attribute__((weak));

// The version of the library, or NULL where it does not tell: a weak function may not be there.
static inline const char *hbn_mpg123_version(void) {
    return mpg123_distversion ? mpg123_distversion(NULL, NULL, NULL) : NULL;
}

// Sets flags; a macro calls it by another name in newer versions.
static inline int hbn_mpg123_add_flags(mpg123_handle *handle, long flags) {
    return mpg123_param(handle, MPG123_ADD_FLAGS, flags, 0);
}
