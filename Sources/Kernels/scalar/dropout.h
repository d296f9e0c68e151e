/// Dropout, one random word an element.

/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011): the four words at a counter of a stream.
static void philox(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t *words) {
    uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        uint64_t even = (uint64_t)c[0] * PHILOX_MULTIPLIER_0, odd = (uint64_t)c[2] * PHILOX_MULTIPLIER_1;
        c[0] = (uint32_t)(odd >> 32) ^ c[1] ^ key[0];
        c[1] = (uint32_t)odd;
        c[2] = (uint32_t)(even >> 32) ^ c[3] ^ key[1];
        c[3] = (uint32_t)even;
        key[0] += PHILOX_WEYL_0;
        key[1] += PHILOX_WEYL_1;
    }
    memcpy(words, c, sizeof c);
}

static void dropout(size_t count, uint64_t seed, uint64_t stream, uint64_t position, uint32_t threshold, float scale,
                    const float *x, float *y) {
    uint32_t words[4];
    for (size_t i = 0; i < count; i++) {
        uint64_t at = position + i;
        if (i == 0 || at % 4 == 0) philox(seed, stream, at / 4, words);
        y[i] = words[at % 4] >= threshold ? x[i] * scale : 0.0f;
    }
}
