/// The functions that belong to no table.
#include <float.h>
#include <math.h>
#include <stdlib.h>
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

/// Rows of every size of numbers: a byte is at most half its scale away, the largest is 127, the scale has 16 bits, and what the
/// bytes stand for gives the same bytes and scale.
static void check_bytes_of(size_t count, float size, stream *s, kernel_report *report) {
    float *x = floats(count), *again = floats(count);
    int8_t *bytes = malloc(count + 1), *same = malloc(count + 1);
    fill(s, count, x, -size, size);
    if (count) x[count / 3] = -size;
    float scale = kernels_bytes(count, x, bytes);
    int largest = 0;
    uint32_t bits;
    memcpy(&bits, &scale, 4);
    for (size_t i = 0; i < count; i++) {
        again[i] = (float)bytes[i] * scale;
        double error = fabs((double)x[i] - (double)bytes[i] * (double)scale), most = (double)scale * 0.501;
        compare_within(report, error <= most, 1, 0, "byte %zu of %zu below %g", i, count, (double)size);
        if (abs(bytes[i]) > largest) largest = abs(bytes[i]);
    }
    compare_within(report, largest, count ? 127 : 0, 0, "the largest byte of %zu below %g", count, (double)size);
    compare_within(report, bits & 0xff, 0, 0, "bits of the scale of %zu below %g", count, (double)size);
    float scale_again = kernels_bytes(count, again, same);
    compare(report, 1, &scale_again, &scale, "the scale of %zu below %g again", count, (double)size);
    compare_within(report, memcmp(bytes, same, count), 0, 0, "bytes of %zu below %g again", count, (double)size);
    free(bytes);
    free(same);
    free_floats(x);
    free_floats(again);
}

void check_bytes(const kernels_table *table, kernel_report *report) {
    (void)table;
    static const float bad[] = {INFINITY, -INFINITY, NAN, -NAN};
    stream s = {7};
    for (size_t count = 0; count <= 70; count++)
        for (int power = -98; power <= 122; power += 5)
            for (int i = 0; i < 3; i++) check_bytes_of(count, ldexpf(1.0f + (float)i / 3, power), &s, report);
    for (size_t count = 1; count <= 35; count++) {
        float *x = floats(count);
        int8_t *bytes = malloc(count);
        for (size_t place = 0; place < count; place++) {
            for (size_t kind = 0; kind <= sizeof bad / sizeof bad[0]; kind++) {
                const int is_small = kind == sizeof bad / sizeof bad[0];
                for (size_t i = 0; i < count; i++) x[i] = is_small ? -0x1p-101f : i % 2 ? -1.0f : 2.0f;
                x[place] = is_small ? 0x1p-100f : bad[kind];
                memset(bytes, 1, count);
                float scale = kernels_bytes(count, x, bytes);
                compare_within(report, is_small ? scale == 0 : isnan(scale), 1, 0, "scale of %zu, kind %zu", count, kind);
                int any = 0;
                for (size_t i = 0; i < count; i++) any |= bytes[i];
                compare_within(report, any, 0, 0, "bytes of %zu, kind %zu", count, kind);
            }
        }
        free(bytes);
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
