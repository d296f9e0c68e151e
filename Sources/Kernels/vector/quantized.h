/// Products with quantised weights for one instruction set; included after its q_ operations and matmul.h. One row reads weights
/// in Q_STREAMS streams.
///
/// A half is Q_LANES outputs of a panel's 16, a step four inputs of a block's 32: `q_open` makes of a half's two steps two
/// vectors, `q_add` adds their products with a row's bytes, and `q_sum` turns what was added into whole numbers.

#define HALVES (KERNELS_PANEL / Q_LANES)
/// Rows whose sums stay in the first cache while a panel's blocks pass.
#define ROWS_TOGETHER 64

static ALWAYS_INLINE size_t block_bytes(const int bits) { return bits == 8 ? KERNELS_Q8_BLOCK_BYTES : KERNELS_Q4_BLOCK_BYTES; }

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

/// Whether rows ask for the weights that come next. Where the processor does it by itself (PREFETCH_LINES is 0), one row leaves it
/// to that, or a few do where FEW_ROWS_ASK is not; with more it does not see far enough. Elsewhere many do not wait for memory.
static ALWAYS_INLINE int asks_ahead(size_t rows) { return PREFETCH_LINES ? rows <= 16 : rows > (FEW_ROWS_ASK ? 1 : 4); }

/// Asks for what comes six blocks later, if that is before the end: to ask for memory that nobody has is slow.
static ALWAYS_INLINE void prefetch_block(const uint8_t *block, const size_t bytes, const uint8_t *end) {
    const uint8_t *ahead = (size_t)(end - block) > 6 * bytes ? block + 6 * bytes : block;
    for (size_t line = 0; line < bytes; line += 64) __builtin_prefetch(ahead + line, 0, 3);
}

/// The sums of one row and some panels, `apart` bytes from one to the next, which come from memory in a stream each.
static ALWAYS_INLINE void multiply_row(const size_t panels, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                       const uint8_t *b, size_t apart, const uint8_t *end, float *sums) {
    const size_t bytes = block_bytes(bits);
    QF totals[Q_STREAMS][HALVES];
    UNROLL for (size_t p = 0; p < panels; p++)
        UNROLL for (size_t h = 0; h < HALVES; h++) totals[p][h] = q_zero();
    for (size_t k = 0; k < blocks; k++) {
        const int8_t *x = a->values + k * KERNELS_QUANT_BLOCK;
        UNROLL for (size_t p = 0; p < panels; p++) {
            const uint8_t *block = b + p * apart + k * bytes;
            if (asks_ahead(1)) prefetch_block(block, bytes, end);
            QI dots[HALVES];
            UNROLL for (size_t s = 0; s < 8; s += 2) {
                QI low = q_four(x + 4 * s), high = q_four(x + 4 * s + 4);
                UNROLL for (size_t h = 0; h < HALVES; h++) {
                    QI weights[2];
                    q_open(bits, block + 32, s, h, weights);
                    dots[h] = s == 0 ? q_first(bits, weights[0], low) : q_add(bits, dots[h], weights[0], low);
                    dots[h] = q_add(bits, dots[h], weights[1], high);
                }
            }
            UNROLL for (size_t h = 0; h < HALVES; h++)
                totals[p][h] = q_fma(q_sum(bits, dots[h], a->offsets[k]), a->scales[k], q_scales(block, h), totals[p][h]);
        }
    }
    UNROLL for (size_t p = 0; p < panels; p++)
        UNROLL for (size_t h = 0; h < HALVES; h++) q_store(sums + p * KERNELS_PANEL + h * Q_LANES, totals[p][h]);
}

/// Adds to the sums of a few rows what one block of a panel gives.
static ALWAYS_INLINE void multiply_tile(const size_t rows, const int bits, const uint8_t *block, const int8_t *x,
                                        const float *scales, const int32_t *offsets, float *sums) {
    QI dots[Q_TILE_ROWS][HALVES];
    UNROLL for (size_t s = 0; s < 8; s += 2) {
        QI weights[HALVES][2];
        UNROLL for (size_t h = 0; h < HALVES; h++) q_open(bits, block + 32, s, h, weights[h]);
        UNROLL for (size_t r = 0; r < rows; r++) {
            const int8_t *from = x + r * KERNELS_QUANT_BLOCK + 4 * s;
            QI low = q_four(from), high = q_four(from + 4);
            UNROLL for (size_t h = 0; h < HALVES; h++) {
                dots[r][h] = s == 0 ? q_first(bits, weights[h][0], low) : q_add(bits, dots[r][h], weights[h][0], low);
                dots[r][h] = q_add(bits, dots[r][h], weights[h][1], high);
            }
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t h = 0; h < HALVES; h++) {
            float *total = sums + r * KERNELS_PANEL + h * Q_LANES;
            q_store(total, q_fma(q_sum(bits, dots[r][h], offsets[r]), scales[r], q_scales(block, h), q_load(total)));
        }
    }
}

