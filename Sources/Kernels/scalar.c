/// The order of operations of every kernel, in plain loops. The oracle of the vector tables, and the fallback.
#include <math.h>
#include <string.h>

#include "functions.h"
#include "tables.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#include "scalar/dropout.h"
#include "scalar/functions.h"
#include "scalar/layout.h"
#include "scalar/training.h"

static void matmul(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, const float *next, float *c, ptrdiff_t c_stride, int accumulate,
                   const kernels_epilogue *epilogue) {
    (void)next;
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            const float *panel = b + (ptrdiff_t)(column / KERNELS_PANEL) * panel_stride + column % KERNELS_PANEL;
            float *out = c + (ptrdiff_t)row * c_stride + column;
            float total = accumulate ? *out : 0.0f;
            size_t start = 0;
            do {  // a depth of 0 is one empty chain, whose 0 is added like any other
                size_t end = start + KERNELS_DEPTH_BLOCK < depth ? start + KERNELS_DEPTH_BLOCK : depth;
                float chain = 0.0f;
                for (size_t k = start; k < end; k++) {
                    chain = fmaf(a[(ptrdiff_t)row * a_stride + (ptrdiff_t)k], panel[k * KERNELS_PANEL], chain);
                }
                total = start == 0 && !accumulate ? chain : total + chain;
                start += KERNELS_DEPTH_BLOCK;
            } while (start < depth);
            if (epilogue) {
                if (epilogue->bias) total += epilogue->bias[column];
                total = activated(epilogue->activation, total);
                if (epilogue->residual) total += epilogue->residual[(ptrdiff_t)row * epilogue->residual_stride + (ptrdiff_t)column];
            }
            *out = total;
        }
    }
}

static void layer_norm(size_t count, const float *x, const float *gain, const float *bias, float epsilon, float *y,
                       float *statistics) {
    float lanes[16] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % 16] += x[i];
    float mean = sum_of_lanes(lanes) / (float)count;
    memset(lanes, 0, sizeof lanes);
    for (size_t i = 0; i < count; i++) lanes[i % 16] = fmaf(x[i] - mean, x[i] - mean, lanes[i % 16]);
    float rstd = 1.0f / sqrtf(sum_of_lanes(lanes) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) {
        float scaled = (x[i] - mean) * rstd;
        y[i] = fmaf(scaled, gain[i], bias ? bias[i] : 0.0f);
    }
    statistics[0] = mean;
    statistics[1] = rstd;
}

static void softmax(size_t count, float scale, float *x) {
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        x[i] *= scale;
        if (x[i] > largest) largest = x[i];
    }
    float lanes[16] = {0};
    for (size_t i = 0; i < count; i++) {
        x[i] = exponential(x[i] - largest);
        lanes[i % 16] += x[i];
    }
    float reciprocal = 1.0f / sum_of_lanes(lanes);
    for (size_t i = 0; i < count; i++) x[i] *= reciprocal;
}

static void multiply_adds(size_t rounds, float *x) {
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < KERNELS_CHAINS; i++) x[i] = fmaf(0.999f, 0.001f, x[i]);
}

static float block_maxima(size_t count, const float *x, float *maxima) {
    float all = -INFINITY;
    int unordered = 0;
    for (size_t first = 0; first < count; first += KERNELS_MAXIMA_BLOCK) {
        float largest = -INFINITY;
        for (size_t i = first; i < count && i < first + KERNELS_MAXIMA_BLOCK; i++) {
            unordered |= x[i] != x[i];
            if (x[i] > largest) largest = x[i];
        }
        maxima[first / KERNELS_MAXIMA_BLOCK] = largest + 0.0f;
        if (largest > all) all = largest;
    }
    return unordered ? NAN : all + 0.0f;
}

static void activate(size_t count, kernels_activation activation, const float *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = activated(activation, x[i]);
}

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t sign = (uint32_t)(x[i] & 0x8000) << 16, exponent = (x[i] >> 10) & 31, fraction = x[i] & 1023, bits;
        if (exponent == 31) {
            bits = sign | 0x7f800000 | (fraction ? 0x400000 | fraction << 13 : 0);  // a NaN comes out quiet
        } else if (exponent != 0) {
            bits = sign | (exponent + 112) << 23 | fraction << 13;
        } else if (fraction == 0) {
            bits = sign;
        } else {  // subnormal: shift until the leading bit stands where the exponent's implicit one is
            exponent = 113;
            while (!(fraction & 1024)) {
                fraction <<= 1;
                exponent--;
            }
            bits = sign | exponent << 23 | (fraction & 1023) << 13;
        }
        memcpy(&y[i], &bits, 4);
    }
}

