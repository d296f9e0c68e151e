/// Matmul against its scalar twin.
///
/// What an element is does not depend on how many rows and columns are asked for: the twin computes the largest shape
/// once, and every smaller one is compared with its corner. `check_matmul_bounds` asks the twin for the very shape.
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "support.h"

enum { most_rows = 20, most_columns = 70, panels = (most_columns + KERNELS_PANEL - 1) / KERNELS_PANEL };

/// Operands of the largest shape at one depth; strides are odd, so no row is aligned like the one before.
typedef struct {
    size_t depth;
    ptrdiff_t a_stride, panel_stride, c_stride, residual_stride;
    size_t a_count, b_count, c_count;
    float *a, *b, *bias, *residual, *initial, *expected, *image, *got;
} operands;

static operands make_operands(size_t depth, stream *s, void (*fill_with)(stream *, size_t, float *)) {
    operands o = {
        .depth = depth,
        .a_stride = (ptrdiff_t)(depth + 3) | 1,
        .panel_stride = (ptrdiff_t)(depth * KERNELS_PANEL) + 7,
        .c_stride = most_columns + 5,
        .residual_stride = most_columns + 9,
    };
    o.a_count = (size_t)o.a_stride * most_rows;
    o.b_count = (size_t)o.panel_stride * panels;
    o.c_count = (size_t)o.c_stride * (most_rows + 1);  // a row too many, to see it untouched
    o.a = floats(o.a_count);
    o.b = floats(o.b_count);
    o.bias = floats(most_columns);
    o.residual = floats((size_t)o.residual_stride * most_rows);
    o.initial = floats(o.c_count);
    fill_with(s, o.a_count, o.a);
    fill_with(s, o.b_count, o.b);
    fill_with(s, most_columns, o.bias);
    fill_with(s, (size_t)o.residual_stride * most_rows, o.residual);
    fill_with(s, o.c_count, o.initial);
    o.expected = copy_of(o.c_count, o.initial);
    o.image = floats(o.c_count);
    o.got = floats(o.c_count);
    return o;
}

static void free_operands(operands *o) {
    float *all[] = {o->a, o->b, o->bias, o->residual, o->initial, o->expected, o->image, o->got};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
}

static void run(const kernels_table *table, const operands *o, size_t rows, size_t columns, float *c, int accumulate,
                const kernels_epilogue *epilogue) {
    table->matmul(rows, columns, o->depth, o->a, o->a_stride, o->b, o->panel_stride, rows % 2 ? o->b : NULL, c, o->c_stride,
                  accumulate, epilogue);
}

/// Every shape up to the largest; the whole of c is compared, what lies outside the output included.
static void check_shapes(const kernels_table *table, operands *o, int accumulate, const kernels_epilogue *epilogue,
                         kernel_report *report) {
    memcpy(o->expected, o->initial, o->c_count * sizeof(float));
    run(kernels_named("scalar"), o, most_rows, most_columns, o->expected, accumulate, epilogue);
    for (size_t columns = 1; columns <= most_columns; columns++) {
        memcpy(o->image, o->initial, o->c_count * sizeof(float));
        for (size_t rows = 0; rows <= most_rows; rows++) {
            if (rows > 0) {
                size_t start = (rows - 1) * (size_t)o->c_stride;
                memcpy(o->image + start, o->expected + start, columns * sizeof(float));
            }
            memcpy(o->got, o->initial, o->c_count * sizeof(float));
            run(table, o, rows, columns, o->got, accumulate, epilogue);
            compare(report, o->c_count, o->got, o->image, "%s matmul %zu x %zu x %zu%s, activation %d%s%s", table->name, rows,
                    columns, o->depth, accumulate ? " accumulated" : "", epilogue ? (int)epilogue->activation : -1,
                    epilogue && epilogue->bias ? ", bias" : "", epilogue && epilogue->residual ? ", residual" : "");
        }
    }
}

/// The epilogue of one of 24 numbers: six activations, with or without bias and residual.
static kernels_epilogue epilogue_number(size_t number, const operands *o) {
    return (kernels_epilogue){
        .bias = number & 1 ? o->bias : NULL,
        .residual = number & 2 ? o->residual : NULL,
        .residual_stride = o->residual_stride,
        .activation = (kernels_activation)(number / 4 % 6),
    };
}

