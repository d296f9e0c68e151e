/// What only moves numbers: transposing, and packing panels.

static void transpose(size_t rows, size_t columns, const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) y[(ptrdiff_t)j * y_stride + (ptrdiff_t)i] = x[(ptrdiff_t)i * x_stride + (ptrdiff_t)j];
    }
}

static void pack_columns(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    for (size_t k = 0; k < depth; k++) {
        const float *row = x + (ptrdiff_t)k * x_stride;
        for (size_t j = 0; j < KERNELS_PANEL; j++) panel[k * KERNELS_PANEL + j] = j < valid ? row[j] : 0.0f;
    }
}

static void pack_rows(size_t depth, size_t valid, const float *x, ptrdiff_t x_stride, float *panel) {
    for (size_t k = 0; k < depth; k++) {
        for (size_t j = 0; j < KERNELS_PANEL; j++) {
            panel[k * KERNELS_PANEL + j] = j < valid ? x[(ptrdiff_t)j * x_stride + (ptrdiff_t)k] : 0.0f;
        }
    }
}
