/// Quantised blocks and products with them against their scalar twins, and the twins against exact arithmetic.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "support.h"

enum { block = KERNELS_QUANT_BLOCK, panel = KERNELS_PANEL, numbers = block * panel };

static size_t block_bytes(int bits) { return bits == 8 ? KERNELS_Q8_BLOCK_BYTES : KERNELS_Q4_BLOCK_BYTES; }

static void pack(const kernels_table *table, int bits, const float *x, uint8_t *bytes) {
    (bits == 8 ? table->pack_q8 : table->pack_q4)(x, bytes);
}
/// x[k * 16 + j] is number k of output j.
static void unpack(int bits, const uint8_t *bytes, float *x) {
    for (size_t j = 0; j < panel; j++) {
        float output[block];
        (bits == 8 ? kernels_unpack_q8 : kernels_unpack_q4)(bytes, j, output);
        for (size_t k = 0; k < block; k++) x[k * panel + j] = output[k];
    }
}

/// Compares bytes, as floats, so that the report names the first that differs.
static void compare_bytes(kernel_report *report, size_t count, const uint8_t *got, const uint8_t *expected, const char *what,
                          const char *name, int bits) {
    float *left = floats(count), *right = floats(count);
    for (size_t i = 0; i < count; i++) left[i] = got[i], right[i] = expected[i];
    compare(report, count, left, right, "%s %s, %d bits", name, what, bits);
    free_floats(left);
    free_floats(right);
}

/// Blocks of ordinary numbers, of special ones, of zeros, tiny, huge and all equal ones.
static void fill_block(stream *s, size_t kind, float *x) {
    if (kind % 6 == 1) fill_special(s, numbers, x);
    else fill(s, numbers, x, -1.0f, 1.0f);
    for (size_t i = 0; i < numbers; i++) {
        if (kind % 6 == 2) x[i] = 0.0f;
        if (kind % 6 == 3) x[i] *= 1e-41f;
        if (kind % 6 == 4) x[i] *= 3e38f;
        if (kind % 6 == 5) x[i] = x[i % panel];
    }
}

static void check_packing(const kernels_table *table, int bits, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {23};
    float *x = floats(numbers);
    for (size_t kind = 0; kind < 600; kind++) {
        uint8_t ours[KERNELS_Q8_BLOCK_BYTES + guard], twins[KERNELS_Q8_BLOCK_BYTES + guard];
        memset(ours, 77, sizeof ours);
        memset(twins, 77, sizeof twins);
        fill_block(&s, kind, x);
        pack(scalar, bits, x, twins);
        pack(table, bits, x, ours);
        compare_bytes(report, block_bytes(bits) + guard, ours, twins, "packing", table->name, bits);
    }
    free_floats(x);
}

void check_pack_q8(const kernels_table *table, kernel_report *report) { check_packing(table, 8, report); }
void check_pack_q4(const kernels_table *table, kernel_report *report) { check_packing(table, 4, report); }

static double squared_error(const float *x, const float *y, size_t output) {
    double sum = 0;
    for (size_t k = 0; k < block; k++) {
        double difference = (double)x[k * panel + output] - (double)y[k * panel + output];
        sum += difference * difference;
    }
    return sum;
}

/// Each block is at least as near as with the scale of its largest number, and each number is the nearest for its scale.
static void check_packing_accuracy(const kernels_table *table, int bits, kernel_report *report) {
    stream s = {29};
    float *x = floats(numbers), *y = floats(numbers), *plain = floats(numbers);
    double ours = 0, simple = 0;
    for (size_t number = 0; number < 400; number++) {
        uint8_t bytes[KERNELS_Q8_BLOCK_BYTES];
        fill(&s, numbers, x, -1.0f, 1.0f);
        // Of both signs of skew, as blocks of weights are.
        for (size_t i = 0; i < numbers; i++) x[i] = x[i] * x[i] * x[i] + (number % 3 == 0 ? 0.2f : 0.0f);
        pack(table, bits, x, bytes);
        unpack(bits, bytes, y);
        for (size_t j = 0; j < panel; j++) {
            float largest = 0.0f, low = bits == 8 ? 127.0f : 8.0f, high = bits == 8 ? 127.0f : 7.0f;
            uint16_t half;
            float scale;
            memcpy(&half, bytes + 2 * j, 2);
            table->widen_f16(1, &half, &scale);
            for (size_t k = 0; k < block; k++) {
                if (fabsf(x[k * panel + j]) > fabsf(largest)) largest = x[k * panel + j];
            }
            for (size_t k = 0; k < block; k++) {
                double value = (double)x[k * panel + j], unit = (double)largest / -(double)low;
                double nearest = fmin(fmax(nearbyint(value / unit), -(double)low), (double)high);
                plain[k * panel + j] = (float)(nearest * unit);
                double size = fabs((double)scale), place = value / (double)scale;
                double error = fabs((double)y[k * panel + j] - value);
                double bound = place < -(double)low ? (-(double)low - place) * size
                    : place > (double)high ? (place - (double)high) * size : size / 2;
                compare_within(report, fmax(error - bound, 0), 0, 1e-5 * size, "%s nearest of %d bits", table->name, bits);
            }
            ours += squared_error(x, y, j);
            simple += squared_error(x, plain, j);
        }
    }
    // The search is worth something: a tenth of the squared error of 4 bits.
    compare_within(report, fmax(ours / simple - (bits == 8 ? 1.0 : 0.9), 0), 0, 0, "%s error of %d bits", table->name, bits);
    free_floats(x);
    free_floats(y);
    free_floats(plain);
}

