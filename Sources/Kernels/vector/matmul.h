/// Matmul for one instruction set; included after its vector.h operations are defined.
///
/// A tile is up to TILE_ROWS rows by a few panels, held in registers over one block of the depth. The `static inline`
/// functions take the tile's size as constants, so that every size gets straight-line code.

#define PANEL_VECTORS (KERNELS_PANEL / LANES)
/// Panels that one row takes together where they are at most so deep.
#define NEAR_PANELS 4
#define NEAR_DEPTH 64

typedef struct {
    const float *a;
    ptrdiff_t a_stride;
    const void *b;  // floats, or where `half` says so IEEE half precision
    ptrdiff_t panel_stride;
    float *c;
    ptrdiff_t c_stride;
    size_t columns;  // that exist, from c on; the tile's last panel may have fewer than 16
    int accumulate;
    const kernels_epilogue *epilogue;  // null unless the sum is complete with this block
    size_t row, column;                // of c within the whole output, for the epilogue's operands
    const char *ahead;                 // what to ask the memory for meanwhile, `ahead_step` bytes on with each of the depth
    size_t ahead_step;
    size_t ahead_left;                 // bytes of each of its lines that nobody has asked for yet
    ptrdiff_t ahead_stride;            // bytes from one panel of it to the next
} tile;

/// Lets the tiles of some rows ask for what comes next, each for its share of a panel's `bytes` for each of the depth. If
/// nothing comes they ask for what they have: to ask for memory that nobody has is slow.
static ALWAYS_INLINE void look_ahead(tile *t, const void *next, size_t bytes, size_t rows) {
    size_t tiles = rows > TILE_ROWS ? (rows + TILE_ROWS - 1) / TILE_ROWS : 1;
    t->ahead = next ? next : t->b;
    t->ahead_step = next ? (bytes + tiles - 1) / tiles : 0;
    t->ahead_left = next ? bytes : 0;
    t->ahead_stride = next ? t->panel_stride * (ptrdiff_t)(bytes / KERNELS_PANEL) : 0;
}

/// Stores one vector of the tile: adds what came before, applies the epilogue. `count` elements exist.
static ALWAYS_INLINE void finish(const tile *t, V sum, float *c, size_t row, size_t column, size_t count) {
    int whole = count >= LANES;
    if (t->accumulate) sum = v_add(whole ? v_load(c) : v_load_n(c, count), sum);
    const kernels_epilogue *e = t->epilogue;
    if (e) {
        if (e->bias) {
            const float *bias = e->bias + t->column + column;
            sum = v_add(sum, whole ? v_load(bias) : v_load_n(bias, count));
        }
        if (e->activation != kernels_identity) sum = activated(e->activation, sum);
        if (e->residual) {
            const float *residual = e->residual + (ptrdiff_t)(t->row + row) * e->residual_stride + t->column + column;
            sum = v_add(sum, whole ? v_load(residual) : v_load_n(residual, count));
        }
    }
    if (whole) v_store(c, sum);
    else v_store_n(c, sum, count);
}

