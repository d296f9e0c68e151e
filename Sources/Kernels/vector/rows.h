/// Layer norm, softmax and activations over one row; sums in the sixteen lanes that Kernels.h describes.

#define LANE_VECTORS (16 / LANES)

/// Runs BODY for every vector of a row of `count`: `i` its first element, `n` how many exist, `lane` its place among
/// the sixteen lanes.
#define FOR_EACH_VECTOR(count, BODY)                                                   \
    {                                                                                  \
        size_t i = 0, whole = (count) / 16 * 16;                                       \
        for (; i < whole; i += 16) {                                                   \
            UNROLL for (size_t lane = 0; lane < LANE_VECTORS; lane++) {                \
                const size_t n = LANES, at = i + lane * LANES;                         \
                BODY                                                                   \
            }                                                                          \
        }                                                                              \
        for (size_t lane = 0; i + lane * LANES < (count); lane++) {                    \
            const size_t at = i + lane * LANES;                                        \
            const size_t n = (count) - at < LANES ? (count) - at : LANES;              \
            BODY                                                                       \
        }                                                                              \
    }

static ALWAYS_INLINE V load(const float *x, size_t n) { return n == LANES ? v_load(x) : v_load_n(x, n); }

static ALWAYS_INLINE void store(float *y, V value, size_t n) {
    if (n == LANES) v_store(y, value);
    else v_store_n(y, value, n);
}

static ALWAYS_INLINE float sum_of_lanes(const V *sums) {
    float lanes[16];
    for (size_t v = 0; v < LANE_VECTORS; v++) v_store(lanes + v * LANES, sums[v]);
    for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
    }
    return lanes[0];
}

static ALWAYS_INLINE void clear_lanes(V *sums) {
    for (size_t v = 0; v < LANE_VECTORS; v++) sums[v] = v_zero();
}

/// The larger of `largest` and the n numbers at x; what is not a number is passed over.
static ALWAYS_INLINE V with_larger(V largest, const float *x, size_t n) {
    // v_max gives its second operand where the first is not a number
    if (n == LANES) return v_max(v_load(x), largest);
    for (size_t j = 0; j < n; j++) largest = v_max(v_set1(x[j]), largest);
    return largest;
}

static ALWAYS_INLINE float largest_lane(V v) {
    float lanes[LANES];
    v_store(lanes, v);
    UNROLL for (size_t half = LANES / 2; half > 0; half /= 2) {
        UNROLL for (size_t l = 0; l < half; l++) lanes[l] = lanes[l + half] > lanes[l] ? lanes[l + half] : lanes[l];
    }
    return lanes[0];
}

static void layer_norm(size_t count, const float *x, const float *gain, const float *bias, float epsilon, float *y,
                       float *statistics) {
    V sums[LANE_VECTORS];
    clear_lanes(sums);
    FOR_EACH_VECTOR(count, { sums[lane] = v_add(sums[lane], load(x + at, n)); })
    const float mean = sum_of_lanes(sums) / (float)count;
    const V means = v_set1(mean);
    clear_lanes(sums);
    FOR_EACH_VECTOR(count, {
        V centred = v_first(v_sub(load(x + at, n), means), n);  // beyond the row: 0, not -mean
        sums[lane] = v_fma(centred, centred, sums[lane]);
    })
    const float rstd = 1.0f / sqrtf(sum_of_lanes(sums) / (float)count + epsilon);
    const V scale = v_set1(rstd);
    FOR_EACH_VECTOR(count, {
        V scaled = v_mul(v_sub(load(x + at, n), means), scale);
        store(y + at, v_fma(scaled, load(gain + at, n), bias ? load(bias + at, n) : v_zero()), n);
    })
    statistics[0] = mean;
    statistics[1] = rstd;
}

static void softmax(size_t count, float scale, float *x) {
    const V scales = v_set1(scale);
    V largest = v_set1(-INFINITY);
    FOR_EACH_VECTOR(count, {
        V scaled = v_mul(load(x + at, n), scales);
        store(x + at, scaled, n);
        largest = with_larger(largest, x + at, n);
    })
    const V tops = v_set1(largest_lane(largest));
    V sums[LANE_VECTORS];
    clear_lanes(sums);
    FOR_EACH_VECTOR(count, {
        V power = v_first(exponential(v_sub(load(x + at, n), tops)), n);
        store(x + at, power, n);
        sums[lane] = v_add(sums[lane], power);
    })
    const V reciprocal = v_set1(1.0f / sum_of_lanes(sums));
    FOR_EACH_VECTOR(count, { store(x + at, v_mul(load(x + at, n), reciprocal), n); })
}

static void multiply_adds(size_t rounds, float *x) {
    enum { together = LANES == 4 ? 24 : 12 };  // enough to hide the latency, few enough for registers
    _Static_assert(KERNELS_CHAINS % (together * LANES) == 0, "whole groups");
    const V a = v_set1(0.999f), b = v_set1(0.001f);
    for (size_t first = 0; first < KERNELS_CHAINS; first += together * LANES) {
        V chains[together];
        UNROLL for (size_t i = 0; i < together; i++) chains[i] = v_load(x + first + i * LANES);
        for (size_t round = 0; round < rounds; round++)
            UNROLL for (size_t i = 0; i < together; i++) chains[i] = v_fma(a, b, chains[i]);
        UNROLL for (size_t i = 0; i < together; i++) v_store(x + first + i * LANES, chains[i]);
    }
}

static float block_maxima(size_t count, const float *x, float *maxima) {
    V unordered = v_zero();
    float all = -INFINITY;
    for (size_t first = 0; first < count; first += KERNELS_MAXIMA_BLOCK) {
        const size_t length = count - first < KERNELS_MAXIMA_BLOCK ? count - first : KERNELS_MAXIMA_BLOCK;
        V largest = v_set1(-INFINITY);
        FOR_EACH_VECTOR(length, {
            unordered = v_keep_nan(load(x + first + at, n), unordered);
            largest = with_larger(largest, x + first + at, n);
        })
        const float of_block = largest_lane(largest);
        maxima[first / KERNELS_MAXIMA_BLOCK] = of_block + 0.0f;
        if (of_block > all) all = of_block;
    }
    float lanes[LANES];
    v_store(lanes, unordered);
    for (size_t l = 0; l < LANES; l++)
        if (lanes[l] != lanes[l]) return NAN;
    return all + 0.0f;
}

static void activate(size_t count, kernels_activation activation, const float *x, float *y) {
    FOR_EACH_VECTOR(count, { store(y + at, activated(activation, load(x + at, n)), n); })
}
