/// The training kernels against plain computations in double precision.
#include <math.h>
#include <string.h>

#include "checks.h"
#include "support.h"

static const double unit = 0x1p-24;  // the largest relative error of one rounding

/// The derivatives, by the rules of calculus.
static double derivative(kernels_activation activation, double x) {
    switch (activation) {
        case kernels_gelu_tanh: {  // x / (1 + exp(-a)), a twice the argument of the tanh
            double c = 2 * sqrt(2 / acos(-1)), a = c * (x + 0.044715 * x * x * x), slope = c * (1 + 3 * 0.044715 * x * x);
            if (fabs(a) > 700) return x > 0;
            return 1 / (1 + exp(-a)) + x * slope / ((1 + exp(-a)) * (1 + exp(a)));
        }
        case kernels_gelu_erf: return 0.5 * erfc(-x / sqrt(2)) + (fabs(x) > 50 ? 0 : x * exp(-x * x / 2) / sqrt(2 * acos(-1)));
        case kernels_relu: return x > 0;
        case kernels_silu:
            if (fabs(x) > 700) return x > 0;
            return 1 / (1 + exp(-x)) + x / ((1 + exp(-x)) * (1 + exp(x)));
        case kernels_tanh: return fabs(x) > 350 ? 0 : 1 / (cosh(x) * cosh(x));
        default: return 1;
    }
}

/// What rounding makes of the formulas in single precision. Where the kernel's exp is 0 and the true one is not, the
/// result is off by less than `cut`.
static double allowed(kernels_activation activation, double x) {
    const double cut = 0x1p-117;
    switch (activation) {
        case kernels_tanh: return 7 * unit * derivative(activation, x) + cut;
        // Two terms of opposite sign below zero, each with a few roundings; their exponential counts the rounding of
        // its argument that many times over.
        case kernels_silu: return 7 * unit * (1 + fabs(x)) / (1 + exp(-fmax(x, -200))) + cut;
        case kernels_gelu_tanh: {
            if (fabs(x) > 11) return cut;
            double c = 2 * sqrt(2 / acos(-1)), a = c * (x + 0.044715 * x * x * x), slope = c * (1 + 3 * 0.044715 * x * x);
            double gate = 1 / (1 + exp(-a)), bend = fabs(x) * slope * gate / (1 + exp(a));
            return (7 * (gate + bend) + 4 * fabs(a) * (fmin(gate, 1 - gate) + bend)) * unit + cut;
        }
        case kernels_gelu_erf: return 4 * unit;  // 1 + erf cancels below zero
        default: return 0;
    }
}

void check_derivative_accuracy(const kernels_table *table, kernel_report *report) {
    enum { chunk = 1024, step = 997 };
    float x[chunk], one[chunk], y[chunk];
    for (size_t i = 0; i < chunk; i++) one[i] = 1.0f;
    for (int activation = kernels_identity; activation <= kernels_tanh; activation++) {
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            size_t count = 0;
            for (; count < chunk && bits <= UINT32_MAX; bits += step) {
                x[count] = float_from_bits((uint32_t)bits);
                if (isfinite(x[count])) count++;
            }
            table->activate_backward(count, (kernels_activation)activation, x, one, y);
            for (size_t i = 0; i < count; i++) {
                double expected = derivative((kernels_activation)activation, (double)x[i]);
                compare_within(report, (double)y[i], expected, allowed((kernels_activation)activation, (double)x[i]),
                               "%s derivative %d at %a", table->name, activation, (double)x[i]);
            }
        }
    }
    // The kink of ReLU, the limits, and what is not a number.
    const float at[] = {0.0f, -0.0f}, dy[] = {3.0f, 3.0f}, ends[] = {-INFINITY, INFINITY, NAN};
    table->activate_backward(2, kernels_relu, at, dy, y);
    compare_within(report, fabs((double)y[0]) + fabs((double)y[1]), 0, 0, "%s derivative of ReLU at 0", table->name);
    for (int activation = kernels_gelu_tanh; activation <= kernels_tanh; activation++) {
        table->activate_backward(3, (kernels_activation)activation, ends, one, y);
        compare_within(report, (double)y[0], 0, 0, "%s derivative %d at -infinity", table->name, activation);
        compare_within(report, (double)y[1], activation != kernels_tanh, 0, "%s derivative %d at infinity", table->name,
                       activation);
        compare_within(report, isnan(y[2]) != 0, 1, 0, "%s derivative %d of NaN is NaN", table->name, activation);
    }
}

