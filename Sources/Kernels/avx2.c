/// AVX2 with FMA and F16C.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "functions.h"
#include "tables.h"
#include "vector/target.h"

BEGIN_TARGET("avx2,fma,f16c")

typedef __m256 V;
#define LANES 8
#define TILE_ROWS 6
#define FAR_PANELS 4
#define WIDE_PANELS 1
#define PREFETCH_LINES 24

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
static ALWAYS_INLINE V v_fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
static ALWAYS_INLINE V v_min(V a, V b) { return _mm256_min_ps(a, b); }
static ALWAYS_INLINE V v_max(V a, V b) { return _mm256_max_ps(a, b); }
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

#include "vector/functions.h"
#include "vector/matmul.h"
#include "vector/rows.h"
#include "vector/training.h"

static void widen_f16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) v_store(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
    if (i < count) kernels_scalar.widen_f16(count - i, x + i, y + i);
}

static void widen_bf16(size_t count, const uint16_t *x, float *y) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(x + i)));
        v_store(y + i, _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16)));
    }
    if (i < count) kernels_scalar.widen_bf16(count - i, x + i, y + i);
}

END_TARGET

const kernels_table kernels_avx2 = KERNELS_TABLE("avx2");
#endif
