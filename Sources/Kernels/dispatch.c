#include <stdlib.h>
#include <string.h>

#include "tables.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
static int has_dotprod(void) { return (getauxval(AT_HWCAP) >> 20 & 1) != 0; }  // HWCAP_ASIMDDP
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
static int has_dotprod(void) {
    int found = 0;
    size_t size = sizeof found;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &found, &size, NULL, 0) == 0 && found;
}
#elif defined(__aarch64__)
static int has_dotprod(void) { return 0; }
#endif

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
/// Tiles are 8 kB more of each thread's registers, so Linux wants to be asked (Documentation/arch/x86/xstate.rst).
static int may_use_tiles(void) {
    enum { request_permission = 0x1023, tile_data = 18 };
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
#elif defined(__x86_64__)
static int may_use_tiles(void) { return 0; }
#endif

const kernels_table *kernels_named(const char *name) {
    if (strcmp(name, "scalar") == 0) return &kernels_scalar;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (strcmp(name, "avx2") == 0 && avx2) return &kernels_avx2;
    if (strcmp(name, "avx2streams") == 0 && avx2) return &kernels_avx2streams;
    int avx512 = avx2 && __builtin_cpu_supports("avx512f");
    if (strcmp(name, "avx512") == 0 && avx512) return &kernels_avx512;
    int vnni = avx512 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
    if (strcmp(name, "avx512vnni") == 0 && vnni) return &kernels_avx512vnni;
    int amx = vnni && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8");
    if (strcmp(name, "avx512amx") == 0 && amx && may_use_tiles()) return &kernels_avx512amx;
#elif defined(__aarch64__)
    if (strcmp(name, "neon") == 0) return &kernels_neon;
    if (strcmp(name, "neon-dotprod") == 0 && has_dotprod()) return &kernels_neon_dotprod;
#endif
    return NULL;
}

static const kernels_table *choose(void) {
    const char *wanted = getenv("GPT2_ISA");
    const kernels_table *table = wanted ? kernels_named(wanted) : NULL;
    if (table) return table;
    static const char *const order[] = {"avx512amx", "avx512vnni", "avx512", "avx2streams", "neon-dotprod", "neon", "scalar"};
    for (size_t i = 0; !table; i++) table = kernels_named(order[i]);
#if defined(__x86_64__)
    // Zen 1 and Zen 2 read fastest when they are asked to (docs/decisions/0009-weight-formats.md).
    if (table == &kernels_avx2streams && __builtin_cpu_is("amdfam17h")) table = &kernels_avx2;
#endif
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
