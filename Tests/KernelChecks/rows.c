/// Layer norm, softmax, activations and the widenings against their scalar twins.
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

void check_layer_norm(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {5};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        if (count == 0) continue;  // a row without elements has no mean
        float *x = floats(count), *gain = floats(count), *bias = floats(count);
        float *expected = floats(count + guard), *got = floats(count + guard);
        fill_row(&s, kind, count, x);
        fill(&s, count, gain, -2.0f, 2.0f);
        fill(&s, count, bias, -2.0f, 2.0f);
        if (kind == row_kinds - 1) fill_special(&s, count, gain), fill_special(&s, count, bias);
        for (int with_bias = 0; with_bias < 2; with_bias++) {
            float epsilon = with_bias ? 1e-5f : 1e-12f;
            fill(&s, count + guard, expected, -1.0f, 1.0f);
            memcpy(got, expected, (count + guard) * sizeof(float));
            float expected_statistics[2], statistics[2];
            scalar->layer_norm(count, x, gain, with_bias ? bias : NULL, epsilon, expected, expected_statistics);
            table->layer_norm(count, x, gain, with_bias ? bias : NULL, epsilon, got, statistics);
            compare(report, count + guard, got, expected, "%s layer norm of %zu, row kind %zu", table->name, count, kind);
            compare(report, 2, statistics, expected_statistics, "%s layer norm statistics of %zu, row kind %zu", table->name,
                    count, kind);
            float *in_place = copy_of(count, x);
            table->layer_norm(count, in_place, gain, with_bias ? bias : NULL, epsilon, in_place, statistics);
            compare(report, count, in_place, expected, "%s layer norm in place of %zu, row kind %zu", table->name, count, kind);
            free_floats(in_place);
        }
        float *all[] = {x, gain, bias, expected, got};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    }
}

void check_softmax(const kernels_table *table, kernel_report *report) {
    static const float scales[] = {1.0f, 0.125f, 0.35355338f, -1.0f, 30.0f};
    stream s = {6};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
            float *row = floats(count + guard);
            fill_row(&s, kind, count + guard, row);
            // A masked position; a row of nothing else has no softmax, and every table says NaN.
            if (count > 1 && i == 1) row[count / 2] = -INFINITY;
            float *expected = copy_of(count + guard, row), *got = copy_of(count + guard, row), *exact = copy_of(count, row);
            kernels_named("scalar")->softmax(count, scales[i], expected);
            table->softmax(count, scales[i], got);
            table->softmax(count, scales[i], exact);
            compare(report, count + guard, got, expected, "%s softmax of %zu, scale %g, row kind %zu", table->name, count,
                    (double)scales[i], kind);
            compare(report, count, exact, expected, "%s softmax in an exact buffer of %zu", table->name, count);
            float *all[] = {row, expected, got, exact};
            for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) free_floats(all[j]);
        }
    }
}

void check_block_maxima(const kernels_table *table, kernel_report *report) {
    stream s = {8};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds, blocks = (count + 63) / 64;
        // A row as it is, one zero of each sign, nothing but infinities below, and one that is not a number.
        for (int change = 0; change < 4; change++) {
            float *x = floats(count), *expected = floats(blocks + guard), *got = floats(blocks + guard);
            fill_row(&s, kind, count, x);
            for (size_t i = 0; change == 1 && i < count; i++) x[i] = i % 3 == number % 3 ? 0.0f : -0.0f;
            for (size_t i = 0; change == 2 && i < count; i++) x[i] = -INFINITY;
            if (change == 3 && count > 0) x[number % count] = NAN;
            fill(&s, blocks + guard, expected, -1.0f, 1.0f);
            memcpy(got, expected, (blocks + guard) * sizeof(float));
            float largest[2] = {kernels_named("scalar")->block_maxima(count, x, expected), table->block_maxima(count, x, got)};
            compare(report, 1, &largest[1], &largest[0], "%s largest of %zu, row kind %zu, change %d", table->name, count, kind,
                    change);
            compare(report, blocks + guard, got, expected, "%s maxima of %zu, row kind %zu, change %d", table->name, count, kind,
                    change);
            float *all[] = {x, expected, got};
            for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
        }
    }
}

void check_multiply_adds(const kernels_table *table, kernel_report *report) {
    stream s = {9};
    for (size_t rounds = 0; rounds < 40; rounds++) {
        float *x = floats(KERNELS_CHAINS + guard);
        fill(&s, KERNELS_CHAINS + guard, x, -9.0f, 9.0f);
        if (rounds == 39) fill_special(&s, KERNELS_CHAINS, x);
        float *expected = copy_of(KERNELS_CHAINS + guard, x);
        kernels_named("scalar")->multiply_adds(rounds, expected);
        table->multiply_adds(rounds, x);
        compare(report, KERNELS_CHAINS + guard, x, expected, "%s multiply-adds, %zu rounds", table->name, rounds);
        free_floats(x), free_floats(expected);
    }
}

