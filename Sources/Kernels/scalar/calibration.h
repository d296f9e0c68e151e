/// Quantising by the errors of a map's outputs instead of those of its weights (Frantar et al., "GPTQ", arXiv:2210.17323).

/// The integer of -low...high next to x. Adding 1.5 * 2^23 leaves no room for a fraction, and takes no call.
static inline float nearest_number(float x, float low, float high) {
    x = x > -low ? x : -low;
    x = x < high ? x : high;
    return (x + 12582912.0f) - 12582912.0f;
}

/// ``fit_block`` for 16 outputs at once, the squared error of input k counted `importance[k]` times.
static void fit_scales(size_t depth, const float *x, const float *importance, float low, float high, int tries, float step,
                       uint16_t *scales) {
    float largest[KERNELS_PANEL] = {0}, best[KERNELS_PANEL], fitted[KERNELS_PANEL] = {0};
    for (size_t k = 0; k < depth; k++) {
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            float value = x[k * KERNELS_PANEL + j];
            largest[j] = fabsf(value) > fabsf(largest[j]) ? value : largest[j];
        }
    }
    for (size_t j = 0; j < KERNELS_PANEL; j++) best[j] = -1.0f;
    for (int t = 0; t < tries; t++) {
        float inverse[KERNELS_PANEL], products[KERNELS_PANEL] = {0}, squares[KERNELS_PANEL] = {0};
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            inverse[j] = largest[j] != 0.0f ? -(low + step * (float)(t - tries / 2)) / largest[j] : 0.0f;
        }
        for (size_t k = 0; k < depth; k++) {
            for (size_t j = 0; j < KERNELS_PANEL; j++) {
                float value = x[k * KERNELS_PANEL + j], number = nearest_number(value * inverse[j], low, high);
                products[j] += importance[k] * number * value;
                squares[j] += importance[k] * number * number;
            }
        }
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            // The weighted sum of squared errors is that of x^2 less the gain. Without numbers it is no number and never best.
            float scale = products[j] / squares[j], gain = products[j] * scale;
            fitted[j] = gain > best[j] ? scale : fitted[j];
            best[j] = gain > best[j] ? gain : best[j];
        }
    }
    narrow_f16(KERNELS_PANEL, fitted, scales);
}

/// The target of input k, 16 outputs, by the errors of the inputs before it.
static void find_targets(const kernels_calibration *block, size_t k, float *targets) {
    const float *column = block->factor + k;
    float sums[KERNELS_PANEL], pivot = column[(ptrdiff_t)k * block->factor_stride];
    memcpy(sums, block->carried + k * KERNELS_PANEL, sizeof sums);
    for (size_t i = 0; i < k; i++) {
        float entry = column[(ptrdiff_t)i * block->factor_stride];
        for (size_t j = 0; j < KERNELS_PANEL; j++) sums[j] += block->errors[i * KERNELS_PANEL + j] * entry;
    }
    for (size_t j = 0; j < KERNELS_PANEL; j++) targets[j] = block->weights[k * KERNELS_PANEL + j] + sums[j] / pivot;
}

static void calibrate(const kernels_calibration *block, float low, float high, int tries, float step, uint16_t *scales,
                      float *numbers) {
    float targets[KERNELS_QUANT_BLOCK * KERNELS_PANEL], importance[KERNELS_QUANT_BLOCK], widest = 0.0f;
    // Before any number is chosen, each input's target counts on the others to hit theirs.
    for (size_t k = 0; k < block->depth; k++) {
        float *row = targets + k * KERNELS_PANEL;
        find_targets(block, k, row);
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            block->errors[k * KERNELS_PANEL + j] = block->weights[k * KERNELS_PANEL + j] - row[j];
        }
        importance[k] = block->factor[(ptrdiff_t)k * block->factor_stride + (ptrdiff_t)k];
        widest = importance[k] > widest ? importance[k] : widest;
    }
    for (size_t k = 0; k < block->depth; k++) importance[k] = importance[k] / widest * (importance[k] / widest);
    fit_scales(block->depth, targets, importance, low, high, tries, step, scales);

    float scale[KERNELS_PANEL], inverse[KERNELS_PANEL];
    widen_f16(KERNELS_PANEL, scales, scale);
    for (size_t j = 0; j < KERNELS_PANEL; j++) inverse[j] = scale[j] != 0.0f ? 1.0f / scale[j] : 0.0f;
    memset(numbers, 0, KERNELS_QUANT_BLOCK * KERNELS_PANEL * sizeof *numbers);
    for (size_t k = 0; k < block->depth; k++) {
        find_targets(block, k, targets);
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            size_t i = k * KERNELS_PANEL + j;
            numbers[i] = nearest_number(targets[j] * inverse[j], low, high);
            block->errors[i] = block->weights[i] - scale[j] * numbers[i];
        }
    }
}

void kernels_calibrate_q8(const kernels_calibration *block, uint8_t *packed) {
    uint16_t scales[KERNELS_PANEL];
    float numbers[KERNELS_QUANT_BLOCK * KERNELS_PANEL];
    calibrate(block, 127.0f, 127.0f, 6, 0.7f, scales, numbers);
    store_q8(scales, numbers, packed);
}

void kernels_calibrate_q4(const kernels_calibration *block, uint8_t *packed) {
    uint16_t scales[KERNELS_PANEL];
    float numbers[KERNELS_QUANT_BLOCK * KERNELS_PANEL];
    calibrate(block, 8.0f, 7.0f, 20, 0.15f, scales, numbers);
    store_q4(scales, numbers, packed);
}
