/// Products with quantised weights for one instruction set; included after its q_ operations and matmul.h.
///
/// A half is Q_LANES outputs of a panel's 16. `open` makes of a half's block eight vectors, one for each four inputs;
/// `dot` sums their products with one row's 32 bytes.

#define HALVES (KERNELS_PANEL / Q_LANES)
/// Rows whose sums stay in the first cache while a panel's blocks pass.
#define ROWS_TOGETHER 64

static ALWAYS_INLINE void finish_panel(size_t rows, size_t columns, const float *sums, float *c, ptrdiff_t c_stride, size_t row,
                                       size_t column, const kernels_epilogue *epilogue) {
    tile t = {.c_stride = c_stride, .columns = columns - column, .epilogue = epilogue, .row = row, .column = column};
    for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) {
            size_t first = v * LANES;
            if (first < t.columns) {
                finish(&t, v_load(sums + r * KERNELS_PANEL + first), c + (ptrdiff_t)(row + r) * c_stride + column + first, r, first,
                       t.columns - first);
            }
        }
    }
}

/// The sums of one row and a few panels at once: each panel is a stream of its own from memory.
static ALWAYS_INLINE void multiply_row(const size_t panels, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                       const uint8_t *b, float *sums) {
    const size_t bytes = bits == 8 ? KERNELS_Q8_BLOCK_BYTES : KERNELS_Q4_BLOCK_BYTES;
    QF totals[Q_FAR_PANELS][HALVES];
    UNROLL for (size_t p = 0; p < panels; p++)
        UNROLL for (size_t h = 0; h < HALVES; h++) totals[p][h] = q_zero();
    for (size_t k = 0; k < blocks; k++) {
        const int8_t *x = a->values + k * KERNELS_QUANT_BLOCK;
        UNROLL for (size_t p = 0; p < panels; p++) {
            const uint8_t *block = b + (p * blocks + k) * bytes;
            for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(block + Q_PREFETCH_BYTES + line, 0, 3);
            UNROLL for (size_t h = 0; h < HALVES; h++) {
                QI weights[8];
                q_open(bits, block + 32, h, weights);
                QI sum = q_dot(bits, weights, x, a->offsets[k]);
                totals[p][h] = q_fma(sum, a->scales[k], q_scales(block, h), totals[p][h]);
            }
        }
    }
    UNROLL for (size_t p = 0; p < panels; p++)
        UNROLL for (size_t h = 0; h < HALVES; h++) q_store(sums + p * KERNELS_PANEL + h * Q_LANES, totals[p][h]);
}

/// The sums of a group of rows and one panel.
static ALWAYS_INLINE void multiply_rows_quantized(size_t first, size_t rows, size_t blocks, const int bits,
                                                  const kernels_quantized_rows *a, const uint8_t *b, float *sums) {
    const size_t bytes = bits == 8 ? KERNELS_Q8_BLOCK_BYTES : KERNELS_Q4_BLOCK_BYTES;
    memset(sums, 0, rows * KERNELS_PANEL * sizeof(float));
    for (size_t k = 0; k < blocks; k++) {
        const uint8_t *block = b + k * bytes;
        size_t number = k * a->rows + first;
        for (size_t h = 0; h < HALVES; h++) {
            QI weights[8];
            q_open(bits, block + 32, h, weights);
            QF scales = q_scales(block, h);
            for (size_t r = 0; r < rows; r++) {
                float *total = sums + r * KERNELS_PANEL + h * Q_LANES;
                QI sum = q_dot(bits, weights, a->values + (number + r) * KERNELS_QUANT_BLOCK, a->offsets[number + r]);
                q_store(total, q_fma(sum, a->scales[number + r], scales, q_load(total)));
            }
        }
    }
}

static ALWAYS_INLINE void matmul_quantized(size_t columns, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                           const uint8_t *b, float *c, ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    const size_t stride = blocks * (bits == 8 ? KERNELS_Q8_BLOCK_BYTES : KERNELS_Q4_BLOCK_BYTES);
    size_t panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    if (a->rows == 1) {
        float sums[Q_FAR_PANELS * KERNELS_PANEL];
        for (size_t panel = 0; panel < panels;) {
            size_t group = panels - panel >= Q_FAR_PANELS ? Q_FAR_PANELS : 1;
            if (group == 1) multiply_row(1, blocks, bits, a, b + panel * stride, sums);
            else multiply_row(Q_FAR_PANELS, blocks, bits, a, b + panel * stride, sums);
            for (size_t p = 0; p < group; p++) {
                finish_panel(1, columns, sums + p * KERNELS_PANEL, c, c_stride, 0, (panel + p) * KERNELS_PANEL, epilogue);
            }
            panel += group;
        }
        return;
    }
    float sums[ROWS_TOGETHER * KERNELS_PANEL];
    for (size_t row = 0; row < a->rows; row += ROWS_TOGETHER) {
        size_t rows = a->rows - row < ROWS_TOGETHER ? a->rows - row : ROWS_TOGETHER;
        for (size_t panel = 0; panel < panels; panel++) {
            multiply_rows_quantized(row, rows, blocks, bits, a, b + panel * stride, sums);
            finish_panel(rows, columns, sums, c, c_stride, row, panel * KERNELS_PANEL, epilogue);
        }
    }
}

static void matmul_q8(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    matmul_quantized(columns, blocks, 8, a, b, c, c_stride, epilogue);
}

static void matmul_q4(size_t columns, size_t blocks, const kernels_quantized_rows *a, const uint8_t *b, float *c,
                      ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    matmul_quantized(columns, blocks, 4, a, b, c, c_stride, epilogue);
}
