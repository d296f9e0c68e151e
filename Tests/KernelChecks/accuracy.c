/// The kernels against plain computations in double precision.
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

static const double unit = 0x1p-24;  // the largest relative error of one rounding

/// What the activations are, by their definitions.
static double activated(kernels_activation activation, double x) {
    switch (activation) {
        case kernels_gelu_tanh: {  // 0.5 (1 + tanh(u)) = 1 / (1 + exp(-2u)), which does not cancel below zero
            double u = sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);
            return x / (1 + exp(-2 * u));
        }
        case kernels_gelu_erf: return 0.5 * x * erfc(-x / sqrt(2));
        case kernels_relu: return x > 0 ? x : 0;
        case kernels_silu: return x / (1 + exp(-x));
        case kernels_tanh: return tanh(x);
        default: return x;
    }
}

/// b is unpacked from its panels by its definition, one element at a time. The bound is that of n roundings in a
/// chain: n u sum |a b|, at the worst signs.
void check_matmul_accuracy(const kernels_table *table, kernel_report *report) {
    static const size_t shapes[][3] = {
        {1, 1, 1},   {1, 16, 7},  {2, 17, 16},  {3, 5, 0},     {5, 31, 255}, {6, 32, 256},
        {7, 33, 257}, {13, 70, 70}, {4, 48, 768}, {9, 19, 1500}, {1, 64, 3072},
    };
    stream s = {11};
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        size_t rows = shapes[shape][0], columns = shapes[shape][1], depth = shapes[shape][2];
        size_t panel_stride = depth * KERNELS_PANEL + 3, b_count = (columns + 15) / 16 * panel_stride;
        float *a = floats(rows * depth), *b = floats(b_count), *bias = floats(columns), *residual = floats(rows * columns);
        float *initial = floats(rows * columns);
        fill(&s, rows * depth, a, -1.0f, 1.0f);
        fill(&s, b_count, b, -1.0f, 1.0f);
        fill(&s, columns, bias, -1.0f, 1.0f);
        fill(&s, rows * columns, residual, -1.0f, 1.0f);
        fill(&s, rows * columns, initial, -1.0f, 1.0f);
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            float *c = copy_of(rows * columns, initial);
            kernels_epilogue epilogue = {bias, residual, (ptrdiff_t)columns, kernels_identity};
            table->matmul(rows, columns, depth, a, (ptrdiff_t)depth, b, (ptrdiff_t)panel_stride, NULL, c, (ptrdiff_t)columns,
                          accumulate, &epilogue);
            for (size_t row = 0; row < rows; row++) {
                for (size_t column = 0; column < columns; column++) {
                    size_t at = row * columns + column;
                    double sum = (double)bias[column] + (double)residual[at] + (accumulate ? (double)initial[at] : 0);
                    double size = fabs((double)bias[column]) + fabs((double)residual[at]) + fabs((double)initial[at]);
                    for (size_t k = 0; k < depth; k++) {
                        double product = (double)a[row * depth + k] * (double)b[column / 16 * panel_stride + k * 16 + column % 16];
                        sum += product;
                        size += fabs(product);
                    }
                    // A chain is at most 256 long; then come one addition a block and the epilogue.
                    double roundings = (double)(depth < 256 ? depth : 256) + (double)(depth / 256) + 4;
                    compare_within(report, (double)c[at], sum, roundings * unit * size, "%s matmul %zu x %zu x %zu",
                                   table->name, rows, columns, depth);
                }
            }
            free_floats(c);
        }
        float *all[] = {a, b, bias, residual, initial};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    }
}