/// The sums of a group of rows and one panel.
static ALWAYS_INLINE void multiply_group(size_t first, size_t rows, size_t blocks, const int bits,
                                         const kernels_quantized_rows *a, const uint8_t *b, const uint8_t *end, float *sums) {
    const size_t bytes = block_bytes(bits);
    memset(sums, 0, rows * KERNELS_PANEL * sizeof(float));
    for (size_t k = 0; k < blocks; k++) {
        const uint8_t *block = b + k * bytes;
        if (asks_ahead(rows)) prefetch_block(block, bytes, end);
        for (size_t r = 0; r < rows;) {
            size_t number = k * a->rows + first + r;
            const int8_t *x = a->values + number * KERNELS_QUANT_BLOCK;
            float *total = sums + r * KERNELS_PANEL;
            const float *scales = a->scales + number;
            const int32_t *offsets = a->offsets + number;
            size_t together = rows - r < Q_TILE_ROWS ? rows - r : Q_TILE_ROWS;
            if (Q_TILE_ROWS > 4 && together < Q_TILE_ROWS && together > 4) together = 4;
            switch (together) {
                case 1: multiply_tile(1, bits, block, x, scales, offsets, total); break;
                case 2: multiply_tile(2, bits, block, x, scales, offsets, total); break;
                case 3: multiply_tile(3, bits, block, x, scales, offsets, total); break;
#if Q_TILE_ROWS > 4
                case 4: multiply_tile(4, bits, block, x, scales, offsets, total); break;
#endif
                default: multiply_tile(Q_TILE_ROWS, bits, block, x, scales, offsets, total); break;
            }
            r += together;
        }
    }
}

#if defined(WITH_AMX)
#include "quantized_amx.h"
#endif

/// One row. Each stream runs through neighbouring panels, so that it is long and far from the others.
static ALWAYS_INLINE void multiply_one_row(size_t columns, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                           const uint8_t *b, float *c, const kernels_epilogue *epilogue) {
    const size_t stride = blocks * block_bytes(bits), panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    const size_t each = panels / Q_STREAMS;
    const uint8_t *end = b + panels * stride;
    float sums[Q_STREAMS * KERNELS_PANEL];
    for (size_t panel = 0; panel < each; panel++) {
        multiply_row(Q_STREAMS, blocks, bits, a, b + panel * stride, each * stride, end, sums);
        for (size_t p = 0; p < Q_STREAMS; p++)
            finish_panel(1, columns, sums + p * KERNELS_PANEL, c, 0, 0, (panel + p * each) * KERNELS_PANEL, epilogue);
    }
    for (size_t panel = Q_STREAMS * each; panel < panels; panel++) {
        multiply_row(1, blocks, bits, a, b + panel * stride, 0, end, sums);
        finish_panel(1, columns, sums, c, 0, 0, panel * KERNELS_PANEL, epilogue);
    }
}

static ALWAYS_INLINE void matmul_quantized(size_t columns, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                           const uint8_t *b, float *c, ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
#if defined(WITH_AMX)
    if (a->rows >= AMX_TILE && blocks > 0) {
        matmul_by_tiles(columns, blocks, bits, a, b, c, c_stride, epilogue);
        return;
    }
#endif
    if (a->rows == 1) {
        multiply_one_row(columns, blocks, bits, a, b, c, epilogue);
        return;
    }
    const size_t stride = blocks * block_bytes(bits);
    size_t panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    float sums[ROWS_TOGETHER * KERNELS_PANEL];
    for (size_t row = 0; row < a->rows; row += ROWS_TOGETHER) {
        size_t rows = a->rows - row < ROWS_TOGETHER ? a->rows - row : ROWS_TOGETHER;
        for (size_t panel = 0; panel < panels; panel++) {
            multiply_group(row, rows, blocks, bits, a, b + panel * stride, b + panels * stride, sums);
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