static void fill_ordinary(stream *s, size_t count, float *x) { fill(s, count, x, -1.5f, 1.5f); }

/// An emulator runs a hundred times slower: it gets the short depths and one beyond each of the first two blocks.
static int left_out(size_t depth, const kernel_report *report) {
    return report->brief && depth > 17 && depth != 70 && depth != 257 && depth != 513;
}

void check_matmul_shapes(const kernels_table *table, kernel_report *report) {
    static const size_t deep[] = {255, 256, 257, 511, 512, 513, 768};
    stream s = {1};
    for (size_t i = 0; i < 71 + sizeof deep / sizeof deep[0]; i++) {
        size_t depth = i < 71 ? i : deep[i - 71];
        if (left_out(depth, report)) continue;
        operands o = make_operands(depth, &s, fill_ordinary);
        kernels_epilogue epilogue = epilogue_number(i, &o);
        check_shapes(table, &o, 0, NULL, report);
        check_shapes(table, &o, 1, NULL, report);
        check_shapes(table, &o, (int)(i & 1), &epilogue, report);
        free_operands(&o);
    }
}

void check_matmul_epilogues(const kernels_table *table, kernel_report *report) {
    static const size_t depths[] = {0, 5, 257};
    stream s = {2};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        if (report->brief && depths[d] > 5) continue;
        operands o = make_operands(depths[d], &s, fill_ordinary);
        for (size_t number = 0; number < 24; number++) {
            kernels_epilogue epilogue = epilogue_number(number, &o);
            check_shapes(table, &o, 0, &epilogue, report);
            check_shapes(table, &o, 1, &epilogue, report);
        }
        free_operands(&o);
    }
}

/// Infinities, NaN, subnormals and zeros of both signs, in every operand. A depth of 0 and 1 keeps them apart.
void check_matmul_special(const kernels_table *table, kernel_report *report) {
    static const size_t depths[] = {0, 1, 2, 17, 257};
    stream s = {3};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        if (report->brief && depths[d] > 17) continue;
        operands o = make_operands(depths[d], &s, fill_special);
        for (size_t number = 0; number < 24; number += 5) {
            kernels_epilogue epilogue = epilogue_number(number, &o);
            check_shapes(table, &o, 0, &epilogue, report);
            check_shapes(table, &o, 1, &epilogue, report);
        }
        check_shapes(table, &o, 1, NULL, report);
        free_operands(&o);
    }
}

/// Operands that end exactly where their allocation ends: a sanitizer sees any read or write beyond. Also the twin at
/// the very shape, not at a corner of a larger one.
void check_matmul_bounds(const kernels_table *table, kernel_report *report) {
    static const size_t depths[] = {1, 2, 7, 16, 17, 257};
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {4};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        for (size_t rows = 1; rows <= 13; rows++) {
            for (size_t columns = 1; columns <= most_columns; columns++) {
                size_t depth = depths[d], b_count = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL * KERNELS_PANEL * depth;
                float *a = floats(rows * depth), *b = floats(b_count), *bias = floats(columns);
                float *residual = floats(rows * columns), *expected = floats(rows * columns), *got = floats(rows * columns);
                fill_ordinary(&s, rows * depth, a);
                fill_ordinary(&s, b_count, b);
                fill_ordinary(&s, columns, bias);
                fill_ordinary(&s, rows * columns, residual);
                kernels_epilogue epilogue = {bias, residual, (ptrdiff_t)columns, (kernels_activation)(columns % 6)};
                ptrdiff_t panel = (ptrdiff_t)(depth * KERNELS_PANEL), width = (ptrdiff_t)columns;
                scalar->matmul(rows, columns, depth, a, (ptrdiff_t)depth, b, panel, NULL, expected, width, 0, &epilogue);
                table->matmul(rows, columns, depth, a, (ptrdiff_t)depth, b, panel, NULL, got, width, 0, &epilogue);
                compare(report, rows * columns, got, expected, "%s matmul %zu x %zu x %zu, exact buffers", table->name, rows,
                        columns, depth);
                float *all[] = {a, b, bias, residual, expected, got};
                for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
            }
        }
    }
}

