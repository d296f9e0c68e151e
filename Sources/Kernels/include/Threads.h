/// What Swift cannot say itself of threads: a pause in a spin loop, and sleeping until a word of memory changes.
#ifndef KERNELS_THREADS_H
#define KERNELS_THREADS_H

#include <stdint.h>

/// Tells the processor that this is a spin loop.
static inline void threads_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Sleeps while *word == expected, until woken; may wake for no reason.
void threads_wait(const uint32_t *word, uint32_t expected);
/// Wakes every thread that sleeps on word.
void threads_wake(const uint32_t *word);

/// The processors that are there, at least 1.
int threads_available(void);
/// The numbers of the processors this process may run on, ascending, `capacity` at most: fills `processors` and returns how
/// many they are; 0 where the system does not say.
int threads_allowed(int *processors, int capacity);

#endif
