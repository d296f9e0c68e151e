/// Matmul for one instruction set; included after its vector.h operations are defined.
///
/// A tile is up to TILE_ROWS rows by a few panels, held in registers over one block of the depth. The `static inline`
/// functions take the tile's size as constants, so that every size gets straight-line code.

#define PANEL_VECTORS (KERNELS_PANEL / LANES)
/// Panels that one row takes together where they are at most so deep.
#define NEAR_PANELS 4
#define NEAR_DEPTH 64
/// Panels of a tile.
#define MOST_PANELS 4
_Static_assert(FAR_PANELS <= MOST_PANELS && NEAR_PANELS <= MOST_PANELS && WIDE_PANELS <= MOST_PANELS, "no tile has more");

/// What a matrix of weights, keys or values holds: all are floats once they are multiplied. IEEE half precision, signed bytes.
typedef enum { OF_FLOATS, OF_HALVES, OF_BYTES } numbers;

static ALWAYS_INLINE size_t size_of(const numbers kind) { return kind == OF_FLOATS ? 4 : kind == OF_HALVES ? 2 : 1; }

/// LANES numbers from the one at `at` on.
static ALWAYS_INLINE V load_numbers(const numbers kind, const void *b, ptrdiff_t at) {
    return kind == OF_FLOATS ? v_load((const float *)b + at)
        : kind == OF_HALVES ? v_widen((const uint16_t *)b + at)
                         : v_widen_bytes((const int8_t *)b + at);
}

/// `count`, a multiple of LANES.
static ALWAYS_INLINE void widen(const numbers kind, size_t count, const void *x, float *y) {
    for (size_t i = 0; i < count; i += LANES) v_store(y + i, load_numbers(kind, x, (ptrdiff_t)i));
}

