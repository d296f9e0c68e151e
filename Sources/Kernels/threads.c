#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "include/Threads.h"

#if defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void threads_wait(const uint32_t *word, uint32_t expected) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void threads_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }

int threads_allowed(int *processors, int capacity) {
    // The kernel refuses a set that is smaller than its own, whose size it does not tell.
    for (int size = CPU_SETSIZE; size <= 1 << 20; size *= 2) {
        cpu_set_t *set = CPU_ALLOC(size);
        if (!set) return 0;
        int failed = sched_getaffinity(0, CPU_ALLOC_SIZE(size), set), count = 0;
        for (int number = 0; number < size && !failed && count < capacity; number++) {
            if (CPU_ISSET_S(number, CPU_ALLOC_SIZE(size), set)) processors[count++] = number;
        }
        CPU_FREE(set);
        if (!failed || errno != EINVAL) return count;
    }
    return 0;
}

int threads_available(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
#else
// Elsewhere one lock and one condition serve all words: slower to wake, never wrong.
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void threads_wait(const uint32_t *word, uint32_t expected) {
    pthread_mutex_lock(&lock);
    while (atomic_load((const _Atomic uint32_t *)word) == expected) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

void threads_wake(const uint32_t *word) {
    (void)word;
    pthread_mutex_lock(&lock);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

int threads_available(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int threads_allowed(int *processors, int capacity) {
    (void)processors;
    (void)capacity;
    return 0;
}
#endif
