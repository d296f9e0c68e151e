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

/// The factors of one AdamW step, the same for every element.
typedef struct {
    float gradient_scale;    // from clipping, and from the mean over the batch
    float beta1_complement;  // 1 - beta1
    float beta2;
    float beta2_complement;  // 1 - beta2
    float keep;              // 1 - rate * decay
    float step_size;         // rate / (1 - beta1^t)
    float root_factor;       // 1 / sqrt(1 - beta2^t)
    float epsilon;
} kernels_adamw;

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

    /// y[i] = x[i] in IEEE half precision: the nearest, of two as near the even one; infinite from 65520 on.
    void (*narrow_f16)(size_t count, const float *x, uint16_t *y);

    /// dx[i] = dy[i] * f'(x[i]), x what the activation f was applied to. dx may be dy or x.
    void (*activate_backward)(size_t count, kernels_activation activation, const float *x, const float *dy, float *dx);

    /// Layer norm's backward pass for one row, `statistics` what the forward pass wrote. With h = (x - mean) * rstd and
    /// g = dy * gain: dx[i] = rstd * ((g[i] - sum(g) / count) - h[i] * (sum(g h) / count)), sums in sixteen lanes.
    /// dx may be dy.
    void (*layer_norm_backward)(size_t count, const float *x, const float *statistics, const float *gain, const float *dy,
                                float *dx);

    /// One row's share of the gradients of gain and bias: dgain[i] += dy[i] * h[i], fused, and dbias[i] += dy[i].
    /// dbias may be null.
    void (*layer_norm_parameters)(size_t count, const float *x, const float *statistics, const float *dy, float *dgain,
                                  float *dbias);

    /// Softmax's backward pass for one row, y what softmax gave: dy[i] = y[i] * (dy[i] - sum(y dy)) * scale, the sum in
    /// sixteen lanes of fused multiply-adds.
    void (*softmax_backward)(size_t count, float scale, const float *y, float *dy);

    /// y[i] += x[i] * scale, the product rounded before it is added.
    void (*add_scaled)(size_t count, float scale, const float *x, float *y);

    /// The cross-entropy of one row of logits, log(sum(exp(x))) - x[target], the largest taken off first and the sum in
    /// sixteen lanes. Unless `weight` is null, x becomes the gradient: (softmax(x)[i] - (i == target)) * *weight.
    /// target < count.
    float (*cross_entropy)(size_t count, size_t target, const float *weight, float *x);

    /// The sum of x[i]^2 in sixteen lanes of double precision.
    double (*sum_of_squares)(size_t count, const float *x);

    /// One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101) with the arithmetic of torch.optim.AdamW:
    /// g = gradient * gradient_scale; m += (g - m) * (1 - beta1); v = beta2 * v + (1 - beta2) * g * g;
    /// p = p * keep - step_size * m / (sqrt(v) * root_factor + epsilon).
    void (*adamw)(size_t count, const kernels_adamw *step, const float *gradient, float *parameters, float *m, float *v);

    /// Dropout (Srivastava et al. 2014): y[i] = x[i] * scale where the random word at position + i is at least
    /// `threshold`, else 0. The word at p is word p % 4 of the Philox4x32-10 block whose key is the seed and whose
    /// counter is p / 4, then the stream, 64 bits each. x and y may be the same.
    void (*dropout)(size_t count, uint64_t seed, uint64_t stream, uint64_t position, uint32_t threshold, float scale,
                    const float *x, float *y);

    /// y[j, i] = x[i, j]; rows of x and y are `x_stride` and `y_stride` floats apart.
    void (*transpose)(size_t rows, size_t columns, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride);

    /// One panel of a row-major matrix: panel[k * 16 + j] = x[k * x_stride + j] for j < valid, else 0.
    void (*pack_columns)(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel);

    /// One panel of the transposed matrix: panel[k * 16 + j] = x[j * x_stride + k] for j < valid, else 0.
    void (*pack_rows)(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel);
} kernels_table;

/// The table of one instruction set by name ("scalar", "avx2", "avx512", "neon"), or null where this processor
/// cannot run it or it was not compiled in.
const kernels_table *kernels_named(const char *name);

/// The best table this processor runs. GPT2_ISA=name in the environment asks for another; one that this processor
/// cannot run is not honoured. Decided once.
const kernels_table *kernels_best(void);

/// 1 if every element is finite.
int kernels_all_finite(size_t count, const float *x);

#endif
