/// The constants of the elementary functions, shared by every table so that all compute the same bits.
///
/// exp, after Cephes: x = n ln 2 + r with n rounded to nearest by adding 1.5 * 2^23, e^r = 1 + r + r^2 q(r) with q the
/// Chebyshev fit of degree 4 on |r| <= ln 2 / 2 (relative error 6e-8), times 2^n by adding to the exponent.
/// erf: z p(z^2) / q(z^2) on |z| <= 4, a weighted least-squares fit (relative error 6.5e-8 before rounding).
/// tanh: x + x t r(t), t = x^2, below 0.625; 1 - 2 / (exp(2 |x|) + 1) above.
#ifndef KERNELS_FUNCTIONS_H
#define KERNELS_FUNCTIONS_H

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

#endif