void check_activate(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {7};
    for (int activation = kernels_identity; activation <= kernels_tanh; activation++) {
        for (size_t number = 0; number < row_numbers; number++) {
            size_t count = row_count(number), kind = number % row_kinds;
            float *x = floats(count), *expected = floats(count + guard), *got = floats(count + guard);
            fill_row(&s, kind, count, x);
            fill(&s, count + guard, expected, -1.0f, 1.0f);
            memcpy(got, expected, (count + guard) * sizeof(float));
            scalar->activate(count, (kernels_activation)activation, x, expected);
            table->activate(count, (kernels_activation)activation, x, got);
            compare(report, count + guard, got, expected, "%s activation %d of %zu, row kind %zu", table->name, activation,
                    count, kind);
            table->activate(count, (kernels_activation)activation, x, x);
            compare(report, count, x, expected, "%s activation %d in place of %zu", table->name, activation, count);
            float *all[] = {x, expected, got};
            for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
        }
    }
}

/// The floats whose bit patterns are multiples of a prime, so that every exponent and both signs occur.
void check_activate_sweep(const kernels_table *table, kernel_report *report) {
    enum { chunk = 1021, step = 997 };
    const kernels_table *scalar = kernels_named("scalar");
    float x[chunk], expected[chunk], got[chunk];
    for (int activation = kernels_gelu_tanh; activation <= kernels_tanh; activation++) {
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            size_t count = 0;
            for (; count < chunk && bits <= UINT32_MAX; bits += step) x[count++] = float_from_bits((uint32_t)bits);
            scalar->activate(count, (kernels_activation)activation, x, expected);
            table->activate(count, (kernels_activation)activation, x, got);
            compare(report, count, got, expected, "%s activation %d of the floats from %a", table->name, activation,
                    (double)x[0]);
        }
    }
}

/// All 65,536 patterns at every alignment, and every short length.
static void check_widening(const kernels_table *table, int half, kernel_report *report) {
    static uint16_t patterns[65536 + 16];
    static float expected[65536 + 16], got[65536 + 16];
    const kernels_table *scalar = kernels_named("scalar");
    for (size_t i = 0; i < 65536 + 16; i++) patterns[i] = (uint16_t)(i * 40503);  // every pattern once, neighbours apart
    for (size_t number = 0; number < 16 + 71; number++) {
        size_t start = number < 16 ? number : 3, count = number < 16 ? 65536 : number - 16;
        for (size_t i = 0; i < count + guard && i < 65536 + 16; i++) expected[i] = got[i] = -7.0f;
        (half ? scalar->widen_f16 : scalar->widen_bf16)(count, patterns + start, expected);
        (half ? table->widen_f16 : table->widen_bf16)(count, patterns + start, got);
        compare(report, count + guard, got, expected, "%s widening of %zu %s", table->name, count, half ? "f16" : "bf16");
    }
}

void check_widen_f16(const kernels_table *table, kernel_report *report) { check_widening(table, 1, report); }
void check_widen_bf16(const kernels_table *table, kernel_report *report) { check_widening(table, 0, report); }

/// Every short length at odd places, full of special values, and floats of every exponent.
void check_narrow_f16(const kernels_table *table, kernel_report *report) {
    enum { longest = 1021 };
    const kernels_table *scalar = kernels_named("scalar");
    uint16_t expected[longest + guard], got[longest + guard];
    float wide_expected[longest + guard], wide_got[longest + guard];
    stream s = {17};
    for (size_t number = 0; number < 71 + 4000; number++) {
        size_t count = number < 71 ? number : longest;
        float *x = floats(count);
        if (number < 71) fill_special(&s, count, x);
        else for (size_t i = 0; i < count; i++) x[i] = float_from_bits((uint32_t)next_bits(&s));
        for (size_t i = 0; i < count + guard; i++) expected[i] = got[i] = 12345;
        scalar->narrow_f16(count, x, expected);
        table->narrow_f16(count, x, got);
        scalar->widen_f16(count + guard, expected, wide_expected);
        scalar->widen_f16(count + guard, got, wide_got);
        compare(report, count + guard, wide_got, wide_expected, "%s narrowing of %zu", table->name, count);
        free_floats(x);
    }
}