typedef struct {
    const float *a;
    ptrdiff_t a_stride;
    const void *b;
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

/// Lets so many tiles ask for what comes next, each for its share of a panel's `bytes` for each of the depth. If nothing comes
/// they ask for what they have: to ask for memory that nobody has is slow.
static ALWAYS_INLINE void look_ahead(tile *t, const void *next, size_t bytes, size_t tiles) {
    t->ahead = next ? next : t->b;
    t->ahead_step = next ? (bytes + tiles - 1) / tiles : 0;
    t->ahead_left = next ? bytes : 0;
    t->ahead_stride = next ? t->panel_stride * (ptrdiff_t)(bytes / KERNELS_PANEL) : 0;
}

/// The tile has asked for its share over so much of the depth.
static ALWAYS_INLINE void have_asked(tile *t, size_t depth) {
    t->ahead += depth * t->ahead_step;
    // Shares are rounded up, so the last tiles may find less left, or nothing.
    t->ahead_left -= t->ahead_step;
    if (t->ahead_left < t->ahead_step) t->ahead_step = t->ahead_left;
    if (t->ahead_step == 0) look_ahead(t, NULL, 0, 1);
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

/// Stores a tile that has an epilogue, or fewer columns than panels have.
/// - Parameter sums: the vectors of each row, `stride` of them from one row to the next.
static __attribute__((noinline)) void finish_tile(const tile *t, size_t rows, size_t panels, const V *sums, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        float *c = t->c + (ptrdiff_t)r * t->c_stride;
        for (size_t column = 0; column < panels * KERNELS_PANEL && column < t->columns; column += LANES)
            finish(t, sums[r * stride + column / LANES], c + column, r, column, t->columns - column);
    }
}

/// - Parameter far: whether one row's weights come from memory in streams that are asked for a little ahead; else, and for many
///   rows, the tile says what to ask for.
static ALWAYS_INLINE void multiply_weights(const tile *t, const size_t rows, const size_t panels, size_t depth,
                                           const numbers kind, const int far) {
    V sums[TILE_ROWS][MOST_PANELS][PANEL_VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t p = 0; p < panels; p++)
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][p][v] = v_zero();
    // Many rows take long enough for their output to come meanwhile.
    if (rows > 2)
        UNROLL for (size_t r = 0; r < rows; r++)
            UNROLL for (size_t p = 0; p < panels; p++)
                __builtin_prefetch(t->c + (ptrdiff_t)r * t->c_stride + p * KERNELS_PANEL, 1, 3);
    const int asks = rows > (FEW_ROWS_ASK ? 1 : 2);
    const size_t a_line = 4 / size_of(kind);  // holds so many of the depth
    // One pointer for every three rows: addressing reaches the other two, one and two strides on. The asm below hides that they
    // move together, else each row's place is computed anew.
    const float *at[(TILE_ROWS + 2) / 3];
    UNROLL for (size_t i = 0; i < (rows + 2) / 3; i++) at[i] = t->a + 3 * (ptrdiff_t)i * t->a_stride;
    const ptrdiff_t stride = t->a_stride;
    for (size_t k = 0; k < depth; k++) {
        V columns[MOST_PANELS][PANEL_VECTORS];
        UNROLL for (size_t p = 0; p < panels; p++) {
            ptrdiff_t line = (ptrdiff_t)p * t->panel_stride + (ptrdiff_t)k * KERNELS_PANEL;
            // Many rows take their time, so what they ask for waits in the second cache.
            const char *ahead = t->ahead + (ptrdiff_t)p * t->ahead_stride + k * t->ahead_step;
            if (asks && k % a_line == 0) __builtin_prefetch(ahead, 0, 2);
            if (rows == 1 && !far && k % a_line == 0) __builtin_prefetch(ahead, 0, NEAR_LEVEL);
            if (PREFETCH_LINES && far && k % a_line == 0)
                __builtin_prefetch((const char *)t->b + (size_t)line * size_of(kind) + PREFETCH_LINES * 64, 0, 3);
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++)
                columns[p][v] = load_numbers(kind, t->b, line + (ptrdiff_t)v * LANES);
        }
        UNROLL for (size_t r = 0; r < rows; r++) {
            V value = v_set1(at[r / 3][(ptrdiff_t)(r % 3) * stride]);
            UNROLL for (size_t p = 0; p < panels; p++)
                UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) sums[r][p][v] = v_fma(value, columns[p][v], sums[r][p][v]);
        }
        UNROLL for (size_t i = 0; i < (rows + 2) / 3; i++) {
            at[i]++;
            __asm__("" : "+r"(at[i]));
        }
    }
    if (t->epilogue || t->columns < panels * KERNELS_PANEL) {
        // A copy, since what others may look at does not stay in registers.
        V finished[TILE_ROWS][MOST_PANELS][PANEL_VECTORS];
        UNROLL for (size_t r = 0; r < rows; r++)
            UNROLL for (size_t p = 0; p < panels; p++)
                UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) finished[r][p][v] = sums[r][p][v];
        finish_tile(t, rows, panels, &finished[0][0][0], MOST_PANELS * PANEL_VECTORS);
        return;
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t p = 0; p < panels; p++)
            UNROLL for (size_t v = 0; v < PANEL_VECTORS; v++) {
                float *c = t->c + (ptrdiff_t)r * t->c_stride + p * KERNELS_PANEL + v * LANES;
                v_store(c, t->accumulate ? v_add(v_load(c), sums[r][p][v]) : sums[r][p][v]);
            }
}

static ALWAYS_INLINE void multiply(const tile *t, const size_t rows, const size_t panels, size_t depth) {
    multiply_weights(t, rows, panels, depth, OF_FLOATS, rows == 1);
}

