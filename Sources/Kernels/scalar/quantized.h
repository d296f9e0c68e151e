/// Quantised blocks: packing, unpacking, products.

/// Where number k of output j is within a panel's block, counted in numbers from the first.
static inline size_t place_in_block(size_t k, size_t j) { return k / 4 * 64 + j * 4 + k % 4; }

static inline int number_q8(const uint8_t *block, size_t k, size_t j) { return (int8_t)block[32 + place_in_block(k, j)]; }

static inline int number_q4(const uint8_t *block, size_t k, size_t j) {
    size_t place = place_in_block(k, j), run = place / 64;
    return (block[32 + run / 2 * 64 + place % 64] >> (run % 2 * 4) & 15) - 8;
}

static inline float scale_of(const uint8_t *block, size_t j) {
    uint16_t half;
    float scale;
    memcpy(&half, block + 2 * j, 2);
    widen_f16(1, &half, &scale);
    return scale;
}

static void quantize_row(size_t depth, const float *x, size_t row, const kernels_quantized_rows *y) {
    for (size_t block = 0; block * KERNELS_QUANT_BLOCK < depth; block++) {
        const float *from = x + block * KERNELS_QUANT_BLOCK;
        size_t left = depth - block * KERNELS_QUANT_BLOCK, count = left < KERNELS_QUANT_BLOCK ? left : KERNELS_QUANT_BLOCK;
        size_t number = block * y->rows + row;
        float largest = 0.0f;
        int has_nan = 0;
        for (size_t i = 0; i < count; i++) {
            if (fabsf(from[i]) > largest) largest = fabsf(from[i]);
            if (from[i] != from[i]) has_nan = 1;
        }
        float inverse = largest > QUANT_SMALLEST ? 127.0f / largest : 0.0f;
        int32_t sum = 0;
        for (size_t i = 0; i < KERNELS_QUANT_BLOCK; i++) {
            float scaled = i < count ? from[i] * inverse : 0.0f;
            // What no integer can hold becomes the smallest, as vector conversions have it. -128, which has no opposite in a
            // byte, is left out.
            int32_t value = fabsf(scaled) <= 128.0f ? (int32_t)rintf(scaled) : -127;
            if (value > 127) value = 127;
            y->values[number * KERNELS_QUANT_BLOCK + i] = (int8_t)value;
            sum += value;
        }
        y->scales[number] = has_nan ? NAN : largest / 127.0f;
        y->offsets[number] = 8 * sum;
    }
}

/// Numbers q of -low...high, 16 apart as x is, and a scale such that scale * q is near x: tries `tries` scales around that which makes the
/// largest number `low`, and to each the best scale for its numbers; takes that of the least squared error.
static void fit_block(const float *x, int low, int high, int tries, float step, uint16_t *half, float *numbers) {
    float largest = 0.0f, size = 0.0f;
    int has_nan = 0;
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        float value = x[k * KERNELS_PANEL];
        if (fabsf(value) > size) {
            size = fabsf(value);
            largest = value;
        }
        if (value != value) has_nan = 1;
    }
    float best_gain = -1.0f, scale = 0.0f;
    for (int t = 0; t < tries; t++) {
        float inverse = size > 0.0f ? -((float)low + step * (float)(t - tries / 2)) / largest : 0.0f;
        float products = 0.0f, squares = 0.0f;
        for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
            float value = x[k * KERNELS_PANEL], number = rintf(value * inverse);
            number = number > (float)-low ? number : (float)-low;
            number = number < (float)high ? number : (float)high;
            products = fmaf(value, number, products);
            squares = fmaf(number, number, squares);
        }
        // The squared error is the sum of x^2 less this.
        float fitted = products / squares, gain = products * fitted;
        if (gain > best_gain) {
            best_gain = gain;
            scale = fitted;
        }
    }
    if (has_nan) scale = NAN;
    float rounded;
    narrow_f16(1, &scale, half);
    widen_f16(1, half, &rounded);
    float inverse = rounded != 0.0f ? 1.0f / rounded : 0.0f;
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        float number = rintf(x[k * KERNELS_PANEL] * inverse);
        number = number > (float)-low ? number : (float)-low;
        number = number < (float)high ? number : (float)high;
        numbers[k * KERNELS_PANEL] = number;
    }
}

