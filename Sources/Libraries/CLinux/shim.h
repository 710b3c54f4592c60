#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
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

// stdout is a variable, which Swift takes for a race. 0 if all that was ever printed is written, else an errno: that of
// this call, or EIO if it was an earlier one that failed.
static inline int hbn_flush_output(void) {
    if (fflush(stdout) != 0) return errno;
    return ferror(stdout) ? EIO : 0;
}

static inline void *hbn_wait_at(void *gate) {
    pthread_mutex_lock((pthread_mutex_t *)gate);
    pthread_mutex_unlock((pthread_mutex_t *)gate);
    return NULL;
}

// How many of so many threads, 64 at most, can be there at one time; they end before this returns.
static inline int hbn_possible_threads(int wanted) {
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[64];
    int count = 0;
    pthread_mutex_lock(&gate);
    while (count < wanted && count < 64 && pthread_create(&threads[count], NULL, hbn_wait_at, &gate) == 0) count++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    return count;
}