static void multiply_1(const tile *t, size_t panels, size_t depth) {
    if (panels == NEAR_PANELS && depth <= NEAR_DEPTH) multiply_weights(t, 1, NEAR_PANELS, depth, OF_FLOATS, 0);
    else if (panels == FAR_PANELS) multiply(t, 1, FAR_PANELS, depth);
    else if (panels == NEAR_PANELS) multiply(t, 1, NEAR_PANELS, depth);
    else if (panels == 2) multiply(t, 1, 2, depth);
    else multiply(t, 1, 1, depth);
}
static void multiply_2(const tile *t, size_t panels, size_t depth) {
    if (panels == 2) multiply(t, 2, 2, depth);
    else multiply(t, 2, 1, depth);
}
#define MULTIPLY(ROWS)                                                                 \
    static void multiply_##ROWS(const tile *t, size_t panels, size_t depth) {          \
        if (WIDE_PANELS > 1 && panels == WIDE_PANELS) multiply(t, ROWS, WIDE_PANELS, depth); \
        else multiply(t, ROWS, 1, depth);                                              \
    }
MULTIPLY(3)
MULTIPLY(4)
MULTIPLY(5)
MULTIPLY(6)
#if TILE_ROWS > 6
MULTIPLY(7)
MULTIPLY(8)
MULTIPLY(9)
MULTIPLY(10)
MULTIPLY(11)
MULTIPLY(12)
#endif

static void multiply_rows(const tile *t, size_t rows, size_t panels, size_t depth) {
    switch (rows) {
        case 1: multiply_1(t, panels, depth); break;
        case 2: multiply_2(t, panels, depth); break;
        case 3: multiply_3(t, panels, depth); break;
        case 4: multiply_4(t, panels, depth); break;
        case 5: multiply_5(t, panels, depth); break;
        case 6: multiply_6(t, panels, depth); break;
#if TILE_ROWS > 6
        case 7: multiply_7(t, panels, depth); break;
        case 8: multiply_8(t, panels, depth); break;
        case 9: multiply_9(t, panels, depth); break;
        case 10: multiply_10(t, panels, depth); break;
        case 11: multiply_11(t, panels, depth); break;
        case 12: multiply_12(t, panels, depth); break;
#endif
    }
}

/// Rows that are a single tile: each number is widened once.
static ALWAYS_INLINE void multiply_widening(const tile *t, size_t rows, size_t panels, size_t depth, const numbers kind) {
    switch (rows) {
        case 1:
            if (panels == NEAR_PANELS && depth <= NEAR_DEPTH) multiply_weights(t, 1, NEAR_PANELS, depth, kind, 0);
            else if (panels == FAR_PANELS) multiply_weights(t, 1, FAR_PANELS, depth, kind, 1);
            else if (panels == NEAR_PANELS) multiply_weights(t, 1, NEAR_PANELS, depth, kind, 1);
            else if (panels == 2) multiply_weights(t, 1, 2, depth, kind, 1);
            else multiply_weights(t, 1, 1, depth, kind, 1);
            break;
        case 2: multiply_weights(t, 2, 1, depth, kind, 0); break;
        case 3: multiply_weights(t, 3, 1, depth, kind, 0); break;
        case 4: multiply_weights(t, 4, 1, depth, kind, 0); break;
        case 5: multiply_weights(t, 5, 1, depth, kind, 0); break;
        case 6: multiply_weights(t, 6, 1, depth, kind, 0); break;
#if TILE_ROWS > 6
        case 7: multiply_weights(t, 7, 1, depth, kind, 0); break;
        case 8: multiply_weights(t, 8, 1, depth, kind, 0); break;
        case 9: multiply_weights(t, 9, 1, depth, kind, 0); break;
        case 10: multiply_weights(t, 10, 1, depth, kind, 0); break;
        case 11: multiply_weights(t, 11, 1, depth, kind, 0); break;
        case 12: multiply_weights(t, 12, 1, depth, kind, 0); break;
#endif
    }
}

static void multiply_halves(const tile *t, size_t rows, size_t panels, size_t depth) {
    multiply_widening(t, rows, panels, depth, OF_HALVES);
}
static void multiply_bytes(const tile *t, size_t rows, size_t panels, size_t depth) {
    multiply_widening(t, rows, panels, depth, OF_BYTES);
}

/// What a kernel was asked for; the `a` of those that have tiles are these.
typedef struct {
    size_t rows, columns, depth;
    const float *a;
    ptrdiff_t a_stride;
    const void *b;
    ptrdiff_t panel_stride;
    const void *next;
    float *c;
    ptrdiff_t c_stride;
    int accumulate;
    const kernels_epilogue *epilogue;
    numbers kind;           // of b
    size_t panels, blocks;  // of columns and depth
} product;