/// The backward pass is the transpose of the Jacobian, written out: dx[j] = sum_i dy[i] dy_i / dx_j.
void check_layer_norm_backward_accuracy(const kernels_table *table, kernel_report *report) {
    static const size_t counts[] = {1, 2, 3, 15, 16, 17, 64, 70, 256, 1600};
    stream s = {61};
    for (size_t number = 0; number < sizeof counts / sizeof counts[0]; number++) {
        size_t count = counts[number];
        float *x = floats(count), *gain = floats(count), *dy = floats(count), *dx = floats(count), statistics[2];
        float *dgain = floats(count), *dbias = floats(count);
        fill(&s, count, x, -1.0f, 3.0f);
        fill(&s, count, gain, -2.0f, 2.0f);
        fill(&s, count, dy, -1.0f, 1.0f);
        fill(&s, count, dgain, -1.0f, 1.0f);
        fill(&s, count, dbias, -1.0f, 1.0f);
        float *gain_before = copy_of(count, dgain), *bias_before = copy_of(count, dbias);
        table->layer_norm(count, x, gain, NULL, 1e-5f, dx, statistics);
        double n = (double)count, mean = (double)statistics[0], rstd = (double)statistics[1];
        table->layer_norm_backward(count, x, statistics, gain, dy, dx);
        table->layer_norm_parameters(count, x, statistics, dy, dgain, dbias);
        for (size_t j = 0; j < count; j++) {
            double expected = 0, size = 0, hj = ((double)x[j] - mean) * rstd;
            for (size_t i = 0; i < count; i++) {
                double hi = ((double)x[i] - mean) * rstd, g = (double)dy[i] * (double)gain[i];
                double term = g * rstd * ((i == j) - 1 / n - hi * hj / n);
                expected += term;
                size += fabs(term);
            }
            double error = (n / 16 + 12) * unit * (size + rstd * (1 + fabs(hj)));
            compare_within(report, (double)dx[j], expected, error, "%s layer norm's backward pass of %zu, element %zu",
                           table->name, count, j);
            double gradient = (double)gain_before[j] + (double)dy[j] * hj;
            compare_within(report, (double)dgain[j], gradient, 4 * unit * (1 + fabs(hj)), "%s gain's gradient of %zu", table->name,
                           count);
            compare_within(report, (double)dbias[j], (double)bias_before[j] + (double)dy[j], 2 * unit, "%s bias's gradient of %zu",
                           table->name, count);
        }
        float *all[] = {x, gain, dy, dx, dgain, dbias, gain_before, bias_before};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    }
}

void check_softmax_backward_accuracy(const kernels_table *table, kernel_report *report) {
    static const size_t counts[] = {1, 2, 3, 15, 16, 17, 64, 70, 256, 1024};
    stream s = {62};
    for (size_t number = 0; number < sizeof counts / sizeof counts[0]; number++) {
        size_t count = counts[number];
        float *y = floats(count), *dy = floats(count), scale = 0.125f;
        fill(&s, count, y, -2.0f, 2.0f);
        table->softmax(count, 1.0f, y);
        fill(&s, count, dy, -1.0f, 1.0f);
        float *dx = copy_of(count, dy);
        table->softmax_backward(count, scale, y, dx);
        for (size_t j = 0; j < count; j++) {
            double expected = 0;
            for (size_t i = 0; i < count; i++) {
                expected += (double)scale * (double)dy[i] * (double)y[i] * ((i == j) - (double)y[j]);
            }
            double error = ((double)count / 16 + 8) * unit * (double)(scale * y[j]) * 2;
            // The Jacobian's rows sum to what the float y do, not quite to 1.
            compare_within(report, (double)dx[j], expected, error, "%s softmax's backward pass of %zu, element %zu", table->name,
                           count, j);
        }
        float *all[] = {y, dy, dx};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free_floats(all[i]);
    }
}

