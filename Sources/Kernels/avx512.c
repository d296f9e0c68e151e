/// AVX-512: the foundation subset; with VNNI where avx512vnni.c includes this file, and with AMX where avx512amx.c does.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "functions.h"
#include "tables.h"
#include "vector/target.h"

#if defined(WITH_AMX)
BEGIN_TARGET("amx-tile,amx-int8,avx512f,avx512bw,avx512vnni,avx2,fma,f16c")
#elif defined(WITH_VNNI)
BEGIN_TARGET("avx512f,avx512bw,avx512vnni,avx2,fma,f16c")
#else
BEGIN_TARGET("avx512f,avx2,fma,f16c")
#endif

typedef __m512 V;
#define LANES 16
#define TILE_ROWS 12
#define PACKED_ROWS 24
#define FAR_PANELS 4
#define WIDE_PANELS 2
#define PREFETCH_LINES 0  // these processors foresee the streams, and what we ask for takes the place of their own
#define Q_STREAMS 1
#if defined(WITH_AMX)
#define FEW_ROWS_ASK 1  // with two rows or more, Intel's do not see far enough; measured where they have AMX
#else
#define FEW_ROWS_ASK 0
#endif
#define NEAR_LEVEL 2  // the second cache: the first serves few misses at once

static ALWAYS_INLINE __mmask16 first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }
static ALWAYS_INLINE __m512i bits(__m512 v) { return _mm512_castps_si512(v); }

static ALWAYS_INLINE V v_zero(void) { return _mm512_setzero_ps(); }
static ALWAYS_INLINE V v_set1(float x) { return _mm512_set1_ps(x); }
static ALWAYS_INLINE V v_load(const float *x) { return _mm512_loadu_ps(x); }
static ALWAYS_INLINE V v_load_n(const float *x, size_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), x); }
static ALWAYS_INLINE void v_store(float *x, V v) { _mm512_storeu_ps(x, v); }
static ALWAYS_INLINE void v_store_n(float *x, V v, size_t n) { _mm512_mask_storeu_ps(x, first_lanes(n), v); }
static ALWAYS_INLINE V v_first(V v, size_t n) { return _mm512_maskz_mov_ps(first_lanes(n), v); }
static ALWAYS_INLINE V v_add(V a, V b) { return _mm512_add_ps(a, b); }
static ALWAYS_INLINE V v_sub(V a, V b) { return _mm512_sub_ps(a, b); }
static ALWAYS_INLINE V v_mul(V a, V b) { return _mm512_mul_ps(a, b); }
static ALWAYS_INLINE V v_div(V a, V b) { return _mm512_div_ps(a, b); }
static ALWAYS_INLINE V v_sqrt(V a) { return _mm512_sqrt_ps(a); }
static ALWAYS_INLINE V v_fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
static ALWAYS_INLINE V v_min(V a, V b) { return _mm512_min_ps(a, b); }
static ALWAYS_INLINE V v_max(V a, V b) { return _mm512_max_ps(a, b); }
static ALWAYS_INLINE V v_round(V a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static ALWAYS_INLINE V v_abs(V a) { return _mm512_castsi512_ps(_mm512_and_epi32(bits(a), _mm512_set1_epi32(0x7fffffff))); }
static ALWAYS_INLINE V v_negate(V a) {
    return _mm512_castsi512_ps(_mm512_xor_epi32(bits(a), _mm512_set1_epi32(INT32_MIN)));
}
static ALWAYS_INLINE V v_copysign(V size, V sign) {
    __m512i sign_bit = _mm512_and_epi32(bits(sign), _mm512_set1_epi32(INT32_MIN));
    return _mm512_castsi512_ps(_mm512_or_epi32(bits(v_abs(size)), sign_bit));
}
static ALWAYS_INLINE V v_select_less(V a, V b, V yes, V no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
static ALWAYS_INLINE V v_keep_nan(V x, V other) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), other, x);
}
static ALWAYS_INLINE V v_scale_by_power(V v, V shifted) {
    return _mm512_castsi512_ps(_mm512_add_epi32(bits(v), _mm512_slli_epi32(bits(shifted), 23)));
}

