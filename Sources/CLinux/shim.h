#pragma once
#include <signal.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
static inline int hbn_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }
