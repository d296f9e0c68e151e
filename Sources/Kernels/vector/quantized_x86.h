/// The q_ operations in 256 bits, for AVX2 and for AVX-512, whose plain form has no products of bytes.

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

static void quantize_row(size_t depth, const float *x, size_t row, const kernels_quantized_rows *y) {
    for (size_t block = 0; block * KERNELS_QUANT_BLOCK < depth; block++) {
        const float *from = x + block * KERNELS_QUANT_BLOCK;
        float filled[KERNELS_QUANT_BLOCK] = {0};
        if (depth - block * KERNELS_QUANT_BLOCK < KERNELS_QUANT_BLOCK) {
            memcpy(filled, from, (depth - block * KERNELS_QUANT_BLOCK) * sizeof(float));
            from = filled;
        }
        QF size = q_zero(), unordered = q_zero();
        QF values[4];
        UNROLL for (size_t i = 0; i < 4; i++) {
            values[i] = q_load(from + 8 * i);
            // The second where one is not a number.
            size = _mm256_max_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), values[i]), size);
            unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(values[i], values[i], _CMP_UNORD_Q));
        }
        __m128 four = _mm_max_ps(_mm256_castps256_ps128(size), _mm256_extractf128_ps(size, 1));
        four = _mm_max_ps(four, _mm_movehl_ps(four, four));
        float largest = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
        QF inverse = _mm256_set1_ps(largest > QUANT_SMALLEST ? 127.0f / largest : 0.0f);
        QI integers[4];
        UNROLL for (size_t i = 0; i < 4; i++) integers[i] = _mm256_cvtps_epi32(_mm256_mul_ps(values[i], inverse));
        QI bytes = _mm256_packs_epi16(_mm256_packs_epi32(integers[0], integers[1]), _mm256_packs_epi32(integers[2], integers[3]));
        bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        QI sums = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes), _mm256_set1_epi16(1));
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        size_t number = block * y->rows + row;
        _mm256_storeu_si256((QI *)(y->values + number * KERNELS_QUANT_BLOCK), bytes);
        y->scales[number] = _mm256_movemask_ps(unordered) ? NAN : largest / 127.0f;
        y->offsets[number] = 8 * _mm_cvtsi128_si32(sum);
    }
}
