/// NEON on 64-bit ARM, where every processor has it; with products of bytes where neon_dotprod.c includes this file.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "functions.h"
#include "tables.h"
#include "vector/target.h"

#if defined(WITH_DOTPROD) && defined(__clang__)
BEGIN_TARGET("dotprod")
#elif defined(WITH_DOTPROD)
BEGIN_TARGET("arch=armv8.2-a+dotprod")
#endif

typedef float32x4_t V;
#define LANES 4
#define TILE_ROWS 6
#define PACKED_ROWS 6
#define FAR_PANELS 4
#define WIDE_PANELS 1
#define PREFETCH_LINES 24
#define Q_STREAMS 1
#define FEW_ROWS_ASK 0
#define NEAR_LEVEL 3

static ALWAYS_INLINE V v_zero(void) { return vdupq_n_f32(0.0f); }
static ALWAYS_INLINE V v_set1(float x) { return vdupq_n_f32(x); }
static ALWAYS_INLINE V v_load(const float *x) { return vld1q_f32(x); }
static ALWAYS_INLINE void v_store(float *x, V v) { vst1q_f32(x, v); }
static ALWAYS_INLINE V v_load_n(const float *x, size_t n) {
    float lanes[4] = {0};
    for (size_t l = 0; l < n && l < 4; l++) lanes[l] = x[l];
    return vld1q_f32(lanes);
}
static ALWAYS_INLINE void v_store_n(float *x, V v, size_t n) {
    float lanes[4];
    vst1q_f32(lanes, v);
    for (size_t l = 0; l < n && l < 4; l++) x[l] = lanes[l];
}
static ALWAYS_INLINE V v_first(V v, size_t n) {
    static const uint32_t mask_source[8] = {~0u, ~0u, ~0u, ~0u, 0, 0, 0, 0};
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vld1q_u32(mask_source + 4 - n)));
}
static ALWAYS_INLINE V v_add(V a, V b) { return vaddq_f32(a, b); }
static ALWAYS_INLINE V v_sub(V a, V b) { return vsubq_f32(a, b); }
static ALWAYS_INLINE V v_mul(V a, V b) { return vmulq_f32(a, b); }
static ALWAYS_INLINE V v_div(V a, V b) { return vdivq_f32(a, b); }
static ALWAYS_INLINE V v_sqrt(V a) { return vsqrtq_f32(a); }
static ALWAYS_INLINE V v_fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
static ALWAYS_INLINE V v_min(V a, V b) { return vminnmq_f32(a, b); }
static ALWAYS_INLINE V v_max(V a, V b) { return vmaxnmq_f32(a, b); }
static ALWAYS_INLINE V v_round(V a) { return vrndnq_f32(a); }
static ALWAYS_INLINE V v_abs(V a) { return vabsq_f32(a); }
static ALWAYS_INLINE V v_negate(V a) { return vnegq_f32(a); }
static ALWAYS_INLINE V v_copysign(V size, V sign) { return vbslq_f32(vdupq_n_u32(0x80000000), sign, size); }
static ALWAYS_INLINE V v_select_less(V a, V b, V yes, V no) { return vbslq_f32(vcltq_f32(a, b), yes, no); }
static ALWAYS_INLINE V v_keep_nan(V x, V other) { return vbslq_f32(vceqq_f32(x, x), other, x); }
static ALWAYS_INLINE V v_scale_by_power(V v, V shifted) {
    uint32x4_t exponent = vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23);
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(v), exponent));
}

/// y[j * stride + 0 ..< 4] = a[j], b[j], c[j], d[j].
static ALWAYS_INLINE void v_store_columns(float *y, ptrdiff_t stride, V a, V b, V c, V d) {
    float64x2_t ab_low = vreinterpretq_f64_f32(vzip1q_f32(a, b)), ab_high = vreinterpretq_f64_f32(vzip2q_f32(a, b));
    float64x2_t cd_low = vreinterpretq_f64_f32(vzip1q_f32(c, d)), cd_high = vreinterpretq_f64_f32(vzip2q_f32(c, d));
    vst1q_f32(y, vreinterpretq_f32_f64(vzip1q_f64(ab_low, cd_low)));
    vst1q_f32(y + stride, vreinterpretq_f32_f64(vzip2q_f64(ab_low, cd_low)));
    vst1q_f32(y + 2 * stride, vreinterpretq_f32_f64(vzip1q_f64(ab_high, cd_high)));
    vst1q_f32(y + 3 * stride, vreinterpretq_f32_f64(vzip2q_f64(ab_high, cd_high)));
}

typedef float64x2_t D;
static ALWAYS_INLINE D d_zero(void) { return vdupq_n_f64(0.0); }
static ALWAYS_INLINE D d_widen(const float *x) { return vcvt_f64_f32(vld1_f32(x)); }
static ALWAYS_INLINE D d_fma(D a, D b, D c) { return vfmaq_f64(c, a, b); }
static ALWAYS_INLINE void d_store(double *x, D v) { vst1q_f64(x, v); }

