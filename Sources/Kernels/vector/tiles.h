/// Matmul of many rows that lie as its tiles read them: one number of each row of a tile, then the next of each. A tile then
/// follows one pointer and meets one panel, and what it multiplies comes straight from memory, so that an iteration is hardly
/// more than its multiply-adds. docs/decisions/0016-rows-in-tiles.md has what that is worth.

/// So many tiles take some rows, as few as may be, whose heights differ by one at most: a low one is not worth its weights.
static ALWAYS_INLINE size_t tile_count(size_t rows) { return (rows + PACKED_ROWS - 1) / PACKED_ROWS; }

static ALWAYS_INLINE void copy_floats(size_t count, const float *x, float *y) {
    if (count >= LANES) {  // the last vector may meet the one before
        for (size_t i = 0; i + LANES < count; i += LANES) v_store(y + i, v_load(x + i));
        v_store(y + count - LANES, v_load(x + count - LANES));
    } else if (count >= 4) {
        for (size_t i = 0; i + 4 < count; i += 4) memcpy(y + i, x + i, 4 * sizeof(float));
        memcpy(y + count - 4, x + count - 4, 4 * sizeof(float));
    } else {
        for (size_t i = 0; i < count; i++) y[i] = x[i];
    }
}

/// A tile of rows that lie one after another: four at a time, LANES of the depth.
static ALWAYS_INLINE void turn_rows(size_t height, size_t depth, const float *x, ptrdiff_t stride, float *to) {
    size_t k = 0;
    for (; height >= 4 && k + LANES <= depth; k += LANES) {
        for (size_t row = 0; row < height; row += 4) {
            const size_t at = row + 4 <= height ? row : height - 4;  // the last four may meet those before
            const float *from = x + (ptrdiff_t)at * stride + k;
            v_store_columns(to + k * height + at, (ptrdiff_t)height, v_load(from), v_load(from + stride), v_load(from + 2 * stride),
                            v_load(from + 3 * stride));
        }
    }
    for (; k < depth; k++)
        for (size_t row = 0; row < height; row++) to[k * height + row] = x[(ptrdiff_t)row * stride + (ptrdiff_t)k];
}

static void pack_tiles(size_t rows, size_t depth, const float *x, ptrdiff_t row_stride, ptrdiff_t depth_stride, float *tiles) {
    // Where the depth goes from row to row, all tiles read what of it fits the first cache before the next.
    const size_t together = depth_stride == 1 ? depth : 32, count = tile_count(rows);
    for (size_t start = 0; start < depth; start += together) {
        const size_t length = depth - start < together ? depth - start : together;
        for (size_t i = 0; i < count; i++) {
            const size_t row = rows * i / count, height = rows * (i + 1) / count - row;
            const float *from = x + (ptrdiff_t)row * row_stride + (ptrdiff_t)start * depth_stride;
            float *to = tiles + row * depth + start * height;
            if (depth_stride == 1) turn_rows(height, length, from, row_stride, to);
            else for (size_t k = 0; k < length; k++) copy_floats(height, from + (ptrdiff_t)k * depth_stride, to + k * height);
        }
    }
}

static ALWAYS_INLINE void multiply_packed(const tile *t, const size_t rows, size_t depth) {
    V sums[PACKED_ROWS][PANEL_VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++) {
        __builtin_prefetch(t->c + (ptrdiff_t)r * t->c_stride, 1, 3);
        UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][v] = v_zero();
    }
    const float *a = t->a, *b = t->b;
    const char *ahead = t->ahead;
    UNROLL_BY_4 for (size_t k = 0; k < depth; k++) {
        V columns[PANEL_VECTORS];
        UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) columns[v] = v_load(b + v * LANES);
        __builtin_prefetch(ahead, 0, 2);
        UNROLL for (size_t r = 0; r < rows; r++) {
            V value = v_set1(a[r]);
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][v] = v_fma(value, columns[v], sums[r][v]);
        }
        a += rows;
        b += KERNELS_PANEL;
        ahead += t->ahead_step;
    }
    if (t->epilogue || t->columns < KERNELS_PANEL) {
        V finished[PACKED_ROWS][PANEL_VECTORS];  // a copy, since what others may look at does not stay in registers
        UNROLL for (size_t r = 0; r < rows; r++)
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) finished[r][v] = sums[r][v];
        finish_tile(t, rows, 1, &finished[0][0], PANEL_VECTORS);
        return;
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) {
            float *c = t->c + (ptrdiff_t)r * t->c_stride + v * LANES;
            v_store(c, t->accumulate ? v_add(v_load(c), sums[r][v]) : sums[r][v]);
        }
}

#define TILE(ROWS) \
    case ROWS: multiply_packed(t, ROWS, depth); break;
static void multiply_packed_rows(const tile *t, size_t rows, size_t depth) {
    switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if PACKED_ROWS > 6
        TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14) TILE(15)
        TILE(16) TILE(17) TILE(18) TILE(19) TILE(20) TILE(21) TILE(22) TILE(23) TILE(24)
#endif
    }
}
_Static_assert(PACKED_ROWS == 6 || PACKED_ROWS == 24, "a case for each height");

/// One block of the depth.
static ALWAYS_INLINE void multiply_tiles(const product *p) {
    float widened[KERNELS_DEPTH_BLOCK * KERNELS_PANEL];
    const size_t count = tile_count(p->rows);
    if (count == 0) return;
    for (size_t panel = 0; panel < p->panels; panel++) {
        tile t = tile_at(p, panel, 0);
        const void *next = panel + 1 < p->panels ? weights_at(p, p->b, panel + 1, 0) : NULL;
        look_ahead(&t, next, KERNELS_PANEL * size_of(p->kind), count);
        if (p->kind == OF_HALVES) {
            widen(OF_HALVES, p->depth * KERNELS_PANEL, t.b, widened);
            t.b = widened;
        }
        for (size_t i = 0; i < count; i++) {
            const size_t row = p->rows * i / count, height = p->rows * (i + 1) / count - row;
            t.a = p->a + row * p->depth;
            t.c = p->c + (ptrdiff_t)row * p->c_stride + panel * KERNELS_PANEL;
            t.row = row;
            multiply_packed_rows(&t, height, p->depth);
            have_asked(&t, p->depth);
        }
    }
}

static void matmul_tiles(size_t rows, size_t columns, size_t depth, const float *tiles, const float *b, ptrdiff_t panel_stride,
                         float *c, ptrdiff_t c_stride, int accumulate, const kernels_epilogue *epilogue) {
    product p = counted((product){
        .rows = rows, .columns = columns, .depth = depth, .a = tiles, .b = b, .panel_stride = panel_stride, .c = c,
        .c_stride = c_stride, .accumulate = accumulate, .epilogue = epilogue});
    multiply_tiles(&p);
}

static void matmul_tiles_f16(size_t rows, size_t columns, size_t depth, const float *tiles, const uint16_t *b,
                             ptrdiff_t panel_stride, float *c, ptrdiff_t c_stride, int accumulate,
                             const kernels_epilogue *epilogue) {
    product p = counted((product){
        .rows = rows, .columns = columns, .depth = depth, .a = tiles, .b = b, .panel_stride = panel_stride, .kind = OF_HALVES,
        .c = c, .c_stride = c_stride, .accumulate = accumulate, .epilogue = epilogue});
    multiply_tiles(&p);
}