void check_pack_q8_accuracy(const kernels_table *table, kernel_report *report) { check_packing_accuracy(table, 8, report); }
void check_pack_q4_accuracy(const kernels_table *table, kernel_report *report) { check_packing_accuracy(table, 4, report); }

static kernels_quantized_rows make_rows(size_t rows, size_t depth) {
    size_t blocks = (depth + block - 1) / block;
    return (kernels_quantized_rows){
        .rows = rows,
        .values = calloc(rows * blocks * block + guard, 1),
        .scales = calloc(rows * blocks + guard, sizeof(float)),
        .offsets = calloc(rows * blocks + guard, sizeof(int32_t)),
    };
}

static void free_rows(kernels_quantized_rows *rows) {
    free(rows->values);
    free(rows->scales);
    free(rows->offsets);
}

void check_quantize_row(const kernels_table *table, kernel_report *report) {
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {31};
    for (size_t number = 0; number < row_numbers; number++) {
        size_t depth = row_count(number), blocks = (depth + block - 1) / block, rows = 1 + number % 3, row = number % rows;
        float *x = floats(depth);
        fill_row(&s, number % row_kinds, depth, x);
        kernels_quantized_rows expected = make_rows(rows, depth), got = make_rows(rows, depth);
        scalar->quantize_row(depth, x, row, &expected);
        table->quantize_row(depth, x, row, &got);
        compare_bytes(report, rows * blocks * block + guard, (uint8_t *)got.values, (uint8_t *)expected.values, "bytes of a row",
                      table->name, 8);
        compare_bytes(report, (rows * blocks + guard) * 4, (uint8_t *)got.offsets, (uint8_t *)expected.offsets, "sums of a row",
                      table->name, 8);
        compare(report, rows * blocks + guard, got.scales, expected.scales, "%s scales of %zu", table->name, depth);
        free_floats(x);
        free_rows(&expected);
        free_rows(&got);
    }
}

/// Half a unit at most between a number and its byte.
void check_quantize_row_accuracy(const kernels_table *table, kernel_report *report) {
    stream s = {37};
    for (size_t depth = 1; depth < 200; depth++) {
        float *x = floats(depth);
        fill(&s, depth, x, -3.0f, 3.0f);
        kernels_quantized_rows rows = make_rows(1, depth);
        table->quantize_row(depth, x, 0, &rows);
        for (size_t b = 0; b * block < depth; b++) {
            int32_t sum = 0;
            float largest = 0.0f;
            for (size_t i = 0; i < block; i++) {
                size_t at = b * block + i;
                double value = at < depth ? (double)x[at] : 0, unit = (double)rows.scales[b];
                if (fabs(value) > (double)largest) largest = (float)fabs(value);
                compare_within(report, unit * rows.values[at], value, unit * 0.50001, "%s byte %zu of %zu", table->name, at, depth);
                sum += rows.values[at];
            }
            compare_within(report, rows.offsets[b], 8 * sum, 0, "%s sum", table->name);
            compare_within(report, (double)rows.scales[b], (double)largest / 127, 1e-7 * (double)largest, "%s scale", table->name);
        }
        free_floats(x);
        free_rows(&rows);
    }
}

static void matmul(const kernels_table *table, int bits, size_t columns, size_t blocks, const kernels_quantized_rows *a,
                   const uint8_t *b, float *c, ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    (bits == 8 ? table->matmul_q8 : table->matmul_q4)(columns, blocks, a, b, c, c_stride, epilogue);
}

