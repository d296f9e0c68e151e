// The intrinsics that avx512.c uses, in plain C: SIMDe's, eight that SIMDe does not have, and AMX's.
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
static inline __m512i portable_cvtepi8_epi32(__m128i x) {
    int8_t bytes[16];
    int32_t words[16];
    memcpy(bytes, &x, sizeof bytes);
    for (int l = 0; l < 16; l++) words[l] = bytes[l];
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
#define _mm512_cvtepi8_epi32 portable_cvtepi8_epi32
#define _mm512_cvtph_ps portable_cvtph_ps
#define _mm512_cvtps_pd portable_cvtps_pd
#define _mm512_cvtepi32_ps portable_cvtepi32_ps
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32 portable_dpbusd_epi32

// AMX, which SIMDe does not have.
static struct {
    int rows, bytes;
    int8_t data[16][64];
} portable_tiles[8];

static inline void portable_load_tiles(const void *configuration) {
    const uint8_t *bytes = configuration;
    for (int t = 0; t < 8; t++) {
        uint16_t width;
        memcpy(&width, bytes + 16 + 2 * t, 2);
        portable_tiles[t].bytes = width;
        portable_tiles[t].rows = bytes[48 + t];
    }
}
static inline void portable_tile_loadd(int tile, const void *from, size_t stride) {
    for (int r = 0; r < portable_tiles[tile].rows; r++)
        memcpy(portable_tiles[tile].data[r], (const char *)from + (size_t)r * stride, (size_t)portable_tiles[tile].bytes);
}
static inline void portable_tile_stored(int tile, void *to, size_t stride) {
    for (int r = 0; r < portable_tiles[tile].rows; r++)
        memcpy((char *)to + (size_t)r * stride, portable_tiles[tile].data[r], (size_t)portable_tiles[tile].bytes);
}
static inline void portable_tile_zero(int tile) { memset(portable_tiles[tile].data, 0, sizeof portable_tiles[tile].data); }
static inline void portable_tile_dpbssd(int c, int a, int b) {
    for (int m = 0; m < portable_tiles[c].rows; m++) {
        int32_t sums[16];
        memcpy(sums, portable_tiles[c].data[m], sizeof sums);
        for (int k = 0; k < portable_tiles[a].bytes; k++) {
            for (int n = 0; n < portable_tiles[c].bytes / 4; n++)
                sums[n] += portable_tiles[a].data[m][k] * portable_tiles[b].data[k / 4][4 * n + k % 4];
        }
        memcpy(portable_tiles[c].data[m], sums, sizeof sums);
    }
}

#define LOAD_TILES(configuration) portable_load_tiles(&(configuration))
#define _tile_loadd portable_tile_loadd
#define _tile_stored portable_tile_stored
#define _tile_zero portable_tile_zero
#define _tile_dpbssd portable_tile_dpbssd
#define _tile_release() portable_load_tiles((const uint8_t[64]){0})