/// - Parameter far: whether one row's weights come from memory in streams that are asked for a little ahead; else, and for many
///   rows, the tile says what to ask for.
static ALWAYS_INLINE void multiply_weights(const tile *t, const size_t rows, const size_t panels, size_t depth, const int half,
                                           const int far) {
    V sums[TILE_ROWS][8][PANEL_VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t p = 0; p < panels; p++)
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][p][v] = v_zero();
    // Many rows take long enough for their output to come meanwhile.
    if (rows > 2)
        UNROLL for (size_t r = 0; r < rows; r++)
            UNROLL for (size_t p = 0; p < panels; p++)
                __builtin_prefetch(t->c + (ptrdiff_t)r * t->c_stride + p * KERNELS_PANEL, 1, 3);
    const float *a = t->a;
    const float *floats = t->b;
    const uint16_t *halves = t->b;
    for (size_t k = 0; k < depth; k++) {
        V columns[8][PANEL_VECTORS];
        UNROLL for (size_t p = 0; p < panels; p++) {
            ptrdiff_t line = (ptrdiff_t)p * t->panel_stride + (ptrdiff_t)k * KERNELS_PANEL;
            // Many rows take their time, so what they ask for waits in the second cache.
            const char *ahead = t->ahead + (ptrdiff_t)p * t->ahead_stride + k * t->ahead_step;
            if (rows > 2) __builtin_prefetch(ahead, 0, 2);
            if (rows == 1 && !far && !(half && k % 2)) __builtin_prefetch(ahead, 0, 3);
            if (far && !half) __builtin_prefetch(floats + line + PREFETCH_LINES * KERNELS_PANEL, 0, 3);
            if (far && half && k % 2 == 0) __builtin_prefetch(halves + line + 2 * PREFETCH_LINES * KERNELS_PANEL, 0, 3);
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) {
                ptrdiff_t at = line + (ptrdiff_t)v * LANES;
                columns[p][v] = half ? v_widen(halves + at) : v_load(floats + at);
            }
        }
        UNROLL for (size_t r = 0; r < rows; r++) {
            V value = v_set1(a[(ptrdiff_t)r * t->a_stride + (ptrdiff_t)k]);
            UNROLL for (size_t p = 0; p < panels; p++)
                UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][p][v] = v_fma(value, columns[p][v], sums[r][p][v]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t p = 0; p < panels; p++)
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) {
                size_t column = p * KERNELS_PANEL + v * LANES;
                if (column < t->columns)
                    finish(t, sums[r][p][v], t->c + (ptrdiff_t)r * t->c_stride + column, r, column, t->columns - column);
            }
}

static ALWAYS_INLINE void multiply(const tile *t, const size_t rows, const size_t panels, size_t depth) {
    multiply_weights(t, rows, panels, depth, 0, rows == 1);
}
static void multiply_1_f16(const tile *t, size_t panels, size_t depth) {
    if (panels == NEAR_PANELS && depth <= NEAR_DEPTH) multiply_weights(t, 1, NEAR_PANELS, depth, 1, 0);
    else if (panels == FAR_PANELS) multiply_weights(t, 1, FAR_PANELS, depth, 1, 1);
    else multiply_weights(t, 1, 1, depth, 1, 1);
}

static void multiply_1(const tile *t, size_t panels, size_t depth) {
    if (panels == NEAR_PANELS && depth <= NEAR_DEPTH) multiply_weights(t, 1, NEAR_PANELS, depth, 0, 0);
    else if (panels == FAR_PANELS) multiply(t, 1, FAR_PANELS, depth);
    else if (panels == WIDE_PANELS) multiply(t, 1, WIDE_PANELS, depth);  // the row left over from tiles of many
    else multiply(t, 1, 1, depth);
}
static void multiply_2(const tile *t, size_t panels, size_t depth) {
    if (panels == 2) multiply(t, 2, 2, depth);
    else multiply(t, 2, 1, depth);
}
static void multiply_3(const tile *t, size_t panels, size_t depth) {
    if (panels == WIDE_PANELS) multiply(t, 3, WIDE_PANELS, depth);
    else multiply(t, 3, 1, depth);
}
static void multiply_4(const tile *t, size_t panels, size_t depth) {
    if (panels == WIDE_PANELS) multiply(t, 4, WIDE_PANELS, depth);
    else multiply(t, 4, 1, depth);
}
static void multiply_5(const tile *t, size_t panels, size_t depth) {
    if (panels == WIDE_PANELS) multiply(t, 5, WIDE_PANELS, depth);
    else multiply(t, 5, 1, depth);
}
static void multiply_6(const tile *t, size_t panels, size_t depth) {
    if (panels == WIDE_PANELS) multiply(t, 6, WIDE_PANELS, depth);
    else multiply(t, 6, 1, depth);
}