static ALWAYS_INLINE size_t first_of(size_t block) { return block * KERNELS_DEPTH_BLOCK; }

/// The depth of a block.
static ALWAYS_INLINE size_t length_of(const product *p, size_t block) {
    size_t left = p->depth - first_of(block);
    return left < KERNELS_DEPTH_BLOCK ? left : KERNELS_DEPTH_BLOCK;
}

/// A block of a panel of `b`, or of what comes after it in its shape.
static ALWAYS_INLINE const void *weights_at(const product *p, const void *b, size_t panel, size_t block) {
    ptrdiff_t at = (ptrdiff_t)panel * p->panel_stride + (ptrdiff_t)(first_of(block) * KERNELS_PANEL);
    return (const char *)b + at * (ptrdiff_t)size_of(p->kind);
}

static ALWAYS_INLINE tile tile_at(const product *p, size_t panel, size_t block) {
    return (tile){
        .a = p->a + first_of(block),
        .a_stride = p->a_stride,
        .b = weights_at(p, p->b, panel, block),
        .panel_stride = p->panel_stride,
        .c = p->c + panel * KERNELS_PANEL,
        .c_stride = p->c_stride,
        .columns = p->columns - panel * KERNELS_PANEL,
        .accumulate = p->accumulate || block > 0,
        .epilogue = block + 1 == p->blocks ? p->epilogue : NULL,
        .column = panel * KERNELS_PANEL,
    };
}

/// How many of the panels that are left go together. For one row long ones come from memory, in no more streams than it serves
/// well; short ones are a page of keys or values that was asked for before, where more sums at once keep the multipliers busy.
/// A few rows by halves or bytes, which are widened on their way, take one.
static ALWAYS_INLINE size_t panels_together(const product *p, size_t left) {
    if (p->rows > 1) {
        size_t wanted = p->kind != OF_FLOATS && p->rows <= TILE_ROWS ? 1 : p->rows == 2 ? 2 : WIDE_PANELS;
        return left >= wanted ? wanted : 1;
    }
    if (left >= FAR_PANELS && !(FAR_PANELS < NEAR_PANELS && p->depth <= NEAR_DEPTH)) return FAR_PANELS;
    return left >= NEAR_PANELS ? NEAR_PANELS : left >= 2 ? 2 : 1;
}

/// The rows of one tile: the weights come from memory, so each panel is followed to its end.
static void multiply_few(const product *p) {
    for (size_t panel = 0; panel < p->panels;) {
        size_t group = panels_together(p, p->panels - panel);
        for (size_t block = 0; block < p->blocks; block++) {
            tile t = tile_at(p, panel, block);
            // One row asks for the same place in what comes next. A few read each panel in one stream: some processors follow
            // it by themselves, others are asked for the next panels.
            const void *then = p->next && p->rows == 1 ? weights_at(p, p->next, panel, block) : NULL;
            if (FEW_ROWS_ASK && p->rows > 1 && panel + 2 * group <= p->panels) then = weights_at(p, p->b, panel + group, block);
            look_ahead(&t, then, KERNELS_PANEL * size_of(p->kind), 1);
            const size_t length = length_of(p, block);
            if (p->kind == OF_BYTES) multiply_bytes(&t, p->rows, group, length);
            else if (p->kind == OF_HALVES) multiply_halves(&t, p->rows, group, length);
            else multiply_rows(&t, p->rows, group, length);
        }
        panel += group;
    }
}

