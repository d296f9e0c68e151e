/// The backward passes of the row kernels, and the loss, against their scalar twins.
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

static void free_all(size_t count, float *const *all) {
    for (size_t i = 0; i < count; i++) free_floats(all[i]);
}
#define FREE(...) free_all(sizeof((float *[]){__VA_ARGS__}) / sizeof(float *), (float *[]){__VA_ARGS__})

void check_activate_backward(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {31};
    for (int number_of = kernels_identity; number_of <= kernels_tanh; number_of++) {
        kernels_activation activation = (kernels_activation)number_of;
        for (size_t number = 0; number < row_numbers; number++) {
            size_t count = row_count(number), kind = number % row_kinds;
            float *x = floats(count), *dy = floats(count), *expected = floats(count + guard);
            fill_row(&s, kind, count, x);
            fill_row(&s, kind == special_row ? kind : 0, count, dy);
            fill(&s, count + guard, expected, -1.0f, 1.0f);
            float *got = copy_of(count + guard, expected), *over_x = copy_of(count, x);
            scalar->activate_backward(count, activation, x, dy, expected);
            table->activate_backward(count, activation, x, dy, got);
            compare(report, count + guard, got, expected, "%s derivative %d of %zu, row kind %zu", table->name, number_of,
                    count, kind);
            table->activate_backward(count, activation, over_x, dy, over_x);
            compare(report, count, over_x, expected, "%s derivative %d of %zu over x", table->name, number_of, count);
            table->activate_backward(count, activation, x, dy, dy);
            compare(report, count, dy, expected, "%s derivative %d of %zu over dy", table->name, number_of, count);
            FREE(x, dy, expected, got, over_x);
        }
    }
}

/// The floats whose bit patterns are multiples of a prime, so that every exponent and both signs occur.
void check_activate_backward_sweep(const kernels_table *table, kernel_report *report) {
    enum { chunk = 1021, step = 997 };
    const kernels_table *scalar = kernels_named("scalar");
    float x[chunk], dy[chunk], expected[chunk], got[chunk];
    for (size_t i = 0; i < chunk; i++) dy[i] = 1.0f;
    for (int activation = kernels_gelu_tanh; activation <= kernels_tanh; activation++) {
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            size_t count = 0;
            for (; count < chunk && bits <= UINT32_MAX; bits += step) x[count++] = float_from_bits((uint32_t)bits);
            scalar->activate_backward(count, (kernels_activation)activation, x, dy, expected);
            table->activate_backward(count, (kernels_activation)activation, x, dy, got);
            compare(report, count, got, expected, "%s derivative %d of the floats from %a", table->name, activation,
                    (double)x[0]);
        }
    }
}

void check_layer_norm_backward(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const float odd_statistics[][2] = {{0.0f, INFINITY}, {INFINITY, 1.0f}, {NAN, 2.0f}, {-3.0f, 0.0f}};
    stream s = {32};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        if (count == 0) continue;  // a row without elements has no mean
        float *x = floats(count), *gain = floats(count), *dy = floats(count), *expected = floats(count + guard);
        fill_row(&s, kind, count, x);
        fill_row(&s, kind == special_row ? kind : 0, count, gain);
        fill_row(&s, kind == special_row ? kind : 0, count, dy);
        fill(&s, count + guard, expected, -1.0f, 1.0f);
        float *got = copy_of(count + guard, expected), statistics[2];
        scalar->layer_norm(count, x, gain, NULL, 1e-5f, got, statistics);
        memcpy(got, expected, (count + guard) * sizeof(float));
        for (size_t i = 0; i < 1 + sizeof odd_statistics / sizeof odd_statistics[0]; i++) {
            if (i > 0) memcpy(statistics, odd_statistics[i - 1], sizeof statistics);
            scalar->layer_norm_backward(count, x, statistics, gain, dy, expected);
            table->layer_norm_backward(count, x, statistics, gain, dy, got);
            compare(report, count + guard, got, expected, "%s layer norm's backward pass of %zu, row kind %zu, statistics %zu",
                    table->name, count, kind, i);
        }
        table->layer_norm_backward(count, x, statistics, gain, dy, dy);
        compare(report, count, dy, expected, "%s layer norm's backward pass of %zu over dy", table->name, count);
        FREE(x, gain, dy, expected, got);
    }
}

