#pragma once
#include <mpg123.h>

// Sets flags; a macro calls it by another name in newer versions.
static inline int hbn_mpg123_add_flags(mpg123_handle *handle, long flags) {
    return mpg123_param(handle, MPG123_ADD_FLAGS, flags, 0);
}