/// Rows in tiles give the bits of the twin's matmul, whichever way they lay, also in half precision, and so do these rows where
/// they lie, which may be deeper than a block. Operands end exactly where their allocation ends.
static void check_tiles_of(const kernels_table *table, size_t rows, size_t columns, size_t depth, stream *s, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    const size_t turned = (rows + columns) % 2, stride = columns + 3, far = turned ? rows + 2 : depth + 2;
    const size_t a_count = rows == 0 || depth == 0 ? 0 : turned ? (depth - 1) * far + rows : (rows - 1) * far + depth;
    const size_t panel_count = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL, panel_stride = depth * KERNELS_PANEL + columns % 3 * 16;
    const size_t b_count = panel_count == 0 ? 0 : (panel_count - 1) * panel_stride + depth * KERNELS_PANEL;
    const size_t c_count = (rows + 1) * stride;
    float *a = floats(a_count), *ordered = floats(rows * depth), *tiles = floats(rows * depth), *b = floats(b_count);
    float *bias = floats(columns), *residual = floats(rows * columns), *expected = floats(c_count), *got = floats(c_count);
    uint16_t *halves = malloc(b_count * sizeof(uint16_t) + 1);
    if (depth % 5 == 4) fill_special(s, a_count, a);
    else fill(s, a_count, a, -1.0f, 1.0f);
    for (size_t i = 0; i < b_count; i++) halves[i] = (uint16_t)(next_bits(s) % 0x3c00 | next_bits(s) << 15);
    scalar->widen_f16(b_count, halves, b);
    fill(s, columns, bias, -1.0f, 1.0f);
    fill(s, rows * columns, residual, -1.0f, 1.0f);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < depth; k++) ordered[r * depth + k] = turned ? a[k * far + r] : a[r * far + k];
    const kernels_epilogue epilogue = {
        .bias = columns % 2 ? bias : NULL,
        .residual = rows % 3 ? residual : NULL,
        .residual_stride = (ptrdiff_t)columns,
        .activation = (kernels_activation)((rows + columns) % 6),
    };
    const kernels_epilogue *chosen = (rows + columns) % 4 ? &epilogue : NULL;
    const int accumulate = rows % 5 < 2;
    for (size_t i = 0; i < c_count; i++) expected[i] = -7.0f;
    scalar->matmul(rows, columns, depth, ordered, (ptrdiff_t)depth, b, (ptrdiff_t)panel_stride, NULL, expected, (ptrdiff_t)stride,
                   accumulate, chosen);
    const int fits = depth <= KERNELS_DEPTH_BLOCK;
    if (fits) table->pack_tiles(rows, depth, a, turned ? 1 : (ptrdiff_t)far, turned ? (ptrdiff_t)far : 1, tiles);
    for (int half = 0; fits && half < 2; half++) {
        for (size_t i = 0; i < c_count; i++) got[i] = -7.0f;
        if (half)
            table->matmul_tiles_f16(rows, columns, depth, tiles, halves, (ptrdiff_t)panel_stride, got, (ptrdiff_t)stride, accumulate,
                                    chosen);
        else
            table->matmul_tiles(rows, columns, depth, tiles, b, (ptrdiff_t)panel_stride, got, (ptrdiff_t)stride, accumulate, chosen);
        compare(report, c_count, got, expected, "%s matmul in tiles%s %zu x %zu x %zu%s", table->name, half ? " of f16" : "", rows,
                columns, depth, turned ? ", rows turned" : "");
    }
    for (size_t i = 0; i < c_count; i++) got[i] = -7.0f;
    table->matmul(rows, columns, depth, turned ? ordered : a, turned ? (ptrdiff_t)depth : (ptrdiff_t)far, b, (ptrdiff_t)panel_stride,
                  rows % 2 ? b : NULL, got, (ptrdiff_t)stride, accumulate, chosen);
    compare(report, c_count, got, expected, "%s matmul %zu x %zu x %zu of many rows", table->name, rows, columns, depth);
    float *all[] = {a, ordered, tiles, b, bias, residual, expected, got};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    free(halves);
}

