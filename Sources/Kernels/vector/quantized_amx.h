/// Products with quantised weights by AMX, whose tiles multiply 16 rows of 32 bytes with a block's 32 x 16 in one instruction;
/// included in quantized.h for tables that have it.
///
/// Sums of products of bytes are whole numbers, so a tile gives the bits that every other kernel gives.

#define AMX_TILE 16
/// Rows that pass a run of blocks together: their bytes stay in the second cache, and their sums in the first.
#define AMX_ROWS 256
/// Blocks whose numbers stay in the first cache meanwhile.
#define AMX_BLOCKS 32
#define AMX_BLOCK_BYTES (KERNELS_QUANT_BLOCK * KERNELS_PANEL)

typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_a_row[16];
    uint8_t rows[16];
} amx_configuration;
_Static_assert(sizeof(amx_configuration) == 64, "what LDTILECFG reads");

#if !defined(LOAD_TILES)
// GCC 12 takes the intrinsic to read 8 bytes only, and leaves out the writes of the others.
#define LOAD_TILES(configuration) __asm__ volatile("ldtilecfg %0" : : "m"(configuration))
#endif

/// Tiles 0 to 3 are sums of rows, 4 and 5 the rows' bytes, 6 and 7 a block's numbers.
static void configure_tiles(void) {
    amx_configuration tiles = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        tiles.rows[i] = i < 6 ? AMX_TILE : 8;
        tiles.bytes_a_row[i] = i == 4 || i == 5 ? KERNELS_QUANT_BLOCK : 64;
    }
    LOAD_TILES(tiles);
}

/// A tile of rows and some blocks of one panel.
typedef struct {
    size_t blocks;
    const int8_t *values;       // of the rows' first block; the next is `value_stride` bytes on
    const float *value_scales;  // the next block's are `all_rows` floats on
    size_t value_stride, all_rows;
    const uint8_t *scales;  // of the weights; the next block's are `scale_stride` bytes on
    size_t scale_stride;
    const uint8_t *numbers;  // of the weights as signed bytes, likewise
    size_t number_stride;
    const uint8_t *end;  // of all weights; null if this tile asks for nothing
} amx_run;

#define MULTIPLY_BLOCK(SUMS, VALUES, NUMBERS)                                              \
    do {                                                                                   \
        _tile_loadd(NUMBERS, run->numbers + k * run->number_stride, 64);                   \
        _tile_loadd(VALUES, run->values + k * run->value_stride, KERNELS_QUANT_BLOCK);     \
        _tile_zero(SUMS);                                                                  \
        _tile_dpbssd(SUMS, VALUES, NUMBERS);                                               \
        _tile_stored(SUMS, dots, 64);                                                      \
    } while (0)

/// The sums of products of block k, which is of turn k mod 4. The processor has few tiles beyond the eight with names, so four
/// take the sums in turn.
static ALWAYS_INLINE void multiply_block_of_turn(const size_t turn, const amx_run *run, size_t k, int32_t *dots) {
    if (turn == 0) MULTIPLY_BLOCK(0, 4, 6);
    else if (turn == 1) MULTIPLY_BLOCK(1, 5, 7);
    else if (turn == 2) MULTIPLY_BLOCK(2, 4, 6);
    else MULTIPLY_BLOCK(3, 5, 7);
}

/// Adds to the sums of the rows what one block gave.
static ALWAYS_INLINE void add_dots(const amx_run *run, size_t k, const int32_t *dots, __m512 *totals) {
    const float *scales = run->value_scales + k * run->all_rows;
    const __m512 weights = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(run->scales + k * run->scale_stride)));
    UNROLL for (size_t r = 0; r < AMX_TILE; r++) {
        __m512 product = _mm512_cvtepi32_ps(_mm512_load_si512(dots + r * KERNELS_PANEL));
        totals[r] = _mm512_fmadd_ps(product, _mm512_mul_ps(_mm512_set1_ps(scales[r]), weights), totals[r]);
    }
}

/// Asks for what takes block k's place in the next run.
static ALWAYS_INLINE void ask_for_block(const amx_run *run, size_t k) {
    const size_t ahead = (run->blocks + k) * run->scale_stride;
    if (!run->end || (size_t)(run->end - run->scales) < ahead + run->scale_stride) return;
    for (size_t line = 0; line < run->scale_stride; line += 64) __builtin_prefetch(run->scales + ahead + line, 0, 2);
}

