/// The tables that dispatch.c chooses from; each is compiled where its instruction set can be.
#ifndef KERNELS_TABLES_H
#define KERNELS_TABLES_H

#include "include/Kernels.h"

extern const kernels_table kernels_scalar;
#if defined(__x86_64__)
extern const kernels_table kernels_avx2;
extern const kernels_table kernels_avx512;
#elif defined(__aarch64__)
extern const kernels_table kernels_neon;
#endif

#endif
