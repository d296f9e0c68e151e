/// What only moves numbers: transposing, and packing panels. Four rows at a time become LANES columns of four.

/// One tile, small enough that the cache lines it half fills are still there when the other half comes.
static void transpose_tile(size_t rows, size_t columns, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        const float *from = x + (ptrdiff_t)row * x_stride;
        size_t column = 0;
        for (; column + LANES <= columns; column += LANES) {
            const float *corner = from + column;
            v_store_columns(y + (ptrdiff_t)column * y_stride + row, y_stride, v_load(corner), v_load(corner + x_stride),
                            v_load(corner + 2 * x_stride), v_load(corner + 3 * x_stride));
        }
        for (; column < columns; column++) {
            for (size_t r = 0; r < 4; r++) y[(ptrdiff_t)column * y_stride + row + r] = from[(ptrdiff_t)r * x_stride + column];
        }
    }
    for (; row < rows; row++) {
        for (size_t column = 0; column < columns; column++) {
            y[(ptrdiff_t)column * y_stride + row] = x[(ptrdiff_t)row * x_stride + column];
        }
    }
}

static void transpose(size_t rows, size_t columns, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
    enum { side = 16 };
    for (size_t row = 0; row < rows; row += side) {
        size_t some_rows = rows - row < side ? rows - row : side;
        for (size_t column = 0; column < columns; column += side) {
            size_t some_columns = columns - column < side ? columns - column : side;
            transpose_tile(some_rows, some_columns, x + (ptrdiff_t)row * x_stride + column, x_stride,
                           y + (ptrdiff_t)column * y_stride + row, y_stride);
        }
    }
}

static void pack_columns(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    for (size_t k = 0; k < depth; k++, x += x_stride, panel += KERNELS_PANEL) {
        if (valid == KERNELS_PANEL) {
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) v_store(panel + v * LANES, v_load(x + v * LANES));
        } else {
            for (size_t v = 0; v < PANEL_VECTORS; v++) {
                size_t before = v * LANES, n = valid <= before ? 0 : valid - before < LANES ? valid - before : LANES;
                v_store(panel + before, n == 0 ? v_zero() : load(x + before, n));
            }
        }
    }
}

static void pack_rows(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    size_t k = 0;
    for (; k + LANES <= depth; k += LANES) {
        for (size_t row = 0; row < KERNELS_PANEL; row += 4) {
            V rows[4];
            UNROLL for (size_t r = 0; r < 4; r++) {
                rows[r] = row + r < valid ? v_load(x + (ptrdiff_t)(row + r) * x_stride + k) : v_zero();
            }
            v_store_columns(panel + k * KERNELS_PANEL + row, KERNELS_PANEL, rows[0], rows[1], rows[2], rows[3]);
        }
    }
    if (k < depth) kernels_scalar.pack_rows(depth - k, valid, x + k, x_stride, panel + k * KERNELS_PANEL);
}