/// y[j * stride + 0 ..< 4] = a[j], b[j], c[j], d[j].
static ALWAYS_INLINE void v_store_columns(float *y, ptrdiff_t stride, V a, V b, V c, V d) {
    __m512d ab_low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b)), ab_high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    __m512d cd_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d)), cd_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    const V columns[4] = {  // j, j + 4, j + 8 and j + 12
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_low, cd_low)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab_low, cd_low)),
        _mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high))};
    UNROLL for (ptrdiff_t j = 0; j < 4; j++) {
        _mm_storeu_ps(y + j * stride, _mm512_castps512_ps128(columns[j]));
        _mm_storeu_ps(y + (j + 4) * stride, _mm512_extractf32x4_ps(columns[j], 1));
        _mm_storeu_ps(y + (j + 8) * stride, _mm512_extractf32x4_ps(columns[j], 2));
        _mm_storeu_ps(y + (j + 12) * stride, _mm512_extractf32x4_ps(columns[j], 3));
    }
}

typedef __m512d D;
static ALWAYS_INLINE D d_zero(void) { return _mm512_setzero_pd(); }
static ALWAYS_INLINE D d_widen(const float *x) { return _mm512_cvtps_pd(_mm256_loadu_ps(x)); }
static ALWAYS_INLINE D d_fma(D a, D b, D c) { return _mm512_fmadd_pd(a, b, c); }
static ALWAYS_INLINE void d_store(double *x, D v) { _mm512_storeu_pd(x, v); }

typedef __m512i W;
static ALWAYS_INLINE W w_set1(uint64_t x) { return _mm512_set1_epi64((long long)x); }
static ALWAYS_INLINE W w_load(const uint64_t *x) { return _mm512_loadu_si512(x); }
static ALWAYS_INLINE W w_add(W a, W b) { return _mm512_add_epi64(a, b); }
static ALWAYS_INLINE W w_xor(W a, W b) { return _mm512_xor_si512(a, b); }
static ALWAYS_INLINE W w_multiply(W a, W b) { return _mm512_mul_epu32(a, b); }
static ALWAYS_INLINE W w_high(W a) { return _mm512_srli_epi64(a, 32); }
static ALWAYS_INLINE W w_pair(W low, W high) { return _mm512_mask_mov_epi32(low, 0xaaaa, _mm512_slli_epi64(high, 32)); }
static ALWAYS_INLINE W w_even_lanes(W a, W b) { return _mm512_unpacklo_epi64(a, b); }
static ALWAYS_INLINE W w_odd_lanes(W a, W b) { return _mm512_unpackhi_epi64(a, b); }
static ALWAYS_INLINE V v_where_reached(W words, uint32_t threshold, V v) {
    return _mm512_maskz_mov_ps(_mm512_cmpge_epu32_mask(words, _mm512_set1_epi32((int)threshold)), v);
}

static ALWAYS_INLINE V v_widen(const uint16_t *x) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)x)); }

static ALWAYS_INLINE V v_widen_bytes(const int8_t *x) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)x)));
}

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) v_store(y + i, v_widen(x + i));
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
    for (; i + 16 <= count; i += 16) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(x + i)));
        v_store(y + i, _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16)));
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
#if defined(WITH_VNNI)
#include "vector/quantized_vnni.h"
#else
#include "vector/quantized_x86.h"
#endif
#include "vector/quantized.h"
#include "vector/packing.h"

END_TARGET

#if defined(WITH_AMX)
const kernels_table kernels_avx512amx = KERNELS_TABLE("avx512amx");
#elif defined(WITH_VNNI)
const kernels_table kernels_avx512vnni = KERNELS_TABLE("avx512vnni");
#else
const kernels_table kernels_avx512 = KERNELS_TABLE("avx512");
#endif
#endif