static ALWAYS_INLINE void multiply_run(const amx_run *run, float *sums) {
    int32_t dots[4][AMX_TILE * KERNELS_PANEL] __attribute__((aligned(64)));
    __m512 totals[AMX_TILE];
    UNROLL for (size_t r = 0; r < AMX_TILE; r++) totals[r] = _mm512_loadu_ps(sums + r * KERNELS_PANEL);
    multiply_block_of_turn(0, run, 0, dots[0]);
    // One block is multiplied while what the one before gave is added.
    for (size_t first = 0; first < run->blocks; first += 4) {
        UNROLL for (size_t i = 0; i < 4; i++) {
            const size_t k = first + i, next = (i + 1) % 4;
            if (k < run->blocks) {
                ask_for_block(run, k);
                if (k + 1 < run->blocks) multiply_block_of_turn(next, run, k + 1, dots[next]);
                add_dots(run, k, dots[i], totals);
            }
        }
    }
    UNROLL for (size_t r = 0; r < AMX_TILE; r++) _mm512_storeu_ps(sums + r * KERNELS_PANEL, totals[r]);
}

/// The numbers of some blocks of a panel as signed bytes: where they lie, or opened into `opened`.
static ALWAYS_INLINE void open_blocks(const int bits, amx_run *run, uint8_t *opened) {
    run->numbers = run->scales + 32;
    run->number_stride = run->scale_stride;
    if (bits == 8) return;
    const __m512i low = _mm512_set1_epi8(15), eight = _mm512_set1_epi8(8);
    for (size_t k = 0; k < run->blocks; k++) {
        UNROLL for (size_t i = 0; i < 4; i++) {
            __m512i pair = _mm512_loadu_si512(run->numbers + k * run->scale_stride + 64 * i);
            __m512i even = _mm512_and_si512(pair, low), odd = _mm512_and_si512(_mm512_srli_epi16(pair, 4), low);
            _mm512_store_si512(opened + k * AMX_BLOCK_BYTES + 128 * i, _mm512_sub_epi8(even, eight));
            _mm512_store_si512(opened + k * AMX_BLOCK_BYTES + 128 * i + 64, _mm512_sub_epi8(odd, eight));
        }
    }
    __asm__ volatile("" : : : "memory");  // nor does it know that tiles are loaded from memory
    run->numbers = opened;
    run->number_stride = AMX_BLOCK_BYTES;
}

/// The sums of `rows` rows from row `first` on and one panel. The last tile is of the last rows of all, some of which the one
/// before it may have had; it has a place of its own.
/// - Parameter sums: [tiles, 16 rows, 16].
static ALWAYS_INLINE void multiply_rows_by_tiles(size_t first, size_t rows, size_t blocks, const int bits,
                                                 const kernels_quantized_rows *a, const uint8_t *b, const uint8_t *end,
                                                 float *sums) {
    uint8_t opened[AMX_BLOCKS * AMX_BLOCK_BYTES] __attribute__((aligned(64)));
    memset(sums, 0, (rows + AMX_TILE - 1) / AMX_TILE * AMX_TILE * KERNELS_PANEL * sizeof(float));
    for (size_t from = 0; from < blocks; from += AMX_BLOCKS) {
        amx_run run = {
            .blocks = blocks - from < AMX_BLOCKS ? blocks - from : AMX_BLOCKS,
            .value_stride = a->rows * KERNELS_QUANT_BLOCK,
            .all_rows = a->rows,
            .scales = b + from * block_bytes(bits),
            .scale_stride = block_bytes(bits),
        };
        open_blocks(bits, &run, opened);
        for (size_t r = 0; r < rows; r += AMX_TILE) {
            const size_t row = a->rows - first - r < AMX_TILE ? a->rows - AMX_TILE : first + r;
            run.values = a->values + (from * a->rows + row) * KERNELS_QUANT_BLOCK;
            run.value_scales = a->scales + from * a->rows + row;
            run.end = r == 0 ? end : NULL;
            multiply_run(&run, sums + r * KERNELS_PANEL);
        }
    }
}

/// - Precondition: at least 16 rows, and a block.
static ALWAYS_INLINE void matmul_by_tiles(size_t columns, size_t blocks, const int bits, const kernels_quantized_rows *a,
                                          const uint8_t *b, float *c, ptrdiff_t c_stride, const kernels_epilogue *epilogue) {
    float sums[AMX_ROWS * KERNELS_PANEL];
    const size_t panels = (columns + KERNELS_PANEL - 1) / KERNELS_PANEL, stride = blocks * block_bytes(bits);
    configure_tiles();
    for (size_t first = 0; first < a->rows; first += AMX_ROWS) {
        const size_t rows = a->rows - first < AMX_ROWS ? a->rows - first : AMX_ROWS, left = rows % AMX_TILE;
        for (size_t panel = 0; panel < panels; panel++) {
            const size_t column = panel * KERNELS_PANEL;
            multiply_rows_by_tiles(first, rows, blocks, bits, a, b + panel * stride, b + panels * stride, sums);
            finish_panel(rows - left, columns, sums, c, c_stride, first, column, epilogue);
            // Of the last tile those rows that the one before has not.
            if (left > 0)
                finish_panel(left, columns, sums + (rows - left + AMX_TILE - left) * KERNELS_PANEL, c, c_stride,
                             first + rows - left, column, epilogue);
        }
    }
    _tile_release();
}
