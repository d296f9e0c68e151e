/// What Swift and its C library module leave out.
#ifndef KERNELS_MEMORY_H
#define KERNELS_MEMORY_H

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// Gives pages that hold nothing any more back to the system, where the allocator would keep them.
static inline void memory_trim(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

/// Asks for bytes that are needed soon, and waits for none of them.
static inline void memory_prefetch(const void *start, size_t count) {
    for (size_t at = 0; at < count; at += 64) __builtin_prefetch((const char *)start + at, 0, 3);
}

#endif
