/// Checks of the kernels, in C so that the same code runs inside the Swift tests and, cross-compiled, under an emulator.
#ifndef KERNEL_CHECKS_H
#define KERNEL_CHECKS_H

#include <stddef.h>

#include "Kernels.h"

typedef struct {
    int brief;              // set by the caller: fewer depths of matmul, for an emulator
    size_t compared;        // values looked at
    size_t faults;          // values that were wrong
    char first_fault[240];  // what the first of them was
} kernel_report;

typedef struct {
    const char *name;
    void (*run)(const kernels_table *table, kernel_report *report);
} kernel_check;

typedef struct {
    const kernel_check *checks;
    size_t count;
} kernel_check_list;

/// A table against the scalar one: the same bits for every shape, and nothing written outside the output.
kernel_check_list kernel_twins(void);

/// A table against plain computations in double precision that share no code with it.
kernel_check_list kernel_accuracy(void);

/// The functions that belong to no table; the table is ignored.
kernel_check_list kernel_helpers(void);

#endif
