/// Dropout. A vector W of LANES / 2 wide lanes holds one word of as many Philox counters; only the low half of a lane
/// counts, and the rounds let the high half carry what it will.

#define COUNTERS (LANES / 2)

/// The ten rounds.
static ALWAYS_INLINE void philox(uint64_t seed, uint64_t stream, W counters, W *words) {
    W c0 = counters, c1 = w_high(counters), c2 = w_set1(stream), c3 = w_set1(stream >> 32);
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    UNROLL for (int round = 0; round < 10; round++) {
        W even = w_multiply(c0, w_set1(PHILOX_MULTIPLIER_0)), odd = w_multiply(c2, w_set1(PHILOX_MULTIPLIER_1));
        c0 = w_xor(w_xor(w_high(odd), c1), w_set1(key0));
        c1 = odd;
        c2 = w_xor(w_xor(w_high(even), c3), w_set1(key1));
        c3 = even;
        key0 += PHILOX_WEYL_0;
        key1 += PHILOX_WEYL_1;
    }
    // Words 0 to 3 of the first half of the counters, then of the second half, when those took the even and the odd lanes.
    W low = w_pair(c0, c1), high = w_pair(c2, c3);
    words[0] = w_even_lanes(low, high);
    words[1] = w_odd_lanes(low, high);
}

static void dropout(size_t count, uint64_t seed, uint64_t stream, uint64_t position, uint32_t threshold, float scale,
                    const float *x, float *y) {
    size_t i = (size_t)(-position % 4);  // up to the next whole block
    if (i > count) i = count;
    if (i > 0) kernels_scalar.dropout(i, seed, stream, position, threshold, scale, x, y);
    uint64_t first[COUNTERS];
    for (size_t l = 0; l < COUNTERS; l++) first[l] = (position + i) / 4 + l / 2 + l % 2 * (COUNTERS / 2);
    W counters = w_load(first), words[2];
    const W step = w_set1(COUNTERS);
    const V scales = v_set1(scale);
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        philox(seed, stream, counters, words);
        counters = w_add(counters, step);
        v_store(y + i, v_where_reached(words[0], threshold, v_mul(v_load(x + i), scales)));
        v_store(y + i + LANES, v_where_reached(words[1], threshold, v_mul(v_load(x + i + LANES), scales)));
    }
    if (i < count) kernels_scalar.dropout(count - i, seed, stream, position + i, threshold, scale, x + i, y + i);
}
