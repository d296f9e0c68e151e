/// The constants of the elementary functions, shared by every table so that all compute the same bits.
///
/// exp, after Cephes: x = n ln 2 + r with n rounded to nearest by adding 1.5 * 2^23, e^r = 1 + r + r^2 q(r) with q the
/// Chebyshev fit of degree 4 on |r| <= ln 2 / 2 (relative error 6e-8), times 2^n by adding to the exponent.
/// erf: z p(z^2) / q(z^2) on |z| <= 4, a weighted least-squares fit (relative error 6.5e-8 before rounding).
/// tanh: x + x t r(t), t = x^2, below 0.625; 1 - 2 / (exp(2 |x|) + 1) above.
/// log, after Cephes: x = 2^n (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2); log(1 + f) = f - f^2 / 2 + f^3 l(f).
#ifndef KERNELS_FUNCTIONS_H
#define KERNELS_FUNCTIONS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/// Activations of no larger size become zeros: 127 divided by it must be finite.
#define QUANT_SMALLEST 0x1p-100f

#define EXP_LOWEST -87.0f  // below this the result is exactly 0
#define EXP_HIGHEST 88.0f  // above this the result is infinite
#define EXP_LOG2E 1.44269504f
#define EXP_MAGIC 12582912.0f
#define EXP_LN2_HIGH 0.693359375f
#define EXP_LN2_LOW -2.12194440e-4f
#define EXP_Q4 0x1.6d10fcp-10f
#define EXP_Q3 0x1.120b62p-7f
#define EXP_Q2 0x1.55551ap-5f
#define EXP_Q1 0x1.5554dep-3f
#define EXP_Q0 0.5f

#define ERF_LIMIT 4.0f
#define ERF_P6 1.911069e-08f
#define ERF_P5 -1.9422148e-06f
#define ERF_P4 0.00014726946f
#define ERF_P3 0.003989946f
#define ERF_P2 0.05152299f
#define ERF_P1 0.20711121f
#define ERF_P0 1.1283791f
#define ERF_Q4 0.0010209538f
#define ERF_Q3 0.014956836f
#define ERF_Q2 0.11796491f
#define ERF_Q1 0.5168788f

#define TANH_SMALL 0.625f
#define TANH_R4 -0.006096714f
#define TANH_R3 0.02099718f
#define TANH_R2 -0.053850908f
#define TANH_R1 0.1333277f
#define TANH_R0 -0.33333328f

#define GELU_2_SQRT_2_OVER_PI 1.59576912f  // 2 sqrt(2 / pi)
#define GELU_CUBIC 0.044715f
#define GELU_SQRT_HALF 0.70710678f
#define GELU_SLOPE_SQUARE 0.21406445f  // 3 * 0.044715 * 2 sqrt(2 / pi)
#define GELU_LIMIT 16.0f               // beyond it the derivative is exactly 0 or 1, both forms
#define SILU_LIMIT 128.0f              // the same
#define NORMAL_DENSITY 0.39894228f     // 1 / sqrt(2 pi)

#define LOG_SQRT_2 1.41421356f
#define LOG_L8 7.0376836292e-2f
#define LOG_L7 -1.1514610310e-1f
#define LOG_L6 1.1676998740e-1f
#define LOG_L5 -1.2420140846e-1f
#define LOG_L4 1.4249322787e-1f
#define LOG_L3 -1.6668057665e-1f
#define LOG_L2 2.0000714765e-1f
#define LOG_L1 -2.4999993993e-1f
#define LOG_L0 3.3333331174e-1f

// Philox4x32, the paper's.
#define PHILOX_MULTIPLIER_0 0xd2511f53u
#define PHILOX_MULTIPLIER_1 0xcd9e8d57u
#define PHILOX_WEYL_0 0x9e3779b9u
#define PHILOX_WEYL_1 0xbb67ae85u

/// log of a normal number above 0, of infinity or of NaN. One call a row needs no vector form.
static inline float logarithm(float x) {
    if (!(x < INFINITY)) return x;
    uint32_t bits;
    memcpy(&bits, &x, 4);
    int n = (int)(bits >> 23) - 127;
    bits = (bits & 0x7fffff) | 0x3f800000;
    float f;
    memcpy(&f, &bits, 4);
    if (f > LOG_SQRT_2) {
        f *= 0.5f;
        n++;
    }
    f -= 1.0f;
    float l = LOG_L8;
    l = fmaf(l, f, LOG_L7);
    l = fmaf(l, f, LOG_L6);
    l = fmaf(l, f, LOG_L5);
    l = fmaf(l, f, LOG_L4);
    l = fmaf(l, f, LOG_L3);
    l = fmaf(l, f, LOG_L2);
    l = fmaf(l, f, LOG_L1);
    l = fmaf(l, f, LOG_L0);
    float square = f * f;
    l = fmaf(l, f * square, (float)n * EXP_LN2_LOW);
    l = fmaf(square, -0.5f, l);
    return fmaf((float)n, EXP_LN2_HIGH, f + l);
}

/// As for floats: lane l takes lane l + 8, l + 4, l + 2, l + 1 in turn.
static inline double sum_of_double_lanes(double *lanes) {
    for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
    }
    return lanes[0];
}

#endif