void check_layer_norm_parameters(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    const float statistics[2] = {0.37f, 1.9f};
    stream s = {33};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        float *x = floats(count), *dy = floats(count), *gains = floats(count + guard), *biases = floats(count + guard);
        fill_row(&s, kind, count, x);
        fill_row(&s, kind == special_row ? kind : 0, count, dy);
        fill(&s, count + guard, gains, -1.0f, 1.0f);
        fill(&s, count + guard, biases, -1.0f, 1.0f);
        for (size_t i = count; i < count + guard; i++) gains[i] = biases[i] = -0.0f;  // which adding 0 changes
        float *got_gains = copy_of(count + guard, gains), *got_biases = copy_of(count + guard, biases);
        for (int with_bias = 0; with_bias < 2; with_bias++) {
            scalar->layer_norm_parameters(count, x, statistics, dy, gains, with_bias ? biases : NULL);
            table->layer_norm_parameters(count, x, statistics, dy, got_gains, with_bias ? got_biases : NULL);
            compare(report, count + guard, got_gains, gains, "%s gain's gradient of %zu, row kind %zu", table->name, count, kind);
            compare(report, count + guard, got_biases, biases, "%s bias's gradient of %zu, row kind %zu", table->name, count,
                    kind);
        }
        FREE(x, dy, gains, biases, got_gains, got_biases);
    }
}

void check_softmax_backward(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const float scales[] = {1.0f, 0.125f, 0.35355338f, -3.0f};
    stream s = {34};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
            float *y = floats(count), *expected = floats(count + guard);
            fill_row(&s, kind, count, y);
            if (kind != special_row) scalar->softmax(count, 1.0f, y);
            fill_row(&s, kind == special_row ? kind : 0, count + guard, expected);
            float *got = copy_of(count + guard, expected), *exact = copy_of(count, expected);
            scalar->softmax_backward(count, scales[i], y, expected);
            table->softmax_backward(count, scales[i], y, got);
            table->softmax_backward(count, scales[i], y, exact);
            compare(report, count + guard, got, expected, "%s softmax's backward pass of %zu, scale %g, row kind %zu",
                    table->name, count, (double)scales[i], kind);
            compare(report, count, exact, expected, "%s softmax's backward pass in an exact buffer of %zu", table->name, count);
            FREE(y, expected, got, exact);
        }
    }
}

/// Targets at the ends and in the middle; without a weight, the row stays as it was.
void check_cross_entropy(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    static const float weights[] = {1.0f, -0.37f, 0.0f, 0x1p-20f};
    stream s = {35};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t count = row_count(number), kind = number % row_kinds;
        if (count == 0) continue;  // no target
        for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
            size_t target = i == 0 ? 0 : i == 1 ? count - 1 : (size_t)(next_bits(&s) % count);
            float *row = floats(count + guard);
            fill_row(&s, kind, count + guard, row);
            float *expected = copy_of(count + guard, row), *got = copy_of(count + guard, row), *exact = copy_of(count, row);
            float expected_loss = scalar->cross_entropy(count, target, &weights[i], expected);
            float losses[] = {
                table->cross_entropy(count, target, NULL, got),
                table->cross_entropy(count, target, NULL, exact),
                table->cross_entropy(count, target, &weights[i], exact),
            };
            compare(report, count + guard, got, row, "%s loss of %zu without a gradient", table->name, count);
            float again = table->cross_entropy(count, target, &weights[i], got);
            compare(report, count + guard, got, expected, "%s loss's gradient of %zu, target %zu, row kind %zu", table->name,
                    count, target, kind);
            compare(report, count, exact, expected, "%s loss's gradient in an exact buffer of %zu", table->name, count);
            compare(report, 1, &again, &expected_loss, "%s loss of %zu, row kind %zu", table->name, count, kind);
            for (size_t j = 0; j < 3; j++) {
                compare(report, 1, &losses[j], &expected_loss, "%s loss %zu of %zu", table->name, j, count);
            }
            FREE(row, expected, got, exact);
        }
    }
}