typedef uint64x2_t W;
static ALWAYS_INLINE W w_set1(uint64_t x) { return vdupq_n_u64(x); }
static ALWAYS_INLINE W w_load(const uint64_t *x) { return vld1q_u64(x); }
static ALWAYS_INLINE W w_add(W a, W b) { return vaddq_u64(a, b); }
static ALWAYS_INLINE W w_xor(W a, W b) { return veorq_u64(a, b); }
static ALWAYS_INLINE W w_multiply(W a, W b) { return vmull_u32(vmovn_u64(a), vmovn_u64(b)); }
static ALWAYS_INLINE W w_high(W a) { return vshrq_n_u64(a, 32); }
static ALWAYS_INLINE W w_pair(W low, W high) { return vsliq_n_u64(low, high, 32); }
static ALWAYS_INLINE W w_even_lanes(W a, W b) { return vzip1q_u64(a, b); }
static ALWAYS_INLINE W w_odd_lanes(W a, W b) { return vzip2q_u64(a, b); }
static ALWAYS_INLINE V v_where_reached(W words, uint32_t threshold, V v) {
    uint32x4_t reached = vcgeq_u32(vreinterpretq_u32_u64(words), vdupq_n_u32(threshold));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), reached));
}

static ALWAYS_INLINE V v_widen(const uint16_t *x) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x))); }

static ALWAYS_INLINE V v_widen_bytes(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
}

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) v_store(y + i, v_widen(x + i));
    if (i < count) kernels_scalar.widen_f16(count - i, x + i, y + i);
}

#include "vector/functions.h"
#include "vector/matmul.h"
#include "vector/rows.h"
#include "vector/layout.h"
#include "vector/tiles.h"
#include "vector/training.h"
#include "vector/dropout.h"

static void widen_bf16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) v_store(y + i, vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(x + i)), 16)));
    if (i < count) kernels_scalar.widen_bf16(count - i, x + i, y + i);
}

static void narrow_f16(size_t count, const float *x, uint16_t *y) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) vst1_u16(y + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(x + i))));
    if (i < count) kernels_scalar.narrow_f16(count - i, x + i, y + i);
}

typedef int8x16_t QI;
typedef float32x4_t QF;
#define Q_LANES 4
#define Q_TILE_ROWS 2

static ALWAYS_INLINE QF q_zero(void) { return vdupq_n_f32(0.0f); }
static ALWAYS_INLINE QF q_load(const float *x) { return vld1q_f32(x); }
static ALWAYS_INLINE void q_store(float *x, QF v) { vst1q_f32(x, v); }
static ALWAYS_INLINE QF q_scales(const uint8_t *block, size_t half) {
    uint16_t halves[4];
    memcpy(halves, block + 8 * half, sizeof halves);
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}
static ALWAYS_INLINE QF q_fma(QI sum, float scale, QF scales, QF total) {
    return vfmaq_f32(total, vcvtq_f32_s32(vreinterpretq_s32_s8(sum)), vmulq_f32(vdupq_n_f32(scale), scales));
}

static ALWAYS_INLINE void q_open(const int bits, const uint8_t *numbers, size_t step, size_t half, QI weights[2]) {
    if (bits == 8) {
        UNROLL for (size_t i = 0; i < 2; i++)
            weights[i] = vreinterpretq_s8_u8(vld1q_u8(numbers + 64 * (step + i) + 16 * half));
        return;
    }
    uint8x16_t pair = vld1q_u8(numbers + 32 * step + 16 * half);
    weights[0] = vreinterpretq_s8_u8(vandq_u8(pair, vdupq_n_u8(15)));
    weights[1] = vreinterpretq_s8_u8(vshrq_n_u8(pair, 4));
}

static ALWAYS_INLINE QI q_four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

#if defined(WITH_DOTPROD)
static ALWAYS_INLINE QI q_first(const int bits, QI weights, QI x) {
    (void)bits;  // the same for both
    return vreinterpretq_s8_s32(vdotq_s32(vdupq_n_s32(0), weights, x));
}
static ALWAYS_INLINE QI q_add(const int bits, QI dots, QI weights, QI x) {
    (void)bits;
    return vreinterpretq_s8_s32(vdotq_s32(vreinterpretq_s32_s8(dots), weights, x));
}
#else
static ALWAYS_INLINE QI q_first(const int bits, QI weights, QI x) {
    (void)bits;  // the same for both
    // Products of outputs 0 and 1, of 2 and 3; each pair of them, then pairs of pairs.
    int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(weights), vget_low_s8(x)));
    int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(weights), vget_high_s8(x)));
    return vreinterpretq_s8_s32(vpaddq_s32(low, high));
}
static ALWAYS_INLINE QI q_add(const int bits, QI dots, QI weights, QI x) {
    return vreinterpretq_s8_s32(vaddq_s32(vreinterpretq_s32_s8(dots), vreinterpretq_s32_s8(q_first(bits, weights, x))));
}
#endif
static ALWAYS_INLINE QI q_sum(const int bits, QI dots, int32_t offset) {
    return bits == 8 ? dots : vreinterpretq_s8_s32(vsubq_s32(vreinterpretq_s32_s8(dots), vdupq_n_s32(offset)));
}

static void quantize_row(size_t depth, const float *x, size_t row, const kernels_quantized_rows *y) {
    kernels_scalar.quantize_row(depth, x, row, y);
}

#include "vector/quantized.h"
#include "vector/packing.h"

#if defined(WITH_DOTPROD)
END_TARGET

const kernels_table kernels_neon_dotprod = KERNELS_TABLE("neon-dotprod");
#else
const kernels_table kernels_neon = KERNELS_TABLE("neon");
#endif
#endif
