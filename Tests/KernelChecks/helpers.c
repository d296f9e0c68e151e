/// The functions that belong to no table.
#include <float.h>
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

/// One bad element at every place of every short row is found; none is found in rows of the largest finite numbers.
void check_all_finite(const kernels_table *table, kernel_report *report) {
    (void)table;
    static const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    for (size_t count = 0; count <= 70; count++) {
        float *x = floats(count);
        for (size_t i = 0; i < count; i++) x[i] = i % 3 == 0 ? FLT_MAX : i % 3 == 1 ? -FLT_MAX : 0x1p-149f;
        compare_within(report, kernels_all_finite(count, x), 1, 0, "finiteness of %zu", count);
        for (size_t i = 0; i < count; i++) {
            for (size_t kind = 0; kind < sizeof bad / sizeof bad[0]; kind++) {
                float good = x[i];
                x[i] = bad[kind];
                compare_within(report, kernels_all_finite(count, x), 0, 0, "finiteness of %zu, element %zu bad", count, i);
                x[i] = good;
            }
        }
        free_floats(x);
    }
}

/// Each table that can be had by name carries that name; others are refused.
void check_names(const kernels_table *table, kernel_report *report) {
    (void)table;
    static const char *const names[] = {"scalar",     "avx2",      "avx2streams", "avx512",
                                        "avx512vnni", "avx512amx", "neon",        "neon-dotprod"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const kernels_table *found = kernels_named(names[i]);
        if (found) compare_within(report, strcmp(found->name, names[i]), 0, 0, "the name of %s", names[i]);
    }
    compare_within(report, kernels_named("scalar") != NULL, 1, 0, "the scalar table exists");
    compare_within(report, kernels_named("none") == NULL && kernels_named("") == NULL, 1, 0, "unknown names are refused");
    compare_within(report, kernels_named(kernels_best()->name) == kernels_best(), 1, 0, "the best table has a name");
}
