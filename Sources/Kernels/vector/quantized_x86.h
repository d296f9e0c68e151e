/// The q_ operations in 256 bits, for AVX2 and for AVX-512 without VNNI, which has no products of bytes.

typedef __m256i QI;
typedef __m256 QF;
#define Q_LANES 8
#define Q_TILE_ROWS 4

static ALWAYS_INLINE QF q_zero(void) { return _mm256_setzero_ps(); }
static ALWAYS_INLINE QF q_load(const float *x) { return _mm256_loadu_ps(x); }
static ALWAYS_INLINE void q_store(float *x, QF v) { _mm256_storeu_ps(x, v); }
static ALWAYS_INLINE QF q_scales(const uint8_t *block, size_t half) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(block + 16 * half)));
}
static ALWAYS_INLINE QF q_fma(QI sum, float scale, QF scales, QF total) {
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_mul_ps(_mm256_set1_ps(scale), scales), total);
}

static ALWAYS_INLINE void q_open(const int bits, const uint8_t *numbers, size_t step, size_t half, QI weights[2]) {
    if (bits == 8) {
        UNROLL for (size_t i = 0; i < 2; i++)
            weights[i] = _mm256_loadu_si256((const __m256i *)(numbers + 64 * (step + i) + 32 * half));
        return;
    }
    const QI low = _mm256_set1_epi8(15);
    QI pair = _mm256_loadu_si256((const __m256i *)(numbers + 32 * step + 32 * half));
    weights[0] = _mm256_and_si256(pair, low);
    weights[1] = _mm256_and_si256(_mm256_srli_epi16(pair, 4), low);
}

static ALWAYS_INLINE QI q_four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return _mm256_set1_epi32(four);
}

/// q8: one factor must be without sign, and two products of at most 127 x 127 fit into 16 bits. q4: sixteen products of at
/// most 15 x 127 fit, a whole block's.
static ALWAYS_INLINE QI q_first(const int bits, QI weights, QI x) {
    if (bits == 4) return _mm256_maddubs_epi16(weights, x);
    QI products = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights));
    return _mm256_madd_epi16(products, _mm256_set1_epi16(1));
}
static ALWAYS_INLINE QI q_add(const int bits, QI dots, QI weights, QI x) {
    QI products = q_first(bits, weights, x);
    dots = bits == 4 ? _mm256_add_epi16(dots, products) : _mm256_add_epi32(dots, products);
    __asm__("" : "+x"(dots));  // else the compiler makes of the sums a tree that does not fit into the registers
    return dots;
}
static ALWAYS_INLINE QI q_sum(const int bits, QI dots, int32_t offset) {
    if (bits == 8) return dots;
    return _mm256_sub_epi32(_mm256_madd_epi16(dots, _mm256_set1_epi16(1)), _mm256_set1_epi32(offset));
}