static void multiply_rows(const tile *t, size_t rows, size_t panels, size_t depth) {
    switch (rows) {
        case 1: multiply_1(t, panels, depth); break;
        case 2: multiply_2(t, panels, depth); break;
        case 3: multiply_3(t, panels, depth); break;
        case 4: multiply_4(t, panels, depth); break;
        case 5: multiply_5(t, panels, depth); break;
        default: multiply_6(t, panels, depth); break;
    }
}

/// Rows of a whose blocks of the depth are copied side by side where their own places would fight over the caches' sets.
#define ROWS_COPIED 48
#define COPY_STRIDE (KERNELS_DEPTH_BLOCK + 16)

/// Whether rows so far apart meet in a few sets of the caches, and pass enough panels for a copy to pay.
static int rows_collide(size_t rows, size_t panels, ptrdiff_t a_stride) {
    return rows > 2 * TILE_ROWS && panels >= 4 && a_stride % 512 == 0;
}

/// The tiles of some rows and a group of panels, over one block of the depth.
static ALWAYS_INLINE void multiply_block(tile t, size_t first, size_t rows, size_t group, size_t length, const float *a,
                                         float *c) {
    for (size_t row = 0; row < rows; row += TILE_ROWS) {
        t.a = a + (ptrdiff_t)row * t.a_stride;
        t.c = c + (ptrdiff_t)row * t.c_stride;
        t.row = first + row;
        multiply_rows(&t, rows - row < TILE_ROWS ? rows - row : TILE_ROWS, group, length);
        t.ahead += length * t.ahead_step;
        // Shares are rounded up, so the last tiles may find less left, or nothing.
        t.ahead_left -= t.ahead_step;
        if (t.ahead_left < t.ahead_step) t.ahead_step = t.ahead_left;
        if (t.ahead_step == 0) look_ahead(&t, NULL, 0, 1);
    }
}

/// How many of the panels that are left go together. For one row long ones come from memory, in no more streams than it serves
/// well; short ones are a page of keys or values that was asked for before, where more sums at once keep the multipliers busy.
static ALWAYS_INLINE size_t panels_together(size_t rows, size_t left, size_t depth) {
    size_t wanted = rows == 1 ? FAR_PANELS : rows == 2 ? 2 : WIDE_PANELS;
    int near = rows == 1 && depth <= NEAR_DEPTH && left >= NEAR_PANELS;
    if (near && (wanted < NEAR_PANELS || left < wanted)) return NEAR_PANELS;
    return left >= wanted ? wanted : 1;
}