void check_layer_norm_accuracy(const kernels_table *table, kernel_report *report) {
    static const size_t counts[] = {1, 2, 3, 15, 16, 17, 64, 70, 256, 768, 1600, 4097};
    static const float offsets[] = {0.0f, 1.0f, -30.0f};
    const float epsilon = 1e-5f;
    stream s = {12};
    for (size_t number = 0; number < sizeof counts / sizeof counts[0] * 3; number++) {
        size_t count = counts[number / 3];
        float offset = offsets[number % 3];
        float *x = floats(count), *gain = floats(count), *bias = floats(count), *y = floats(count), statistics[2];
        fill(&s, count, x, offset - 2.0f, offset + 2.0f);
        fill(&s, count, gain, -2.0f, 2.0f);
        fill(&s, count, bias, -2.0f, 2.0f);
        table->layer_norm(count, x, gain, bias, epsilon, y, statistics);
        double mean = 0, variance = 0;
        for (size_t i = 0; i < count; i++) mean += (double)x[i] / (double)count;
        for (size_t i = 0; i < count; i++) variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)count;
        double rstd = 1 / sqrt(variance + (double)epsilon);
        double largest = fabs((double)offset) + 2, roundings = (double)(count / 16 + 6);
        double mean_error = roundings * unit * largest;
        compare_within(report, (double)statistics[0], mean, mean_error, "%s layer norm mean of %zu", table->name, count);
        // The variance moves by the square of what the mean moves by, and by its own roundings.
        double rstd_error = rstd * (roundings * unit + mean_error * mean_error * rstd * rstd);
        compare_within(report, (double)statistics[1], rstd, rstd_error, "%s layer norm rstd of %zu", table->name, count);
        for (size_t i = 0; i < count; i++) {
            double centred = (double)x[i] - mean, expected = centred * rstd * (double)gain[i] + (double)bias[i];
            double error = fabs((double)gain[i]) * (mean_error * rstd + fabs(centred) * (rstd_error + 3 * unit * rstd));
            compare_within(report, (double)y[i], expected, error + 2 * unit * fabs(expected), "%s layer norm of %zu, element %zu",
                           table->name, count, i);
        }
        float *all[] = {x, gain, bias, y};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    }
}

void check_softmax_accuracy(const kernels_table *table, kernel_report *report) {
    static const size_t counts[] = {1, 2, 3, 15, 16, 17, 64, 70, 256, 1024, 4097};
    static const float scales[] = {0.125f, 1.0f, 8.0f};
    stream s = {13};
    for (size_t number = 0; number < sizeof counts / sizeof counts[0] * 3; number++) {
        size_t count = counts[number / 3];
        float scale = scales[number % 3], *x = floats(count);
        fill(&s, count, x, -5.0f, 5.0f);
        float *y = copy_of(count, x);
        table->softmax(count, scale, y);
        double largest = -INFINITY, sum = 0;
        for (size_t i = 0; i < count; i++) largest = fmax(largest, (double)x[i] * (double)scale);
        for (size_t i = 0; i < count; i++) sum += exp((double)x[i] * (double)scale - largest);
        for (size_t i = 0; i < count; i++) {
            double expected = exp((double)x[i] * (double)scale - largest) / sum;
            // x scale and the difference are rounded before the exponential sees them: absolute there, relative here.
            double roundings = 3 * fabs((double)scale) * 10 + (double)(count / 16 + 8);
            compare_within(report, (double)y[i], expected, roundings * unit * expected + 0x1p-126,
                           "%s softmax of %zu, scale %g, element %zu", table->name, count, (double)scale, i);
        }
        free_floats(x);
        free_floats(y);
    }
}

/// Each round adds the same product and rounds once.
void check_multiply_adds_accuracy(const kernels_table *table, kernel_report *report) {
    const double product = (double)0.999f * (double)0.001f;
    for (size_t rounds = 0; rounds < 2000; rounds += 97) {
        float x[KERNELS_CHAINS];
        for (int i = 0; i < KERNELS_CHAINS; i++) x[i] = (float)i / 8;
        table->multiply_adds(rounds, x);
        for (int i = 0; i < KERNELS_CHAINS; i++) {
            const double expected = (double)i / 8 + (double)rounds * product;
            compare_within(report, (double)x[i], expected, (double)rounds * unit * expected, "%s multiply-adds from %d, %zu rounds",
                           table->name, i, rounds);
        }
    }
}

/// exp through the softmax of {0, x}, x <= 0: exp(x) / (1 + exp(x)). Below -87 the kernel says 0.
void check_exponential_accuracy(const kernels_table *table, kernel_report *report) {
    for (uint64_t bits = 0x80000000; bits <= UINT32_MAX; bits += 97) {
        float x = float_from_bits((uint32_t)bits), pair[2] = {0.0f, x};
        if (x != x) break;
        table->softmax(2, 1.0f, pair);
        double expected = exp((double)x) / (1 + exp((double)x));
        double bound = x < -87.0f ? 0x1.7p-126 : 4 * unit * expected;
        compare_within(report, (double)pair[1], expected, bound, "%s exp(%a)", table->name, (double)x);
        if (x < -200.0f) bits += 97 * 1000;  // zero from here on: look less often
    }
}

