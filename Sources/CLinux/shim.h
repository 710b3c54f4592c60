#pragma once
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// prctl is variadic, which Swift does not import.
static inline int hbn_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

// memfd_create is declared for GNU sources only. The memory is gone with the last process that has it open.
int memfd_create(const char *name, unsigned int flags);
static inline int hbn_memory_file(void) { return memfd_create("heartbeatnet", 1 /* MFD_CLOEXEC */); }

// Likewise. A set has a bit for each of 1024 cores; thread 0 is the calling one.
int sched_getaffinity(pid_t thread, size_t size, cpu_set_t *set);
int sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *set);