static void matmul(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, const float *next, float *c, ptrdiff_t c_stride, int accumulate,
                   const kernels_epilogue *epilogue) {
    size_t panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    size_t blocks = depth == 0 ? 1 : (depth + KERNELS_DEPTH_BLOCK - 1) / KERNELS_DEPTH_BLOCK;
    // Few rows: the weights come from memory, so follow each panel to its end. Many rows: a block of one panel stays
    // in the first cache while all rows pass it.
    int few = rows <= TILE_ROWS, copied = rows_collide(rows, panels, a_stride);
    size_t outer = few ? 1 : blocks, inner = few ? blocks : 1;
    size_t rows_together = copied ? ROWS_COPIED : rows;
    float copy[ROWS_COPIED * COPY_STRIDE];
    for (size_t o = 0; o < outer; o++) {
        for (size_t first = 0; first < rows; first += rows_together) {
            size_t some = rows - first < rows_together ? rows - first : rows_together;
            const float *from = a + (ptrdiff_t)first * a_stride;
            if (copied) {
                size_t start = o * KERNELS_DEPTH_BLOCK;
                size_t length = depth - start < KERNELS_DEPTH_BLOCK ? depth - start : KERNELS_DEPTH_BLOCK;
                for (size_t r = 0; r < some; r++)
                    memcpy(copy + r * COPY_STRIDE, from + (ptrdiff_t)r * a_stride + start, length * sizeof(float));
            }
            for (size_t panel = 0; panel < panels;) {
                size_t group = panels_together(rows, panels - panel, depth);
                for (size_t i = 0; i < inner; i++) {
                    size_t block = o + i, start = block * KERNELS_DEPTH_BLOCK;
                    size_t length = depth - start < KERNELS_DEPTH_BLOCK ? depth - start : KERNELS_DEPTH_BLOCK;
                    const float *weights = b + (ptrdiff_t)panel * panel_stride + start * KERNELS_PANEL;
                    tile t = {
                        .a_stride = copied ? COPY_STRIDE : a_stride,
                        .b = weights,
                        .panel_stride = panel_stride,
                        .c_stride = c_stride,
                        .columns = columns - panel * KERNELS_PANEL,
                        .accumulate = accumulate || block > 0,
                        .epilogue = block + 1 == blocks ? epilogue : NULL,
                        .column = panel * KERNELS_PANEL,
                    };
                    // One row: the same place in what comes next. Many: the same block of the next panels. A few rows read
                    // each panel in one stream, which the processor follows by itself.
                    const float *then = next && (rows == 1 || !few) ? next + (weights - b) : NULL;
                    if (!few && panel + 2 * group <= panels) then = weights + (ptrdiff_t)group * panel_stride;
                    look_ahead(&t, then, KERNELS_PANEL * sizeof(float), some);
                    multiply_block(t, first, some, group, length, copied ? copy : from + start,
                                   c + (ptrdiff_t)first * c_stride + panel * KERNELS_PANEL);
                }
                panel += group;
            }
        }
    }
}

/// One row reads halves where they lie; for more rows a block of one panel is widened once, in the first cache.
static void matmul_f16(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const uint16_t *b,
                       ptrdiff_t panel_stride, const uint16_t *next, float *c, ptrdiff_t c_stride, int accumulate,
                       const kernels_epilogue *epilogue) {
    float widened[KERNELS_DEPTH_BLOCK * KERNELS_PANEL];
    size_t panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    size_t blocks = depth == 0 ? 1 : (depth + KERNELS_DEPTH_BLOCK - 1) / KERNELS_DEPTH_BLOCK;
    for (size_t panel = 0; panel < panels;) {
        size_t group = rows == 1 ? panels_together(rows, panels - panel, depth) : 1;
        for (size_t block = 0; block < blocks; block++) {
            size_t start = block * KERNELS_DEPTH_BLOCK;
            size_t length = depth - start < KERNELS_DEPTH_BLOCK ? depth - start : KERNELS_DEPTH_BLOCK;
            const uint16_t *halves = b + (ptrdiff_t)panel * panel_stride + start * KERNELS_PANEL;
            if (rows > 1) widen_f16(length * KERNELS_PANEL, halves, widened);
            tile t = {
                .a = a + start,
                .a_stride = a_stride,
                .b = rows > 1 ? (const void *)widened : halves,
                .panel_stride = panel_stride,
                .c = c + panel * KERNELS_PANEL,
                .c_stride = c_stride,
                .columns = columns - panel * KERNELS_PANEL,
                .accumulate = accumulate || block > 0,
                .epilogue = block + 1 == blocks ? epilogue : NULL,
                .column = panel * KERNELS_PANEL,
            };
            const uint16_t *then = next ? next + (halves - b) : NULL;
            if (rows > 1 && depth - start >= 2 * length) then = halves + length * KERNELS_PANEL;
            else if (rows > 1 && block + 1 < blocks) then = NULL;  // the next block is shorter
            else if (rows > 1 && panel + 1 < panels) then = b + (ptrdiff_t)(panel + 1) * panel_stride;
            look_ahead(&t, then, KERNELS_PANEL * sizeof(uint16_t), rows);
            if (rows == 1) multiply_1_f16(&t, group, length);
            else multiply_block(t, 0, rows, 1, length, t.a, t.c);
        }
        panel += group;
    }
}