void check_matmul_tiles(const kernels_table *table, kernel_report *report) {
    static const size_t depths[] = {0, 1, 3, 4, 5, 15, 16, 17, 31, 32, 33, 64, 70, 255, 256, 257, 513};
    static const size_t many[] = {95, 96, 97, 132, 145, 264};
    static const size_t widths[] = {1, 7, 15, 16, 17, 33, 47, 48, 70};
    stream s = {48};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        if (left_out(depths[d], report)) continue;
        for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++) {
            for (size_t rows = 0; rows <= 75; rows++) check_tiles_of(table, rows, widths[w], depths[d], &s, report);
            for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
                check_tiles_of(table, many[i], widths[w], depths[d], &s, report);
        }
        check_tiles_of(table, 30, 0, depths[d], &s, report);
        check_tiles_of(table, 49, 385, depths[d], &s, report);
    }
}

/// Halves, or signed bytes, give the bits of the floats that they are.
static void check_narrow(const kernels_table *table, int are_bytes, kernel_report *report) {
    static const size_t depths[] = {0, 1, 5, 64, 65, 255, 256, 257, 600};
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {47};
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        for (size_t rows = 0; rows <= 150; rows += rows < 14 ? 1 : 68) {
            for (size_t columns = 1; columns <= (rows > 14 ? 400 : 100); columns += rows == 1 ? 1 : rows > 14 ? 130 : 9) {
                size_t depth = depths[d], panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
                // Panels may lie apart, and the sums be added to what is there, as attention has it.
                size_t panel_stride = depth * KERNELS_PANEL + columns % 3 * 16, count = panels * panel_stride;
                int accumulate = rows % 3 == 1;
                uint16_t *halves = malloc(are_bytes ? 1 : count * sizeof(uint16_t) + 1);
                int8_t *bytes = malloc(are_bytes ? count + 1 : 1);
                float *wide = floats(count), *a = floats(rows * depth);
                float *bias = floats(columns), *residual = floats(rows * columns);
                size_t stride = columns + 3;
                float *expected = floats((rows + 1) * stride), *got = floats((rows + 1) * stride);
                for (size_t i = 0; i < count; i++) {
                    if (are_bytes) wide[i] = bytes[i] = (int8_t)next_bits(&s);
                    else halves[i] = (uint16_t)(next_bits(&s) % 0x3c00 | next_bits(&s) << 15);
                }
                if (!are_bytes) scalar->widen_f16(count, halves, wide);
                fill(&s, rows * depth, a, -1.0f, 1.0f);
                fill(&s, columns, bias, -1.0f, 1.0f);
                fill(&s, rows * columns, residual, -1.0f, 1.0f);
                for (size_t i = 0; i < (rows + 1) * stride; i++) expected[i] = got[i] = -7.0f;
                kernels_epilogue epilogue = {
                    .bias = columns % 2 ? bias : NULL,
                    .residual = rows % 2 ? residual : NULL,
                    .residual_stride = (ptrdiff_t)columns,
                    .activation = (kernels_activation)(columns % 6),
                };
                const kernels_epilogue *chosen = (rows + columns) % 5 && !are_bytes ? &epilogue : NULL;
                scalar->matmul(rows, columns, depth, a, (ptrdiff_t)depth, wide, (ptrdiff_t)panel_stride, NULL,
                               expected, (ptrdiff_t)stride, accumulate, chosen);
                if (are_bytes)
                    table->matmul_bytes(rows, columns, depth, a, (ptrdiff_t)depth, bytes, (ptrdiff_t)panel_stride,
                                        columns % 2 ? bytes : NULL, got, (ptrdiff_t)stride, accumulate);
                else
                    table->matmul_f16(rows, columns, depth, a, (ptrdiff_t)depth, halves, (ptrdiff_t)panel_stride,
                                      columns % 2 ? halves : NULL, got, (ptrdiff_t)stride, accumulate, chosen);
                compare(report, (rows + 1) * stride, got, expected, "%s matmul of %s %zu x %zu x %zu", table->name,
                        are_bytes ? "bytes" : "f16", rows, columns, depth);
                free(halves);
                free(bytes);
                free_floats(wide);
                free_floats(a);
                free_floats(bias);
                free_floats(residual);
                free_floats(expected);
                free_floats(got);
            }
        }
    }
}

void check_matmul_f16(const kernels_table *table, kernel_report *report) { check_narrow(table, 0, report); }
void check_matmul_bytes(const kernels_table *table, kernel_report *report) { check_narrow(table, 1, report); }
