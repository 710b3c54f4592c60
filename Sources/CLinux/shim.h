#pragma once
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
static inline int hbn_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

// memfd_create is declared for GNU sources only. The memory is gone with the last process that has it open.
int memfd_create(const char *name, unsigned int flags);
static inline int hbn_memory_file(void) { return memfd_create("heartbeatnet", 1 /* MFD_CLOEXEC */); }
