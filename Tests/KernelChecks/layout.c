/// Transposing and packing against their definitions: bits are moved, never computed, so NaNs keep theirs.
#include <string.h>

#include "checks.h"
#include "support.h"

/// Patterns that name their place; every eighth or so reads as a NaN, whose payload must survive.
static void fill_patterns(stream *s, size_t count, float *x) {
    for (size_t i = 0; i < count; i++) x[i] = float_from_bits((uint32_t)next_bits(s) | (i % 8 == 3 ? 0x7fc00000 : 0));
}

static void compare_bits(kernel_report *report, size_t count, const float *got, const float *expected, const char *name,
                         const char *what, size_t rows, size_t columns) {
    report->compared += count;
    for (size_t i = 0; i < count; i++) {
        if (bits_of_float(got[i]) == bits_of_float(expected[i])) continue;
        compare_within(report, bits_of_float(got[i]), bits_of_float(expected[i]), 0, "%s %s of %zu x %zu, bits of element %zu",
                       name, what, rows, columns, i);
    }
}

void check_transpose(const kernels_table *table, kernel_report *report) {
    const size_t most = report->brief ? 37 : 70;
    stream s = {51};
    for (size_t rows = 0; rows <= most; rows++) {
        for (size_t columns = 0; columns <= most; columns++) {
            // Strides that are the width itself, and wider.
            size_t x_stride = columns + rows % 3, y_stride = rows + columns % 3;
            size_t x_count = rows == 0 ? 0 : (rows - 1) * x_stride + columns;
            size_t y_count = columns == 0 ? 0 : (columns - 1) * y_stride + rows;
            float *x = floats(x_count), *got = floats(y_count);
            fill_patterns(&s, x_count, x);
            fill_patterns(&s, y_count, got);
            float *expected = copy_of(y_count, got);
            for (size_t i = 0; i < rows; i++) {
                for (size_t j = 0; j < columns; j++) memcpy(&expected[j * y_stride + i], &x[i * x_stride + j], sizeof(float));
            }
            table->transpose(rows, columns, x, (ptrdiff_t)x_stride, got, (ptrdiff_t)y_stride);
            compare_bits(report, y_count, got, expected, table->name, "transpose", rows, columns);
            float *all[] = {x, got, expected};
            for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
        }
    }
}

/// A panel is its columns, zeros where columns are missing, and nothing beyond.
static void check_packing(const kernels_table *table, int transposed, kernel_report *report) {
    stream s = {52};
    for (size_t depth = 0; depth <= 70; depth++) {
        for (size_t valid = 0; valid <= KERNELS_PANEL; valid++) {
            size_t rows = transposed ? valid : depth, columns = transposed ? depth : valid;
            size_t stride = columns + depth % 3, filled = depth * KERNELS_PANEL;
            size_t count = rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
            float *x = floats(count), *got = floats(filled + guard);
            fill_patterns(&s, count, x);
            fill_patterns(&s, filled + guard, got);
            float *expected = copy_of(filled + guard, got);
            for (size_t k = 0; k < depth; k++) {
                for (size_t j = 0; j < KERNELS_PANEL; j++) {
                    static const float zero = 0.0f;
                    const float *from = j >= valid ? &zero : transposed ? &x[j * stride + k] : &x[k * stride + j];
                    memcpy(&expected[k * KERNELS_PANEL + j], from, sizeof(float));
                }
            }
            (transposed ? table->pack_rows : table->pack_columns)(depth, valid, x, (ptrdiff_t)stride, got);
            compare_bits(report, filled + guard, got, expected, table->name, transposed ? "packed rows" : "packed columns", depth,
                         valid);
            float *all[] = {x, got, expected};
            for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
        }
    }
}

void check_pack_columns(const kernels_table *table, kernel_report *report) { check_packing(table, 0, report); }
void check_pack_rows(const kernels_table *table, kernel_report *report) { check_packing(table, 1, report); }
