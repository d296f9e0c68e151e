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

#include "Memory.h"
#include "Threads.h"

#define KERNELS_PANEL 16
/// Rows of a matrix that one chain of multiply-adds runs over before it is added to the total.
#define KERNELS_DEPTH_BLOCK 256

/// Quantised weights and activations share a scale among so many numbers.
#define KERNELS_QUANT_BLOCK 32
/// Bytes of one block of a quantised panel: 16 scales in half precision, one for each output; then, for each four of the
/// 32 inputs, 16 outputs of four numbers each. 8-bit numbers are signed bytes. 4-bit numbers are 0 to 15 and mean 8 less;
/// of two such runs of 64 bytes one takes the low halves of the bytes and the next the high halves.
#define KERNELS_Q8_BLOCK_BYTES (32 + 16 * 32)
#define KERNELS_Q4_BLOCK_BYTES (32 + 16 * 16)

/// So many numbers share a maximum.
#define KERNELS_MAXIMA_BLOCK 64

/// Chains of `multiply_adds`.
#define KERNELS_CHAINS (12 * 16)

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

/// Rows of activations as signed bytes with a scale for each 32: number b * rows + r of each array is block b of row r.
typedef struct {
    size_t rows;
    int8_t *values;    // 32 a block, the last filled up with zeros
    float *scales;     // what a byte counts
    int32_t *offsets;  // eight times the sum of the bytes
} kernels_quantized_rows;

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
    /// `next` may be null; else it is what takes b's place in the next call, in b's shape: the memory is asked for it meanwhile.
    void (*matmul)(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, const float *next, float *c, ptrdiff_t c_stride, int accumulate,
                   const kernels_epilogue *epilogue);

    /// ``matmul`` with weights in half precision, which are widened first: the same bits as with the floats that they are.
    /// `b` is ceil(columns / 16) panels of depth x 16 halves, `panel_stride` halves apart.
    void (*matmul_f16)(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const uint16_t *b,
                       ptrdiff_t panel_stride, const uint16_t *next, float *c, ptrdiff_t c_stride, int accumulate,
                       const kernels_epilogue *epilogue);

    /// ``matmul`` with signed bytes, likewise, and without an epilogue: `b` is ceil(columns / 16) panels of depth x 16 bytes.
    /// The memory is asked for the 256 bytes behind the panels of `next` too, where the scales of 64 keys or values may lie.
    void (*matmul_bytes)(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const int8_t *b,
                         ptrdiff_t panel_stride, const int8_t *next, float *c, ptrdiff_t c_stride, int accumulate);

    /// Rows as ``matmul_tiles`` reads them, in an order that is this table's own: rows * depth floats, of which element (r, k) is
    /// x[r * row_stride + k * depth_stride]. One of the strides is 1.
    void (*pack_tiles)(size_t rows, size_t depth, const float *x, ptrdiff_t row_stride, ptrdiff_t depth_stride, float *tiles);

    /// ``matmul`` of many rows that ``pack_tiles`` packed, over 256 of the depth at most: the same bits. `rows` and `depth`
    /// are those that were packed.
    void (*matmul_tiles)(size_t rows, size_t columns, size_t depth, const float *tiles, const float *b, ptrdiff_t panel_stride,
                         float *c, ptrdiff_t c_stride, int accumulate, const kernels_epilogue *epilogue);

    /// ``matmul_tiles`` with weights in half precision, as ``matmul_f16`` has them.
    void (*matmul_tiles_f16)(size_t rows, size_t columns, size_t depth, const float *tiles, const uint16_t *b,
                             ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate,
                             const kernels_epilogue *epilogue);

    /// y[i] = (x[i] - mean) * rstd * gain[i] + bias[i] over one row, the last two steps fused;
    /// mean = sum / count, rstd = 1 / sqrt(sum((x - mean)^2) / count + epsilon), sums in sixteen lanes.
    /// Writes mean and rstd to statistics[0] and [1]. bias may be null. x and y may be the same row.
    void (*layer_norm)(size_t count, const float *x, const float *gain, const float *bias, float epsilon, float *y,
                       float *statistics);

    /// x[i] = exp(x[i] * scale - m) / sum over one row, m the largest x[i] * scale, the sum in sixteen lanes and
    /// applied as a product with its reciprocal.
    void (*softmax)(size_t count, float scale, float *x);

    /// maxima[b] = the largest of block b of 64 as far as the row goes, + 0 if it is zero; what is not a number is
    /// passed over. Returns the largest of all, -infinity of none, NaN if one is not a number.
    float (*block_maxima)(size_t count, const float *x, float *maxima);

    /// y[i] = activation(x[i]); x and y may be the same.
    void (*activate)(size_t count, kernels_activation activation, const float *x, float *y);

    /// z[i] = x[i] * y[i]; z may be x or y.
    void (*multiply)(size_t count, const float *x, const float *y, float *z);

    /// y[i] = x[i] as a float, x IEEE half precision or bfloat16.
    void (*widen_f16)(size_t count, const uint16_t *x, float *y);
    void (*widen_bf16)(size_t count, const uint16_t *x, float *y);

    /// Row `row` of `y` from `depth` floats. In each 32 the largest size m that is a number gives the scale m / 127, and a
    /// byte is x * (127 / m) to nearest even. A NaN makes the scale NaN.
    void (*quantize_row)(size_t depth, const float *x, size_t row, const kernels_quantized_rows *y);

    /// One block of a quantised panel from 32 x 16 floats, number k of output j at x[k * 16 + j]: the scale, of 20 (for
    /// 8 bits: 6) around that of the largest number, whose sum of squared errors is least.
    void (*pack_q8)(const float *x, uint8_t *block);
    void (*pack_q4)(const float *x, uint8_t *block);

    /// c[rows, columns] = epilogue(a x b), b being ceil(columns / 16) panels of `blocks` blocks each. An element is the
    /// ascending chain of fused multiply-adds over the blocks, from zero: s_k * (a's scale * b's scale), s_k the exact sum
    /// of the products of block k's numbers.
    void (*matmul_q8)(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue);
    void (*matmul_q4)(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue);

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

    /// x[i] = fma(0.999, 0.001, x[i]) for i < KERNELS_CHAINS, `rounds` times: multiply-adds with nothing to wait for, as many as
    /// the processor can make.
    void (*multiply_adds)(size_t rounds, float *x);
} kernels_table;

