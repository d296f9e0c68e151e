/// Counts heap allocations: malloc and its kin are defined in the test executable and pass on to the C library's.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// 1 where allocations can be counted: with glibc, and not under a sanitizer that has an allocator of its own.
int allocation_counter_works(void);

/// Whether the calling thread's allocations count; at first they do not, so that tests on other threads do not disturb.
void allocation_counter_include_thread(int included);

/// Allocations of all included threads since the process began.
long allocation_counter_total(void);

#endif
