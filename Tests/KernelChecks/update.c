/// What an optimizer's step is made of - scaled sums, the sum of squares, AdamW - and dropout, against their scalar twins.
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

void check_add_scaled(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const float scales[] = {1.0f, -1.0f, 0.3f, 0.0f, 1e30f};
    stream s = {41};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
            float *x = floats(count), *expected = floats(count + guard);
            fill_row(&s, kind, count, x);
            fill(&s, count, expected, -1.0f, 1.0f);
            for (size_t j = count; j < count + guard; j++) expected[j] = -0.0f;  // which adding 0 changes
            float *got = copy_of(count + guard, expected), *exact = copy_of(count, expected);
            scalar->add_scaled(count, scales[i], x, expected);
            table->add_scaled(count, scales[i], x, got);
            table->add_scaled(count, scales[i], x, exact);
            compare(report, count + guard, got, expected, "%s scaled sum of %zu, scale %g, row kind %zu", table->name, count,
                    (double)scales[i], kind);
            compare(report, count, exact, expected, "%s scaled sum in an exact buffer of %zu", table->name, count);
            float *all[] = {x, expected, got, exact};
            for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) free_floats(all[j]);
        }
    }
}

void check_multiply(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {45};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        float *x = floats(count), *y = floats(count), *expected = floats(count + guard);
        fill_row(&s, kind, count, x);
        fill_row(&s, (kind + number / row_kinds) % row_kinds, count, y);
        for (size_t j = 0; j < count + guard; j++) expected[j] = 7.0f;
        float *got = copy_of(count + guard, expected), *exact = floats(count);
        scalar->multiply(count, x, y, expected);
        table->multiply(count, x, y, got);
        table->multiply(count, x, y, exact);
        compare(report, count + guard, got, expected, "%s product of %zu, row kind %zu", table->name, count, kind);
        compare(report, count, exact, expected, "%s product in an exact buffer of %zu", table->name, count);
        float *left = copy_of(count, x), *right = copy_of(count, y);
        table->multiply(count, left, y, left);
        table->multiply(count, x, right, right);
        compare(report, count, left, expected, "%s product of %zu in place of the first", table->name, count);
        compare(report, count, right, expected, "%s product of %zu in place of the second", table->name, count);
        float *all[] = {x, y, expected, got, exact, left, right};
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) free_floats(all[j]);
    }
}

void check_sum_of_squares(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {42};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        float *x = floats(count);
        fill_row(&s, kind, count, x);
        double expected = scalar->sum_of_squares(count, x), got = table->sum_of_squares(count, x);
        if (isnan(expected)) expected = got = isnan(got) ? 0 : 1;
        report->compared++;
        if (memcmp(&got, &expected, sizeof got) != 0) {
            compare_within(report, got, expected, -1, "%s sum of squares of %zu, row kind %zu", table->name, count, kind);
        }
        free_floats(x);
    }
}

void check_adamw(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const kernels_adamw steps[] = {
        {1.0f, 0.1f, 0.999f, 0.001f, 1.0f, 1e-3f, 1.0f, 1e-8f},
        {0.25f, 0.1f, 0.95f, 0.05f, 0.99994f, 6e-4f, 1.7f, 1e-8f},
        {1.0f, 1.0f, 0.0f, 1.0f, 0.5f, 0.3f, 31.6f, 0.0f},
    };
    stream s = {43};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        float *gradient = floats(count), *expected[3], *got[3];
        for (size_t i = 0; i < 3; i++) {
            expected[i] = floats(count + guard);
            fill_row(&s, kind == special_row ? kind : 0, count + guard, expected[i]);
        }
        for (size_t i = 0; i < count && kind != special_row; i++) expected[2][i] = fabsf(expected[2][i]);  // a mean of squares
        for (size_t i = 0; i < 3; i++) got[i] = copy_of(count + guard, expected[i]);
        for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++) {
            fill_row(&s, kind, count, gradient);
            scalar->adamw(count, &steps[step], gradient, expected[0], expected[1], expected[2]);
            table->adamw(count, &steps[step], gradient, got[0], got[1], got[2]);
            static const char *const names[] = {"parameters", "first moments", "second moments"};
            for (size_t i = 0; i < 3; i++) {
                compare(report, count + guard, got[i], expected[i], "%s AdamW's %s, %zu of them, step %zu, row kind %zu",
                        table->name, names[i], count, step, kind);
            }
        }
        free_floats(gradient);
        for (size_t i = 0; i < 3; i++) free_floats(expected[i]), free_floats(got[i]);
    }
}

/// Positions at every place in a block, before and across the carries of the counter's words.
void check_dropout(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const uint64_t starts[] = {0, 1000, 0x3fffffff0, 0xfffffffc, UINT64_MAX - 5000};
    static const uint32_t thresholds[] = {0, 1, 0x1999999a, 0x7fffffff, 0x80000000, 0xe6666666, UINT32_MAX};
    const size_t threshold_count = sizeof thresholds / sizeof thresholds[0], start_count = sizeof starts / sizeof starts[0];
    stream s = {44};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        float *x = floats(count);
        fill_row(&s, kind, count, x);
        for (size_t i = 0; i < 4 * start_count; i++) {
            uint64_t seed = next_bits(&s), which = next_bits(&s), position = starts[i / 4] + i % 4;
            uint32_t threshold = thresholds[(number + i) % threshold_count];
            float *expected = floats(count + guard);
            fill(&s, count + guard, expected, -1.0f, 1.0f);
            float *got = copy_of(count + guard, expected), *in_place = copy_of(count, x);
            scalar->dropout(count, seed, which, position, threshold, 1.25f, x, expected);
            table->dropout(count, seed, which, position, threshold, 1.25f, x, got);
            table->dropout(count, seed, which, position, threshold, 1.25f, in_place, in_place);
            compare(report, count + guard, got, expected, "%s dropout of %zu from %#llx, threshold %#x", table->name, count,
                    (unsigned long long)position, threshold);
            compare(report, count, in_place, expected, "%s dropout in place of %zu", table->name, count);
            float *all[] = {expected, got, in_place};
            for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) free_floats(all[j]);
        }
        free_floats(x);
    }
}