/// What rounding makes of the formulas in single precision. Where the kernel's exp is 0 or infinite and the true one
/// is not, the result is off by less than `cut`.
static double allowed(kernels_activation activation, double x, double expected) {
    const double size = fabs(expected), least = 0x1p-149, cut = 0x1p-119;
    switch (activation) {
        case kernels_tanh: return 2.5 * unit * size + least;
        case kernels_silu: return 3 * unit * size + cut;
        case kernels_gelu_erf: return 3.5 * unit * fabs(x) + least;  // 1 + erf cancels below zero
        case kernels_gelu_tanh: {  // x / (1 + exp(a)): the rounding of a counts a times over
            double a = -2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x);
            double share = a > 700 ? 1 : exp(a) / (1 + exp(a));
            return (3 + 3.5 * fabs(fmin(a, 200)) * (a < -200 ? 0 : share)) * unit * size + cut;
        }
        default: return 0;
    }
}

void check_activation_accuracy(const kernels_table *table, kernel_report *report) {
    enum { chunk = 1024, step = 997 };
    float x[chunk], y[chunk];
    for (int activation = kernels_identity; activation <= kernels_tanh; activation++) {
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            size_t count = 0;
            for (; count < chunk && bits <= UINT32_MAX; bits += step) {
                x[count] = float_from_bits((uint32_t)bits);
                if (isfinite(x[count])) count++;
            }
            table->activate(count, (kernels_activation)activation, x, y);
            for (size_t i = 0; i < count; i++) {
                double expected = activated((kernels_activation)activation, (double)x[i]);
                double bound = allowed((kernels_activation)activation, (double)x[i], expected);
                compare_within(report, (double)y[i], expected, bound, "%s activation %d of %a", table->name, activation,
                               (double)x[i]);
            }
        }
    }
}

/// (-1)^s 2^(e - bias) 1.f with ldexp, by the definition of the format.
static double decoded(uint16_t pattern, int exponent_bits, int fraction_bits) {
    int biased = pattern >> fraction_bits & ((1 << exponent_bits) - 1), fraction = pattern & ((1 << fraction_bits) - 1);
    int bias = (1 << (exponent_bits - 1)) - 1;
    double sign = pattern & 0x8000 ? -1.0 : 1.0;
    if (biased == (1 << exponent_bits) - 1) return fraction ? NAN : sign * INFINITY;
    if (biased == 0) return sign * ldexp(fraction, 1 - bias - fraction_bits);
    return sign * ldexp(fraction + (1 << fraction_bits), biased - bias - fraction_bits);
}

static void check_widening(const kernels_table *table, int half, kernel_report *report) {
    for (uint32_t pattern = 0; pattern < 65536; pattern++) {
        uint16_t x = (uint16_t)pattern;
        float got, expected = (float)decoded(x, half ? 5 : 8, half ? 10 : 7);
        (half ? table->widen_f16 : table->widen_bf16)(1, &x, &got);
        compare(report, 1, &got, &expected, "%s %s pattern 0x%04x", table->name, half ? "f16" : "bf16", pattern);
    }
}

void check_widen_f16_accuracy(const kernels_table *table, kernel_report *report) { check_widening(table, 1, report); }
void check_widen_bf16_accuracy(const kernels_table *table, kernel_report *report) { check_widening(table, 0, report); }

static void check_narrowed(const kernels_table *table, float x, uint16_t expected, kernel_report *report) {
    for (int negative = 0; negative < 2; negative++) {
        uint16_t got;
        float signed_x = negative ? -x : x;
        table->narrow_f16(1, &signed_x, &got);
        compare_within(report, got, negative ? expected | 0x8000 : expected, 0, "%s %a as f16", table->name, (double)signed_x);
    }
}

/// Each half, the middle between it and the next, and the floats on both sides of the middle.
void check_narrow_f16_accuracy(const kernels_table *table, kernel_report *report) {
    for (uint16_t half = 0; half < 0x7c00; half++) {
        double value = decoded(half, 5, 10);
        double next = half + 1 == 0x7c00 ? 65536 : decoded((uint16_t)(half + 1), 5, 10);
        float middle = (float)((value + next) / 2);
        check_narrowed(table, (float)value, half, report);
        check_narrowed(table, middle, half & 1 ? half + 1 : half, report);
        check_narrowed(table, nextafterf(middle, 0), half, report);
        check_narrowed(table, nextafterf(middle, INFINITY), half + 1, report);
    }
    check_narrowed(table, INFINITY, 0x7c00, report);
    check_narrowed(table, 1e30f, 0x7c00, report);
    check_narrowed(table, 1e-45f, 0, report);
    float nan = NAN, widened;
    uint16_t narrowed;
    table->narrow_f16(1, &nan, &narrowed);
    widened = (float)decoded(narrowed, 5, 10);
    compare(report, 1, &widened, &nan, "%s NaN as f16", table->name);
}