/// The logarithm alone through rows of n zeros, whose loss is log(n); then random rows.
void check_cross_entropy_accuracy(const kernels_table *table, kernel_report *report) {
    enum { most = 5000 };
    float *row = floats(most);
    memset(row, 0, most * sizeof(float));
    for (size_t n = 1; n <= most; n++) {
        compare_within(report, (double)table->cross_entropy(n, n / 2, NULL, row), log((double)n), 1.5 * unit * log((double)n),
                       "%s log(%zu)", table->name, n);
    }
    // {0, x}: log(1 + exp(x)) for sums of every kind between 1 and 2.
    for (float x = -20.0f; x <= 0.0f; x += 0x1p-10f) {
        row[0] = 0.0f, row[1] = x;
        compare_within(report, (double)table->cross_entropy(2, 0, NULL, row), log1p(exp((double)x)), 3 * unit,
                       "%s log(1 + exp(%g))", table->name, (double)x);
    }
    static const size_t counts[] = {1, 2, 15, 16, 17, 65, 1000, 5000};
    const float weight = -0.7f;
    stream s = {63};
    static const float offsets[] = {0.0f, 1000.0f, -1000.0f};  // whose exponentials have no float
    for (size_t number = 0; number < 3 * sizeof counts / sizeof counts[0]; number++) {
        size_t count = counts[number / 3], target = count * 2 / 3;
        fill(&s, count, row, offsets[number % 3] - 8.0f, offsets[number % 3] + 8.0f);
        float *x = copy_of(count, row);
        double largest = -INFINITY, sum = 0;
        for (size_t i = 0; i < count; i++) largest = fmax(largest, (double)x[i]);
        for (size_t i = 0; i < count; i++) sum += exp((double)x[i] - largest);
        double loss = log(sum) + largest - (double)x[target];
        double roundings = (double)count / 16 + 12;
        float got = table->cross_entropy(count, target, &weight, x);
        compare_within(report, (double)got, loss, roundings * unit + 2 * unit * 16, "%s cross-entropy of %zu", table->name, count);
        for (size_t i = 0; i < count; i++) {
            double share = exp((double)row[i] - largest) / sum, expected = (share - (i == target)) * (double)weight;
            double error = unit * (share * (roundings + 16) + (i == target));
            compare_within(report, (double)x[i], expected, error, "%s cross-entropy's gradient of %zu, element %zu", table->name,
                           count, i);
        }
        free_floats(x);
    }
    free_floats(row);
}

void check_sum_of_squares_accuracy(const kernels_table *table, kernel_report *report) {
    stream s = {64};
    for (size_t count = 0; count <= 3000; count = count < 70 ? count + 1 : count * 2 + 1) {
        float *x = floats(count);
        fill(&s, count, x, -1e18f, 1e18f);  // whose squares are near the end of single precision, their sum beyond
        long double expected = 0;
        for (size_t i = 0; i < count; i++) expected += (long double)x[i] * (long double)x[i];
        double error = (double)expected * 0x1p-53 * (double)(count / 16 + 6);
        compare_within(report, table->sum_of_squares(count, x), (double)expected, error, "%s sum of squares of %zu", table->name,
                       count);
        free_floats(x);
    }
}