/// Puts 16 scales and 32 x 16 numbers, number k of output j at numbers[k * 16 + j], where they belong in a block.
static void store_q8(const uint16_t *scales, const float *numbers, uint8_t *block) {
    memcpy(block, scales, 2 * KERNELS_PANEL);
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            block[32 + place_in_block(k, j)] = (uint8_t)(int8_t)numbers[k * KERNELS_PANEL + j];
        }
    }
}

static void store_q4(const uint16_t *scales, const float *numbers, uint8_t *block) {
    memset(block, 0, KERNELS_Q4_BLOCK_BYTES);
    memcpy(block, scales, 2 * KERNELS_PANEL);
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) {
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            size_t place = place_in_block(k, j), run = place / 64;
            uint8_t number = (uint8_t)((int)numbers[k * KERNELS_PANEL + j] + 8);
            block[32 + run / 2 * 64 + place % 64] |= (uint8_t)(number << (run % 2 * 4));
        }
    }
}

static void pack_q8(const float *x, uint8_t *block) {
    uint16_t scales[KERNELS_PANEL];
    float numbers[KERNELS_QUANT_BLOCK * KERNELS_PANEL];
    for (size_t j = 0; j < KERNELS_PANEL; j++) fit_block(x + j, 127, 127, 6, 0.7f, scales + j, numbers + j);
    store_q8(scales, numbers, block);
}

static void pack_q4(const float *x, uint8_t *block) {
    uint16_t scales[KERNELS_PANEL];
    float numbers[KERNELS_QUANT_BLOCK * KERNELS_PANEL];
    for (size_t j = 0; j < KERNELS_PANEL; j++) fit_block(x + j, 8, 7, 20, 0.15f, scales + j, numbers + j);
    store_q4(scales, numbers, block);
}

void kernels_unpack_q8(const uint8_t *block, size_t output, float *x) {
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) x[k] = scale_of(block, output) * (float)number_q8(block, k, output);
}

void kernels_unpack_q4(const uint8_t *block, size_t output, float *x) {
    for (size_t k = 0; k < KERNELS_QUANT_BLOCK; k++) x[k] = scale_of(block, output) * (float)number_q4(block, k, output);
}

static inline float finished(float total, const kernels_epilogue *epilogue, size_t row, size_t column) {
    if (!epilogue) return total;
    if (epilogue->bias) total += epilogue->bias[column];
    total = activated(epilogue->activation, total);
    if (epilogue->residual) total += epilogue->residual[(ptrdiff_t)row * epilogue->residual_stride + (ptrdiff_t)column];
    return total;
}

static void matmul_quantized(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, size_t block_bytes,
                             int (*number)(const uint8_t *, size_t, size_t), float *c, ptrdiff_t c_stride,
                             const kernels_epilogue *epilogue) {
    for (size_t row = 0; row < a->rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            const uint8_t *panel = b + column / KERNELS_PANEL * blocks * block_bytes;
            size_t j = column % KERNELS_PANEL;
            float total = 0.0f;
            for (size_t k = 0; k < blocks; k++) {
                const int8_t *values = a->values + (k * a->rows + row) * KERNELS_QUANT_BLOCK;
                int32_t sum = 0;
                for (size_t i = 0; i < KERNELS_QUANT_BLOCK; i++) sum += values[i] * number(panel + k * block_bytes, i, j);
                total = fmaf((float)sum, a->scales[k * a->rows + row] * scale_of(panel + k * block_bytes, j), total);
            }
            c[(ptrdiff_t)row * c_stride + (ptrdiff_t)column] = finished(total, epilogue, row, column);
        }
    }
}

static void matmul_q8(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    matmul_quantized(columns, blocks, a, b, KERNELS_Q8_BLOCK_BYTES, number_q8, c, c_stride, epilogue);
}

static void matmul_q4(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    matmul_quantized(columns, blocks, a, b, KERNELS_Q4_BLOCK_BYTES, number_q4, c, c_stride, epilogue);
}
