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

#endif