/// The paper's algorithm over many steps, moments and parameters kept in double precision.
void check_adamw_accuracy(const kernels_table *table, kernel_report *report) {
    enum { count = 37, steps = 200 };
    const double rate = 3e-3, beta1 = 0.9, beta2 = 0.95, decay = 0.1, epsilon = 1e-8, gradient_scale = 0.5;
    float p[count], m[count] = {0}, v[count] = {0}, gradient[count];
    double exact_p[count], exact_m[count] = {0}, exact_v[count] = {0};
    stream s = {65};
    fill(&s, count, p, -1.0f, 1.0f);
    for (size_t i = 0; i < count; i++) exact_p[i] = (double)p[i];
    for (int t = 1; t <= steps; t++) {
        fill(&s, count, gradient, -0.5f, 1.0f);
        const double correction1 = 1 - pow(beta1, t), correction2 = 1 - pow(beta2, t);
        const kernels_adamw step = {
            .gradient_scale = (float)gradient_scale,
            .beta1_complement = (float)(1 - beta1),
            .beta2 = (float)beta2,
            .beta2_complement = (float)(1 - beta2),
            .keep = (float)(1 - rate * decay),
            .step_size = (float)(rate / correction1),
            .root_factor = (float)(1 / sqrt(correction2)),
            .epsilon = (float)epsilon,
        };
        table->adamw(count, &step, gradient, p, m, v);
        for (size_t i = 0; i < count; i++) {
            double g = (double)gradient[i] * gradient_scale;
            exact_m[i] = beta1 * exact_m[i] + (1 - beta1) * g;
            exact_v[i] = beta2 * exact_v[i] + (1 - beta2) * g * g;
            double root = sqrt(exact_v[i] / correction2) + epsilon;
            exact_p[i] -= rate * decay * exact_p[i] + rate * exact_m[i] / correction1 / root;
            // A few roundings a step; those of the moments fade, those of the parameters add up.
            compare_within(report, (double)m[i], exact_m[i], 8 * unit, "%s AdamW's first moment, step %d", table->name, t);
            compare_within(report, (double)v[i], exact_v[i], 8 * unit, "%s AdamW's second moment, step %d", table->name, t);
            compare_within(report, (double)p[i], exact_p[i], 2 * t * unit, "%s AdamW's parameter, step %d", table->name, t);
        }
    }
}

/// Words of Philox4x32-10, the first from Random123's tests, the others computed by the randomgen package. Each is read
/// through what is kept when the threshold is the word, and dropped when it is one more.
void check_dropout_words(const kernels_table *table, kernel_report *report) {
    static const struct {
        uint64_t counter, stream, seed;
        uint32_t words[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {0x1, 0x0, 0x0, {0xf8e4cca4, 0x5cb200db, 0xb1a574eb, 0x097eff67}},
        {0x2, 0x0, 0x1, {0x3f55b3f0, 0x8e76cc9d, 0xb68faa8e, 0xebed3676}},
        {0x7, 0x0, 0x299f31d0a4093822, {0xb39a3454, 0x82255255, 0xd1a93021, 0xdc0bdf2b}},
        {0x3e8, 0x5, 0x2a, {0x6a839081, 0x45605621, 0xa7886b72, 0x8c68399e}},
        {0x10000000003, 0x8000000000000001, 0xffffffffffffffff, {0x80a5d409, 0x2a86a4cd, 0xa9e068ea, 0x75a7f48f}},
    };
    enum { count = 64 };  // enough for every table to leave its scalar twin
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        for (size_t at = 0; at < count; at++) {
            if (known[k].counter < at / 4) break;
            const uint64_t start = (known[k].counter - at / 4) * 4;
            float x[count], kept[count], dropped[count];
            for (size_t i = 0; i < count; i++) x[i] = 3.0f;
            const uint32_t word = known[k].words[at % 4];
            table->dropout(count, known[k].seed, known[k].stream, start, word, 2.0f, x, kept);
            table->dropout(count, known[k].seed, known[k].stream, start, word + 1, 2.0f, x, dropped);
            compare_within(report, (double)kept[at], 6, 0, "%s dropout at word %zu", table->name, at);
            compare_within(report, (double)dropped[at], 0, 0, "%s dropout above word %zu", table->name, at);
        }
    }
}