/// The table of one instruction set by name ("scalar", "avx2", "avx2streams", "avx512", "avx512vnni", "avx512amx", "neon",
/// "neon-dotprod"), or null where this processor cannot run it, the system does not let us, or it was not compiled in. To ask
/// for "avx512amx" asks Linux for the larger registers on the whole process's behalf.
const kernels_table *kernels_named(const char *name);

/// The best table this processor runs. GPT2_ISA=name in the environment asks for another; one that this processor
/// cannot run is not honoured. Decided once.
const kernels_table *kernels_best(void);

/// 1 if every element is finite.
int kernels_all_finite(size_t count, const float *x);

/// Bytes that stand for `count` floats: x[i] is near y[i] times what is returned, a scale of 16 significant bits that makes the
/// largest size 127, so that bytes * scale are exact floats and give these bytes and this scale again. All are 0 where no size
/// is above 2^-100; where one is no finite number the scale is NaN.
float kernels_bytes(size_t count, const float *x, int8_t *y);

/// The 32 numbers of one output from a block of a quantised panel.
void kernels_unpack_q8(const uint8_t *block, size_t output, float *x);
void kernels_unpack_q4(const uint8_t *block, size_t output, float *x);

/// A block of weights that is quantised for the inputs that it will meet, given as the upper triangular factor R of their
/// second moments, R R^T = X^T X.
typedef struct {
    size_t depth;            // inputs, 32 at most
    const float *weights;    // [depth, 16]
    const float *carried;    // [depth, 16]: for each input k the sum of error i * R[i, k] over the inputs of earlier blocks
    const float *factor;     // R from the block's first row and column on, its diagonal above 0
    ptrdiff_t factor_stride;
    float *errors;           // [depth, 16]: becomes the weights less what stands for them
} kernels_calibration;

/// One block of a quantised panel. The target of input k is its weight and 1 / R[k, k] of the sum of error i * R[i, k] over
/// all earlier inputs i, which cancels what their errors do to the outputs. Scales are chosen as pack_*'s, for the targets
/// that there would be if each input of the block hit its own, squared errors counted R[k, k]^2 times; then numbers one
/// input after another.
void kernels_calibrate_q8(const kernels_calibration *block, uint8_t *packed);
void kernels_calibrate_q4(const kernels_calibration *block, uint8_t *packed);

#endif
