/// The inner loops, one table of them for each instruction set.
///
/// Every table computes the same bits: each kernel fixes the order of its floating-point operations, down to the
/// fused multiply-adds, and `scalar.c` states that order in plain loops. It is the oracle of the others and the
/// fallback where no other fits.
///
/// Two layouts recur:
///
/// - A *panel* holds 16 columns of a matrix with `depth` rows: `depth` runs of 16 floats. A matrix [depth, columns] is
///   packed as ceil(columns / 16) panels one after another; the last is padded with zeros.
/// - *Sixteen lanes*: a sum over a row adds element i to lane i mod 16, ascending, each lane from zero, as if the row
///   were padded with zeros to a multiple of 16; then lane l takes lane l + 8, l + 4, l + 2, l + 1 in turn.
#ifndef KERNELS_H
#define KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "Threads.h"

#define KERNELS_PANEL 16
/// Rows of a matrix that one chain of multiply-adds runs over before it is added to the total.
#define KERNELS_DEPTH_BLOCK 256

typedef enum {
    kernels_identity = 0,
    kernels_gelu_tanh = 1,  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), GPT-2's
    kernels_gelu_erf = 2,   // x Phi(x)
    kernels_relu = 3,
    kernels_silu = 4,  // x / (1 + exp(-x))
    kernels_tanh = 5,
} kernels_activation;

/// y = activation(x + bias) + residual, applied to each output element of a matmul once its sum is complete.
typedef struct {
    const float *bias;      // [columns] or null
    const float *residual;  // [rows, columns], rows `residual_stride` floats apart, or null
    ptrdiff_t residual_stride;
    kernels_activation activation;
} kernels_epilogue;

typedef struct {
    const char *name;

    /// c[rows, columns] = epilogue(a[rows, depth] x b). `b` is ceil(columns / 16) panels, `panel_stride` floats apart;
    /// rows of a and c are `a_stride` and `c_stride` floats apart. With p_k the ascending chain of fused multiply-adds
    /// from zero over the k-th 256 of the depth, an element is ((p_0 + p_1) + p_2) + ..., then the epilogue.
    /// With `accumulate`, the total starts from what c holds instead of p_0 alone: c = ((c + p_0) + p_1) + ...
    void (*matmul)(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate, const kernels_epilogue *epilogue);

    /// y[i] = (x[i] - mean) * rstd * gain[i] + bias[i] over one row, the last two steps fused;
    /// mean = sum / count, rstd = 1 / sqrt(sum((x - mean)^2) / count + epsilon), sums in sixteen lanes.
    /// Writes mean and rstd to statistics[0] and [1]. bias may be null. x and y may be the same row.
    void (*layer_norm)(size_t count, const float *x, const float *gain, const float *bias, float epsilon, float *y,
                       float *statistics);

    /// x[i] = exp(x[i] * scale - m) / sum over one row, m the largest x[i] * scale, the sum in sixteen lanes and
    /// applied as a product with its reciprocal.
    void (*softmax)(size_t count, float scale, float *x);

    /// y[i] = activation(x[i]); x and y may be the same.
    void (*activate)(size_t count, kernels_activation activation, const float *x, float *y);

    /// y[i] = x[i] as a float, x IEEE half precision or bfloat16.
    void (*widen_f16)(size_t count, const uint16_t *x, float *y);
    void (*widen_bf16)(size_t count, const uint16_t *x, float *y);
} kernels_table;

/// The table of one instruction set by name ("scalar", "avx2", "avx512", "neon"), or null where this processor
/// cannot run it or it was not compiled in.
const kernels_table *kernels_named(const char *name);

/// The best table this processor runs. GPT2_ISA=name in the environment asks for another; one that this processor
/// cannot run is not honoured. Decided once.
const kernels_table *kernels_best(void);

/// Packs rows [first, first + 16) of a row-major matrix [n, depth] (rows `stride` floats apart) as one panel; `valid`
/// of the 16 rows exist, the others become zeros. A panel of the transposed matrix, that is.
void kernels_pack_rows(size_t depth, size_t valid, const float *rows, ptrdiff_t stride, float *panel);

/// 1 if every element is finite.
int kernels_all_finite(size_t count, const float *x);

#endif
