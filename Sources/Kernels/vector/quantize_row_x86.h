/// Activations to bytes in 256 bits, for AVX2 and both kinds of AVX-512.

static void quantize_row(size_t depth, const float *x, size_t row, const kernels_quantized_rows *y) {
    for (size_t block = 0; block * KERNELS_QUANT_BLOCK < depth; block++) {
        const float *from = x + block * KERNELS_QUANT_BLOCK;
        float filled[KERNELS_QUANT_BLOCK] = {0};
        if (depth - block * KERNELS_QUANT_BLOCK < KERNELS_QUANT_BLOCK) {
            memcpy(filled, from, (depth - block * KERNELS_QUANT_BLOCK) * sizeof(float));
            from = filled;
        }
        __m256 size = _mm256_setzero_ps(), unordered = _mm256_setzero_ps();
        __m256 values[4];
        UNROLL for (size_t i = 0; i < 4; i++) {
            values[i] = _mm256_loadu_ps(from + 8 * i);
            // The second where one is not a number.
            size = _mm256_max_ps(_mm256_andnot_ps(_mm256_set1_ps(-0.0f), values[i]), size);
            unordered = _mm256_or_ps(unordered, _mm256_cmp_ps(values[i], values[i], _CMP_UNORD_Q));
        }
        __m128 four = _mm_max_ps(_mm256_castps256_ps128(size), _mm256_extractf128_ps(size, 1));
        four = _mm_max_ps(four, _mm_movehl_ps(four, four));
        float largest = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
        __m256 inverse = _mm256_set1_ps(largest > QUANT_SMALLEST ? 127.0f / largest : 0.0f);
        __m256i integers[4];
        UNROLL for (size_t i = 0; i < 4; i++) integers[i] = _mm256_cvtps_epi32(_mm256_mul_ps(values[i], inverse));
        __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(integers[0], integers[1]), _mm256_packs_epi32(integers[2], integers[3]));
        bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        bytes = _mm256_max_epi8(bytes, _mm256_set1_epi8(-127));  // what infinity times 0 becomes
        __m256i sums = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes), _mm256_set1_epi16(1));
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        size_t number = block * y->rows + row;
        _mm256_storeu_si256((__m256i *)(y->values + number * KERNELS_QUANT_BLOCK), bytes);
        y->scales[number] = _mm256_movemask_ps(unordered) ? NAN : largest / 127.0f;
        y->offsets[number] = 8 * _mm_cvtsi128_si32(sum);
    }
}
