/// The order of operations of every kernel, in plain loops. The oracle of the vector tables, and the fallback.
#include <math.h>
#include <string.h>

#include "functions.h"
#include "include/Kernels.h"
#include "tables.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

static float exponential(float x) {
    if (!(x >= EXP_LOWEST)) return x != x ? x : 0.0f;
    if (x > EXP_HIGHEST) return INFINITY;
    float shifted = fmaf(x, EXP_LOG2E, EXP_MAGIC);
    float n = shifted - EXP_MAGIC;
    float r = fmaf(n, -EXP_LN2_HIGH, x);
    r = fmaf(n, -EXP_LN2_LOW, r);
    float q = EXP_Q4;
    q = fmaf(q, r, EXP_Q3);
    q = fmaf(q, r, EXP_Q2);
    q = fmaf(q, r, EXP_Q1);
    q = fmaf(q, r, EXP_Q0);
    float power = fmaf(q, r * r, r) + 1.0f;
    uint32_t bits, exponent;
    memcpy(&bits, &power, 4);
    memcpy(&exponent, &shifted, 4);
    bits += exponent << 23;
    memcpy(&power, &bits, 4);
    return power;
}

static float error_function(float z) {
    float limited = z < -ERF_LIMIT ? -ERF_LIMIT : z > ERF_LIMIT ? ERF_LIMIT : z;
    float t = limited * limited;
    float p = ERF_P6;
    p = fmaf(p, t, ERF_P5);
    p = fmaf(p, t, ERF_P4);
    p = fmaf(p, t, ERF_P3);
    p = fmaf(p, t, ERF_P2);
    p = fmaf(p, t, ERF_P1);
    p = fmaf(p, t, ERF_P0);
    float q = ERF_Q4;
    q = fmaf(q, t, ERF_Q3);
    q = fmaf(q, t, ERF_Q2);
    q = fmaf(q, t, ERF_Q1);
    q = fmaf(q, t, 1.0f);
    return limited * p / q;
}

static float hyperbolic_tangent(float x) {
    float size = fabsf(x);
    if (size < TANH_SMALL) {
        float t = x * x;
        float r = TANH_R4;
        r = fmaf(r, t, TANH_R3);
        r = fmaf(r, t, TANH_R2);
        r = fmaf(r, t, TANH_R1);
        r = fmaf(r, t, TANH_R0);
        return fmaf(x * t, r, x);
    }
    return copysignf(1.0f - 2.0f / (exponential(size + size) + 1.0f), x);
}

static float activated(kernels_activation activation, float x) {
    switch (activation) {
        case kernels_gelu_tanh: {
            float cubic = fmaf(x * x, GELU_CUBIC, 1.0f) * x;
            return x / (1.0f + exponential(cubic * -GELU_2_SQRT_2_OVER_PI));
        }
        case kernels_gelu_erf: return (x * 0.5f) * (1.0f + error_function(x * GELU_SQRT_HALF));
        case kernels_relu: return x < 0.0f ? 0.0f : x;
        case kernels_silu: return x / (1.0f + exponential(-x));
        case kernels_tanh: return hyperbolic_tangent(x);
        default: return x;
    }
}

static void matmul(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate, const kernels_epilogue *epilogue) {
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

/// Lane l takes lane l + 8, l + 4, l + 2, l + 1 in turn.
static float sum_of_lanes(float *lanes) {
    for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
    }
    return lanes[0];
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

const kernels_table kernels_scalar = {"scalar", matmul, layer_norm, softmax, activate, widen_f16, widen_bf16};