/// Rows of several tiles, as attention has them: a panel's block stays in the first cache while they pass it.
static void multiply_many(const product *p) {
    float widened[WIDE_PANELS * KERNELS_DEPTH_BLOCK * KERNELS_PANEL];
    // As few tiles as may be, whose heights differ by one at most: a low one is not worth its weights.
    const size_t tiles = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t panel = 0; panel < p->panels;) {
        const size_t group = panels_together(p, p->panels - panel);
        for (size_t block = 0; block < p->blocks; block++) {
            const size_t length = length_of(p, block);
            tile t = tile_at(p, panel, block);
            const void *then = panel + 2 * group <= p->panels ? weights_at(p, p->b, panel + group, block) : NULL;
            if (panel + group == p->panels && p->next && p->blocks == 1) then = p->next;
            look_ahead(&t, then, KERNELS_PANEL * size_of(p->kind), tiles);
            if (p->kind != OF_FLOATS) {
                for (size_t i = 0; i < group; i++) {
                    const void *from = weights_at(p, p->b, panel + i, block);
                    float *to = widened + i * length * KERNELS_PANEL;
                    if (p->kind == OF_BYTES) widen(OF_BYTES, length * KERNELS_PANEL, from, to);
                    else widen(OF_HALVES, length * KERNELS_PANEL, from, to);
                }
                t.b = widened;
                t.panel_stride = (ptrdiff_t)(length * KERNELS_PANEL);
            }
            const float *a = t.a;
            float *c = t.c;
            for (size_t i = 0; i < tiles; i++) {
                const size_t row = p->rows * i / tiles, end = p->rows * (i + 1) / tiles;
                t.a = a + (ptrdiff_t)row * t.a_stride;
                t.c = c + (ptrdiff_t)row * t.c_stride;
                t.row = row;
                multiply_rows(&t, end - row, group, length);
                have_asked(&t, length);
            }
        }
        panel += group;
    }
}

/// With the numbers of panels and blocks.
static ALWAYS_INLINE product counted(product p) {
    p.panels = (p.columns + KERNELS_PANEL - 1) / KERNELS_PANEL;
    p.blocks = p.depth == 0 ? 1 : (p.depth + KERNELS_DEPTH_BLOCK - 1) / KERNELS_DEPTH_BLOCK;
    return p;
}

static ALWAYS_INLINE void multiply_product(product p) {
    if (p.rows == 0) return;
    p = counted(p);
    if (p.rows <= TILE_ROWS) multiply_few(&p);
    else multiply_many(&p);
}

static void matmul(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const float *b,
                   ptrdiff_t panel_stride, const float *next, float *c, ptrdiff_t c_stride, int accumulate,
                   const kernels_epilogue *epilogue) {
    multiply_product((product){
        .rows = rows, .columns = columns, .depth = depth, .a = a, .a_stride = a_stride, .b = b, .panel_stride = panel_stride,
        .next = next, .c = c, .c_stride = c_stride, .accumulate = accumulate, .epilogue = epilogue});
}

static void matmul_f16(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const uint16_t *b,
                       ptrdiff_t panel_stride, const uint16_t *next, float *c, ptrdiff_t c_stride, int accumulate,
                       const kernels_epilogue *epilogue) {
    multiply_product((product){
        .rows = rows, .columns = columns, .depth = depth, .a = a, .a_stride = a_stride, .b = b, .panel_stride = panel_stride,
        .kind = OF_HALVES, .next = next, .c = c, .c_stride = c_stride, .accumulate = accumulate, .epilogue = epilogue});
}

static void matmul_bytes(size_t rows, size_t columns, size_t depth, const float *a, ptrdiff_t a_stride, const int8_t *b,
                         ptrdiff_t panel_stride, const int8_t *next, float *c, ptrdiff_t c_stride, int accumulate) {
    if (next) {
        const int8_t *behind = next + (ptrdiff_t)((columns + KERNELS_PANEL - 1) / KERNELS_PANEL) * panel_stride;
        for (int i = 0; i < 4; i++) __builtin_prefetch(behind + i * 64, 0, NEAR_LEVEL);
    }
    multiply_product((product){
        .rows = rows, .columns = columns, .depth = depth, .a = a, .a_stride = a_stride, .b = b, .panel_stride = panel_stride,
        .kind = OF_BYTES, .next = next, .c = c, .c_stride = c_stride, .accumulate = accumulate});
}
