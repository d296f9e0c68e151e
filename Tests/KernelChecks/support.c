#include "support.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t next_bits(stream *s) {
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

float next_float(stream *s, float low, float high) {
    return low + (high - low) * ((float)(next_bits(s) >> 40) * 0x1p-24f);
}

float next_special(stream *s) {
    static const float values[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-140f, FLT_MIN, FLT_MAX, -FLT_MAX, INFINITY, -INFINITY, NAN};
    const size_t known = sizeof values / sizeof values[0];
    uint64_t choice = next_bits(s) % (3 * known);
    return choice < known ? values[choice] : next_float(s, -3.0f, 3.0f);
}

void fill(stream *s, size_t count, float *x, float low, float high) {
    for (size_t i = 0; i < count; i++) x[i] = next_float(s, low, high);
}

void fill_special(stream *s, size_t count, float *x) {
    for (size_t i = 0; i < count; i++) x[i] = next_special(s);
}

size_t row_count(size_t number) {
    static const size_t long_counts[] = {127, 128, 129, 255, 256, 257, 511, 512, 513, 768, 1023, 1024, 1600, 3072};
    size_t i = number / row_kinds;
    return i < 71 ? i : long_counts[i - 71];
}

void fill_row(stream *s, size_t kind, size_t count, float *x) {
    switch (kind) {
        case 0: fill(s, count, x, -3.0f, 3.0f); break;
        case 1: fill(s, count, x, 1000.0f, 1001.0f); break;
        case 2: fill(s, count, x, -90.0f, 90.0f); break;
        case 3: for (size_t i = 0; i < count; i++) x[i] = 2.5f; break;
        case 4: fill(s, count, x, -0x1p-127f, 0x1p-127f); break;
        default: fill_special(s, count, x); break;
    }
}

// malloc aligns to 16 bytes; one float further on, no vector is aligned.
float *floats(size_t count) {
    float *block = malloc((count + 1) * sizeof(float));
    if (!block) abort();
    return block + 1;
}

float *copy_of(size_t count, const float *x) {
    float *copy = floats(count);
    if (count) memcpy(copy, x, count * sizeof(float));
    return copy;
}

void free_floats(float *x) {
    if (x) free(x - 1);
}

float float_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

uint32_t bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void describe(kernel_report *report, const char *what, const char *label, va_list arguments) {
    int length = vsnprintf(report->first_fault, sizeof report->first_fault, label, arguments);
    if (length < 0 || (size_t)length >= sizeof report->first_fault) return;
    snprintf(report->first_fault + length, sizeof report->first_fault - (size_t)length, ": %s", what);
}

void compare(kernel_report *report, size_t count, const float *got, const float *expected, const char *label, ...) {
    report->compared += count;
    if (count == 0 || memcmp(got, expected, count * sizeof(float)) == 0) return;
    for (size_t i = 0; i < count; i++) {
        if (bits_of_float(got[i]) == bits_of_float(expected[i]) || (isnan(got[i]) && isnan(expected[i]))) continue;
        if (report->faults++ == 0) {
            char what[96];
            snprintf(what, sizeof what, "element %zu is %a, expected %a", i, (double)got[i], (double)expected[i]);
            va_list arguments;
            va_start(arguments, label);
            describe(report, what, label, arguments);
            va_end(arguments);
        }
    }
}

void compare_within(kernel_report *report, double got, double expected, double bound, const char *label, ...) {
    report->compared++;
    if (fabs(got - expected) <= bound) return;
    if (report->faults++ == 0) {
        char what[128];
        snprintf(what, sizeof what, "%.9g, expected %.9g, off by %.3g, allowed %.3g", got, expected, fabs(got - expected), bound);
        va_list arguments;
        va_start(arguments, label);
        describe(report, what, label, arguments);
        va_end(arguments);
    }
}
