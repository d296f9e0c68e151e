/// Random inputs, buffers of exact size, and comparing.
#ifndef SUPPORT_H
#define SUPPORT_H

#include "include/KernelChecks.h"

/// A stream of random numbers (SplitMix64); the state is the seed.
typedef struct {
    uint64_t state;
} stream;

uint64_t next_bits(stream *s);
/// Uniform in [low, high).
float next_float(stream *s, float low, float high);
/// Zeros of both signs, subnormals, infinities, NaN, the largest and smallest numbers, and ordinary ones between.
float next_special(stream *s);

void fill(stream *s, size_t count, float *x, float low, float high);
void fill_special(stream *s, size_t count, float *x);

/// The rows that a kernel is checked on: every length up to 70, and some around the powers of two and the widths of
/// real models; of each, rows that are ordinary, far from zero, wide, all equal, tiny, and full of special values.
enum { row_kinds = 6, special_row = row_kinds - 1, row_numbers = (71 + 14) * row_kinds };
/// How long row `number` is.
size_t row_count(size_t number);
void fill_row(stream *s, size_t kind, size_t count, float *x);

/// Floats behind an output that a kernel must not touch.
enum { guard = 5 };

/// `count` floats that start at an odd float and end where the allocation ends, so that a sanitizer sees every read
/// beyond them. Freed with free_floats.
float *floats(size_t count);
float *copy_of(size_t count, const float *x);
void free_floats(float *x);

/// Counts the elements of `got` whose bits differ from `expected`, any NaN being the same as any other. The label
/// describes the call in the first fault.
__attribute__((format(printf, 5, 6)))
void compare(kernel_report *report, size_t count, const float *got, const float *expected, const char *label, ...);

/// Counts a fault unless |got - expected| <= bound.
__attribute__((format(printf, 5, 6)))
void compare_within(kernel_report *report, double got, double expected, double bound, const char *label, ...);

float float_from_bits(uint32_t bits);
uint32_t bits_of_float(float x);

#endif
