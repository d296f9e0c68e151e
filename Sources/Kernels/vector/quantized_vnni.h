/// The q_ operations in 512 bits with VNNI, which adds four products of bytes to each 32-bit sum in one instruction.

typedef __m512i QI;
typedef __m512 QF;
#define Q_LANES 16
#define Q_TILE_ROWS 8

static ALWAYS_INLINE QF q_zero(void) { return _mm512_setzero_ps(); }
static ALWAYS_INLINE QF q_load(const float *x) { return _mm512_loadu_ps(x); }
static ALWAYS_INLINE void q_store(float *x, QF v) { _mm512_storeu_ps(x, v); }
static ALWAYS_INLINE QF q_scales(const uint8_t *block, size_t half) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(block + 32 * half)));
}
static ALWAYS_INLINE QF q_fma(QI sum, float scale, QF scales, QF total) {
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(_mm512_set1_ps(scale), scales), total);
}

/// q8: the weights plus 128, because one factor must be without sign.
static ALWAYS_INLINE void q_open(const int bits, const uint8_t *numbers, size_t step, size_t half, QI weights[2]) {
    if (bits == 8) {
        UNROLL for (size_t i = 0; i < 2; i++)
            weights[i] = _mm512_xor_si512(_mm512_loadu_si512(numbers + 64 * (step + i) + 64 * half), _mm512_set1_epi8(-128));
        return;
    }
    const QI low = _mm512_set1_epi8(15);
    QI pair = _mm512_loadu_si512(numbers + 32 * step + 64 * half);
    weights[0] = _mm512_and_si512(pair, low);
    weights[1] = _mm512_and_si512(_mm512_srli_epi16(pair, 4), low);
}

static ALWAYS_INLINE QI q_four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, 4);
    return _mm512_set1_epi32(four);
}

static ALWAYS_INLINE QI q_first(const int bits, QI weights, QI x) {
    (void)bits;  // the same for both
    return _mm512_dpbusd_epi32(_mm512_setzero_si512(), weights, x);
}
static ALWAYS_INLINE QI q_add(const int bits, QI dots, QI weights, QI x) {
    (void)bits;
    return _mm512_dpbusd_epi32(dots, weights, x);
}
/// `offset` is 8 times the activations' sum.
static ALWAYS_INLINE QI q_sum(const int bits, QI dots, int32_t offset) {
    return _mm512_sub_epi32(dots, _mm512_set1_epi32(bits == 8 ? 16 * offset : offset));
}
