/// AVX2 with FMA and F16C; for processors that foresee several streams where avx2streams.c includes this file.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "functions.h"
#include "tables.h"
#include "vector/target.h"

BEGIN_TARGET("avx2,fma,f16c")

typedef __m256 V;
#define LANES 8
#define TILE_ROWS 6
#define PACKED_ROWS 6
#if defined(WITH_STREAMS)  // measured in docs/decisions/0014-who-asks-ahead.md
#define FAR_PANELS 4
#define PREFETCH_LINES 0
#define Q_STREAMS 3
#define FEW_ROWS_ASK 1
#else
#define FAR_PANELS 2
#define PREFETCH_LINES 8
#define Q_STREAMS 1
#define FEW_ROWS_ASK 0
#endif
#define WIDE_PANELS 1
#define NEAR_LEVEL 3

static const int32_t mask_source[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

static ALWAYS_INLINE __m256i first_lanes(size_t n) { return _mm256_loadu_si256((const __m256i *)(mask_source + 8 - n)); }

static ALWAYS_INLINE V v_zero(void) { return _mm256_setzero_ps(); }
static ALWAYS_INLINE V v_set1(float x) { return _mm256_set1_ps(x); }
static ALWAYS_INLINE V v_load(const float *x) { return _mm256_loadu_ps(x); }
static ALWAYS_INLINE V v_load_n(const float *x, size_t n) { return _mm256_maskload_ps(x, first_lanes(n)); }
static ALWAYS_INLINE void v_store(float *x, V v) { _mm256_storeu_ps(x, v); }
static ALWAYS_INLINE void v_store_n(float *x, V v, size_t n) { _mm256_maskstore_ps(x, first_lanes(n), v); }
static ALWAYS_INLINE V v_first(V v, size_t n) { return _mm256_and_ps(v, _mm256_castsi256_ps(first_lanes(n))); }
static ALWAYS_INLINE V v_add(V a, V b) { return _mm256_add_ps(a, b); }
static ALWAYS_INLINE V v_sub(V a, V b) { return _mm256_sub_ps(a, b); }
static ALWAYS_INLINE V v_mul(V a, V b) { return _mm256_mul_ps(a, b); }
static ALWAYS_INLINE V v_div(V a, V b) { return _mm256_div_ps(a, b); }
static ALWAYS_INLINE V v_sqrt(V a) { return _mm256_sqrt_ps(a); }
static ALWAYS_INLINE V v_fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
static ALWAYS_INLINE V v_min(V a, V b) { return _mm256_min_ps(a, b); }
static ALWAYS_INLINE V v_max(V a, V b) { return _mm256_max_ps(a, b); }
static ALWAYS_INLINE V v_round(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
static ALWAYS_INLINE V v_abs(V a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static ALWAYS_INLINE V v_negate(V a) { return _mm256_xor_ps(_mm256_set1_ps(-0.0f), a); }
static ALWAYS_INLINE V v_copysign(V size, V sign) {
    return _mm256_or_ps(v_abs(size), _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}
static ALWAYS_INLINE V v_select_less(V a, V b, V yes, V no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static ALWAYS_INLINE V v_keep_nan(V x, V other) { return _mm256_blendv_ps(other, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q)); }
static ALWAYS_INLINE V v_scale_by_power(V v, V shifted) {
    __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(v), exponent));
}

/// y[j * stride + 0 ..< 4] = a[j], b[j], c[j], d[j].
static ALWAYS_INLINE void v_store_columns(float *y, ptrdiff_t stride, V a, V b, V c, V d) {
    __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(a, b)), ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(c, d)), cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    const V columns[4] = {  // j and j + 4
        _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)),
        _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)), _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high))};
    UNROLL for (ptrdiff_t j = 0; j < 4; j++) {
        _mm_storeu_ps(y + j * stride, _mm256_castps256_ps128(columns[j]));
        _mm_storeu_ps(y + (j + 4) * stride, _mm256_extractf128_ps(columns[j], 1));
    }
}

typedef __m256d D;
static ALWAYS_INLINE D d_zero(void) { return _mm256_setzero_pd(); }
static ALWAYS_INLINE D d_widen(const float *x) { return _mm256_cvtps_pd(_mm_loadu_ps(x)); }
static ALWAYS_INLINE D d_fma(D a, D b, D c) { return _mm256_fmadd_pd(a, b, c); }
static ALWAYS_INLINE void d_store(double *x, D v) { _mm256_storeu_pd(x, v); }

typedef __m256i W;
static ALWAYS_INLINE W w_set1(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
static ALWAYS_INLINE W w_load(const uint64_t *x) { return _mm256_loadu_si256((const __m256i *)x); }
static ALWAYS_INLINE W w_add(W a, W b) { return _mm256_add_epi64(a, b); }
static ALWAYS_INLINE W w_xor(W a, W b) { return _mm256_xor_si256(a, b); }
static ALWAYS_INLINE W w_multiply(W a, W b) { return _mm256_mul_epu32(a, b); }
static ALWAYS_INLINE W w_high(W a) { return _mm256_srli_epi64(a, 32); }
static ALWAYS_INLINE W w_pair(W low, W high) { return _mm256_blend_epi32(low, _mm256_slli_epi64(high, 32), 0xaa); }
static ALWAYS_INLINE W w_even_lanes(W a, W b) { return _mm256_unpacklo_epi64(a, b); }
static ALWAYS_INLINE W w_odd_lanes(W a, W b) { return _mm256_unpackhi_epi64(a, b); }
static ALWAYS_INLINE V v_where_reached(W words, uint32_t threshold, V v) {
    __m256i larger = _mm256_max_epu32(words, _mm256_set1_epi32((int)threshold));
    return _mm256_and_ps(v, _mm256_castsi256_ps(_mm256_cmpeq_epi32(words, larger)));
}

static ALWAYS_INLINE V v_widen(const uint16_t *x) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x)); }

static ALWAYS_INLINE V v_widen_bytes(const int8_t *x) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)x)));
}

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) v_store(y + i, v_widen(x + i));
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
    for (; i + 8 <= count; i += 8) {
        __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(x + i)));
        v_store(y + i, _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16)));
    }
    if (i < count) kernels_scalar.widen_bf16(count - i, x + i, y + i);
}

static void narrow_f16(size_t count, const float *x, uint16_t *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    if (i < count) kernels_scalar.narrow_f16(count - i, x + i, y + i);
}

#include "vector/quantize_row_x86.h"
#include "vector/quantized_x86.h"
#include "vector/quantized.h"
#include "vector/packing.h"

END_TARGET

#if defined(WITH_STREAMS)
const kernels_table kernels_avx2streams = KERNELS_TABLE("avx2streams");
#else
const kernels_table kernels_avx2 = KERNELS_TABLE("avx2");
#endif
#endif
