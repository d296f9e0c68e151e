/// Packing of quantised blocks, a vector of outputs at a time; included after narrow_f16 and widen_f16.

/// The scalar twin's `fit_block` for LANES outputs, from `first` on.
static ALWAYS_INLINE void fit_outputs(const float *x, size_t first, float low, float high, int tries, float step, float *scales) {
    V largest = v_zero(), size = v_zero(), poison = v_zero();
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        V value = v_load(x + k * KERNELS_PANEL + first), absolute = v_abs(value);
        largest = v_select_less(size, absolute, value, largest);
        size = v_max(absolute, size);
        poison = v_keep_nan(value, poison);
    }
    V best_gain = v_set1(-1.0f), scale = v_zero();
    for (int t = 0; t < tries; t++) {
        V wanted = v_negate(v_set1(low + step * (float)(t - tries / 2)));
        V inverse = v_select_less(v_zero(), size, v_div(wanted, largest), v_zero());
        V products = v_zero(), squares = v_zero();
        for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
            V value = v_load(x + k * KERNELS_PANEL + first);
            V number = v_min(v_max(v_round(v_mul(value, inverse)), v_set1(-low)), v_set1(high));
            products = v_fma(value, number, products);
            squares = v_fma(number, number, squares);
        }
        V fitted = v_div(products, squares), gain = v_mul(products, fitted);
        scale = v_select_less(best_gain, gain, fitted, scale);
        best_gain = v_select_less(best_gain, gain, gain, best_gain);
    }
    v_store(scales + first, v_keep_nan(poison, scale));
}

static ALWAYS_INLINE void fit_panel(const float *x, float low, float high, int tries, float step, uint16_t *halves,
                                    int8_t numbers[KERNELS_QUANT_BLOCK][KERNELS_PANEL]) {
    float scales[KERNELS_PANEL], inverses[KERNELS_PANEL], rounded[KERNELS_QUANT_BLOCK * KERNELS_PANEL];
    for (size_t v = 0; v < PANEL_VECTORS; v++) fit_outputs(x, v * LANES, low, high, tries, step, scales);
    narrow_f16(KERNELS_PANEL, scales, halves);
    widen_f16(KERNELS_PANEL, halves, inverses);
    for (size_t j = 0; j < KERNELS_PANEL; j++) inverses[j] = inverses[j] != 0.0f ? 1.0f / inverses[j] : 0.0f;
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        for (size_t v = 0; v < PANEL_VECTORS; v++) {
            size_t at = k * KERNELS_PANEL + v * LANES;
            V number = v_round(v_mul(v_load(x + at), v_load(inverses + v * LANES)));
            v_store(rounded + at, v_min(v_max(number, v_set1(-low)), v_set1(high)));
        }
    }
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++)
        for (size_t j = 0; j < KERNELS_PANEL; j++) numbers[k][j] = (int8_t)rounded[k * KERNELS_PANEL + j];
}

static void pack_q8(const float *x, uint8_t *block) {
    uint16_t halves[KERNELS_PANEL];
    int8_t numbers[KERNELS_QUANT_BLOCK][KERNELS_PANEL];
    fit_panel(x, 127.0f, 127.0f, 6, 0.7f, halves, numbers);
    memcpy(block, halves, sizeof halves);
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++)
        for (size_t j = 0; j < KERNELS_PANEL; j++) block[32 + k / 4 * 64 + j * 4 + k % 4] = (uint8_t)numbers[k][j];
}

static void pack_q4(const float *x, uint8_t *block) {
    uint16_t halves[KERNELS_PANEL];
    int8_t numbers[KERNELS_QUANT_BLOCK][KERNELS_PANEL];
    fit_panel(x, 8.0f, 7.0f, 20, 0.15f, halves, numbers);
    memcpy(block, halves, sizeof halves);
    for (size_t run = 0; run < KERNELS_QUANT_BLOCK / 4; run += 2) {
        for (size_t i = 0; i < 64; i++) {
            int low = numbers[run * 4 + i % 4][i / 4] + 8, high = numbers[run * 4 + 4 + i % 4][i / 4] + 8;
            block[32 + run * 32 + i] = (uint8_t)(low | high << 4);
        }
    }
}
