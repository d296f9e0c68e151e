#include <stdlib.h>
#include <string.h>

#include "tables.h"

const kernels_table *kernels_named(const char *name) {
    if (strcmp(name, "scalar") == 0) return &kernels_scalar;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (strcmp(name, "avx2") == 0 && avx2) return &kernels_avx2;
    if (strcmp(name, "avx512") == 0 && avx2 && __builtin_cpu_supports("avx512f")) return &kernels_avx512;
#elif defined(__aarch64__)
    if (strcmp(name, "neon") == 0) return &kernels_neon;
#endif
    return NULL;
}

static const kernels_table *choose(void) {
    const char *wanted = getenv("GPT2_ISA");
    const kernels_table *table = wanted ? kernels_named(wanted) : NULL;
    static const char *const order[] = {"avx512", "avx2", "neon", "scalar"};
    for (size_t i = 0; !table; i++) table = kernels_named(order[i]);
    return table;
}

const kernels_table *kernels_best(void) {
    static const kernels_table *best;  // racing threads store the same pointer
    const kernels_table *table = __atomic_load_n(&best, __ATOMIC_RELAXED);
    if (!table) {
        table = choose();
        __atomic_store_n(&best, table, __ATOMIC_RELAXED);
    }
    return table;
}

int kernels_all_finite(size_t count, const float *x) {
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], 4);
        bad |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !bad;
}
