/// AVX-512 (the foundation subset).
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "functions.h"
#include "tables.h"
#include "vector/target.h"

BEGIN_TARGET("avx512f,avx2,fma,f16c")

typedef __m512 V;
#define LANES 16
#define TILE_ROWS 6
#define FAR_PANELS 8
#define WIDE_PANELS 2
#define PREFETCH_LINES 24

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
static ALWAYS_INLINE V v_fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
static ALWAYS_INLINE V v_min(V a, V b) { return _mm512_min_ps(a, b); }
static ALWAYS_INLINE V v_max(V a, V b) { return _mm512_max_ps(a, b); }
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

#include "vector/functions.h"
#include "vector/matmul.h"
#include "vector/rows.h"
#include "vector/training.h"

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) v_store(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))));
    if (i < count) kernels_scalar.widen_f16(count - i, x + i, y + i);
}

static void widen_bf16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(x + i)));
        v_store(y + i, _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16)));
    }
    if (i < count) kernels_scalar.widen_bf16(count - i, x + i, y + i);
}

END_TARGET

const kernels_table kernels_avx512 = KERNELS_TABLE("avx512");
#endif