/// Random bytes are numbers too: all that a file can hold, the scales' infinities and NaNs included.
static void check_products(const kernels_table *table, int bits, kernel_report *report) {
    static const size_t rows_of[] = {0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 63, 64, 65, 130, 256, 257, 272, 300};
    static const size_t columns_of[] = {1, 7, 8, 9, 16, 17, 31, 48, 64, 65, 100, 130};
    enum { most_columns = 130, stride = most_columns + 3, most_rows = 300 };
    const kernels_table *scalar = kernels_named("scalar");
    stream s = {41};
    float *bias = floats(most_columns), *residual = floats(most_rows * stride);
    fill(&s, most_columns, bias, -1.0f, 1.0f);
    fill(&s, most_rows * stride, residual, -1.0f, 1.0f);
    for (size_t r = 0; r < sizeof rows_of / sizeof rows_of[0]; r++) {
        for (size_t number = 0; number < 7; number++) {
            // The last is more than AMX opens at a time.
            size_t rows = rows_of[r], blocks = number < 6 ? number : 35, depth = blocks * block;
            if (blocks > 6 && rows > 31 && rows < 272) continue;
            kernels_quantized_rows a = make_rows(rows, depth);
            float *x = floats(depth);
            for (size_t row = 0; row < rows; row++) {
                fill(&s, depth, x, -2.0f, 2.0f);
                // What a model that has gone wrong may feed.
                if (depth > 0 && row % 4 == 3) x[next_bits(&s) % depth] = row % 3 ? -INFINITY : row % 2 ? INFINITY : NAN;
                scalar->quantize_row(depth, x, row, &a);
            }
            for (size_t c = 0; c < sizeof columns_of / sizeof columns_of[0]; c++) {
                size_t columns = columns_of[c], panels = (columns + panel - 1) / panel;
                size_t size = panels * blocks * block_bytes(bits);
                uint8_t *b = malloc(size + 1);
                for (size_t i = 0; i < size; i++) b[i] = (uint8_t)next_bits(&s);
                for (size_t i = 0; i < size / block_bytes(bits); i++) {
                    for (size_t j = 0; j < panel && c % 3 != 0; j++) {  // of the others the scales are ordinary
                        uint16_t half = (uint16_t)(0x2000 + next_bits(&s) % 0x1000);
                        memcpy(b + i * block_bytes(bits) + 2 * j, &half, 2);
                    }
                }
                kernels_epilogue epilogue = {
                    .bias = c % 2 ? bias : NULL,
                    .residual = r % 2 ? residual : NULL,
                    .residual_stride = stride,
                    .activation = (kernels_activation)((r + c) % 6),
                };
                float *expected = floats((rows + 1) * stride), *got = floats((rows + 1) * stride);
                for (size_t i = 0; i < (rows + 1) * stride; i++) expected[i] = got[i] = -7.0f;
                matmul(scalar, bits, columns, blocks, &a, b, expected, stride, (r + c) % 4 ? &epilogue : NULL);
                matmul(table, bits, columns, blocks, &a, b, got, stride, (r + c) % 4 ? &epilogue : NULL);
                compare(report, (rows + 1) * stride, got, expected, "%s matmul of %d bits, %zu x %zu x %zu", table->name, bits, rows,
                        columns, depth);
                free(b);
                free_floats(expected);
                free_floats(got);
            }
            free_floats(x);
            free_rows(&a);
        }
    }
    free_floats(bias);
    free_floats(residual);
}

void check_matmul_q8(const kernels_table *table, kernel_report *report) { check_products(table, 8, report); }
void check_matmul_q4(const kernels_table *table, kernel_report *report) { check_products(table, 4, report); }

/// Against the products of the unpacked numbers in double precision.
static void check_products_accuracy(const kernels_table *table, int bits, kernel_report *report) {
    enum { rows = 3, columns = 37, blocks = 7, depth = blocks * block, panels = (columns + panel - 1) / panel };
    stream s = {43};
    kernels_quantized_rows a = make_rows(rows, depth);
    float *x = floats(depth), *w = floats(numbers), *c = floats(rows * columns);
    for (size_t row = 0; row < rows; row++) {
        fill(&s, depth, x, -2.0f, 2.0f);
        table->quantize_row(depth, x, row, &a);
    }
    size_t bytes = block_bytes(bits);
    uint8_t *b = malloc(panels * blocks * bytes);
    double (*unpacked)[columns] = calloc(depth, sizeof *unpacked);
    for (size_t p = 0; p < panels; p++) {
        for (size_t k = 0; k < blocks; k++) {
            fill(&s, numbers, w, -1.0f, 1.0f);
            pack(table, bits, w, b + (p * blocks + k) * bytes);
            unpack(bits, b + (p * blocks + k) * bytes, w);
            for (size_t i = 0; i < numbers; i++) {
                if (p * panel + i % panel < columns) unpacked[k * block + i / panel][p * panel + i % panel] = (double)w[i];
            }
        }
    }
    matmul(table, bits, columns, blocks, &a, b, c, columns, NULL);
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            double expected = 0, size = 0;
            for (size_t i = 0; i < depth; i++) {
                size_t number = i / block * rows + row;
                double value = (double)a.scales[number] * a.values[number * block + i % block] * unpacked[i][column];
                expected += value;
                size += fabs(value);
            }
            compare_within(report, (double)c[row * columns + column], expected, 1e-6 * size, "%s matmul of %d bits", table->name, bits);
        }
    }
    free(b);
    free(unpacked);
    free_floats(x);
    free_floats(w);
    free_floats(c);
    free_rows(&a);
}

void check_matmul_q8_accuracy(const kernels_table *table, kernel_report *report) { check_products_accuracy(table, 8, report); }
void check_matmul_q4_accuracy(const kernels_table *table, kernel_report *report) { check_products_accuracy(table, 4, report); }
