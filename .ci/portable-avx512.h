// The AVX-512 intrinsics that avx512.c uses, in plain C: SIMDe's, and seven that SIMDe does not have.
#include <simde/x86/avx512.h>
#include <string.h>

static inline __m512 portable_maskz_loadu_ps(__mmask16 mask, const float *x) {
    float lanes[16];
    for (int l = 0; l < 16; l++) lanes[l] = mask >> l & 1 ? x[l] : 0.0f;
    return simde_mm512_loadu_ps(lanes);
}
static inline void portable_mask_storeu_ps(float *x, __mmask16 mask, __m512 value) {
    float lanes[16];
    simde_mm512_storeu_ps(lanes, value);
    for (int l = 0; l < 16; l++) {
        if (mask >> l & 1) x[l] = lanes[l];
    }
}
static inline __m512i portable_cvtepu16_epi32(__m256i x) {
    uint16_t halves[16];
    uint32_t words[16];
    memcpy(halves, &x, sizeof halves);
    for (int l = 0; l < 16; l++) words[l] = halves[l];
    return simde_mm512_loadu_si512(words);
}
static inline __m512 portable_cvtph_ps(__m256i x) {
    return simde_mm512_insertf32x8(simde_mm512_castps256_ps512(_mm256_cvtph_ps(_mm256_castsi256_si128(x))),
                                   _mm256_cvtph_ps(_mm256_extracti128_si256(x, 1)), 1);
}
static inline __m512d portable_cvtps_pd(__m256 x) {
    return simde_mm512_insertf64x4(simde_mm512_castpd256_pd512(_mm256_cvtps_pd(_mm256_castps256_ps128(x))),
                                   _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)), 1);
}

static inline __m512i portable_dpbusd_epi32(__m512i sums, __m512i x, __m512i y) {
    int32_t lanes[16];
    uint8_t without_sign[64];
    int8_t with_sign[64];
    memcpy(lanes, &sums, sizeof lanes);
    memcpy(without_sign, &x, sizeof without_sign);
    memcpy(with_sign, &y, sizeof with_sign);
    for (int i = 0; i < 64; i++) lanes[i / 4] += without_sign[i] * with_sign[i];
    return simde_mm512_loadu_si512(lanes);
}
static inline __m512 portable_cvtepi32_ps(__m512i x) {
    int32_t numbers[16];
    float lanes[16];
    memcpy(numbers, &x, sizeof numbers);
    for (int l = 0; l < 16; l++) lanes[l] = (float)numbers[l];
    return simde_mm512_loadu_ps(lanes);
}

#define _mm512_maskz_loadu_ps portable_maskz_loadu_ps
#define _mm512_mask_storeu_ps portable_mask_storeu_ps
#define _mm512_cvtepu16_epi32 portable_cvtepu16_epi32
#define _mm512_cvtph_ps portable_cvtph_ps
#define _mm512_cvtps_pd portable_cvtps_pd
#define _mm512_cvtepi32_ps portable_cvtepi32_ps
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32 portable_dpbusd_epi32