static void widen_bf16(size_t count, const uint16_t *x, float *y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(&y[i], &bits, 4);
    }
}

static void narrow_f16(size_t count, const float *x, uint16_t *y) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits, size, half;
        memcpy(&bits, &x[i], 4);
        size = bits & 0x7fffffff;
        if (size > 0x7f800000) {
            half = 0x7e00 | (size >> 13 & 0x3ff);  // a NaN comes out quiet
        } else if (size >= 0x477ff000) {
            half = 0x7c00;
        } else if (size >= 0x38800000) {
            half = (size + 0xfff + (size >> 13 & 1) - 0x38000000) >> 13;
        } else {  // subnormal: the sum with a half is rounded at just the bit that matters
            float sum;
            memcpy(&sum, &size, 4);
            sum += 0.5f;
            memcpy(&half, &sum, 4);
            half -= 0x3f000000;
        }
        y[i] = (uint16_t)((bits >> 16 & 0x8000) | half);
    }
}

static void multiply_elements(size_t count, const float *x, const float *y, float *z) {
    for (size_t i = 0; i < count; i++) z[i] = x[i] * y[i];
}

static void widen_bytes(size_t count, const int8_t *x, float *y) {
    for (size_t i = 0; i < count; i++) y[i] = (float)x[i];
}

/// By halves, or where there are none by bytes.
static void matmul_widened(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const uint16_t *halves,
                           const int8_t *bytes, ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate,
                           const kernels_epilogue *epilogue) {
    float panel[KERNELS_DEPTH_BLOCK * KERNELS_PANEL];
    for (size_t column = 0; column < columns; column += KERNELS_PANEL) {
        size_t valid = columns - column < KERNELS_PANEL ? columns - column : KERNELS_PANEL, start = 0;
        do {
            size_t length = depth - start < KERNELS_DEPTH_BLOCK ? depth - start : KERNELS_DEPTH_BLOCK;
            kernels_epilogue last = {0};
            if (epilogue) {
                last = *epilogue;
                if (last.bias) last.bias += column;
                if (last.residual) last.residual += column;
            }
            const ptrdiff_t at = (ptrdiff_t)(column / KERNELS_PANEL) * panel_stride + (ptrdiff_t)(start * KERNELS_PANEL);
            if (halves) widen_f16(length * KERNELS_PANEL, halves + at, panel);
            else widen_bytes(length * KERNELS_PANEL, bytes + at, panel);
            matmul(rows, valid, length, a + start, a_stride, panel, (ptrdiff_t)(length * KERNELS_PANEL), NULL, c + column, c_stride,
                   accumulate || start > 0, epilogue && start + length == depth ? &last : NULL);
            start += KERNELS_DEPTH_BLOCK;
        } while (start < depth);
    }
}

static void matmul_f16(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const uint16_t *b,
                       ptrdiff_t panel_stride, const uint16_t *next, float *c, ptrdiff_t c_stride, int accumulate,
                       const kernels_epilogue *epilogue) {
    (void)next;
    matmul_widened(rows, columns, depth, a, a_stride, b, NULL, panel_stride, c, c_stride, accumulate, epilogue);
}

static void matmul_bytes(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const int8_t *b,
                         ptrdiff_t panel_stride, const int8_t *next, float *c, ptrdiff_t c_stride, int accumulate) {
    (void)next;
    matmul_widened(rows, columns, depth, a, a_stride, NULL, b, panel_stride, c, c_stride, accumulate, NULL);
}

static void pack_tiles(size_t rows, size_t depth, const float *x, ptrdiff_t row_stride, ptrdiff_t depth_stride, float *tiles) {
    for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < depth; k++) tiles[row * depth + k] = x[(ptrdiff_t)row * row_stride + (ptrdiff_t)k * depth_stride];
}

static void matmul_tiles(size_t rows, size_t columns, size_t depth, const float *tiles, const float *b, ptrdiff_t panel_stride,
                         float *c, ptrdiff_t c_stride, int accumulate, const kernels_epilogue *epilogue) {
    matmul(rows, columns, depth, tiles, (ptrdiff_t)depth, b, panel_stride, NULL, c, c_stride, accumulate, epilogue);
}

static void matmul_tiles_f16(size_t rows, size_t columns, size_t depth, const float *tiles, const uint16_t *b,
                             ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate,
                             const kernels_epilogue *epilogue) {
    matmul_f16(rows, columns, depth, tiles, (ptrdiff_t)depth, b, panel_stride, NULL, c, c_stride, accumulate, epilogue);
}

#include "scalar/quantized.h"

#include "scalar/calibration.h"

const kernels_table kernels_scalar = KERNELS_TABLE("scalar");
