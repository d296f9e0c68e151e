"""Where the windows of a training step start, as BatchSampler's documentation says."""


def philox(seed, stream, position):
    """Philox4x32-10 (Salmon et al., 2011): the first two of the four words, as one number."""
    low, mask = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
    counter = [position & low, position >> 32, stream & low, stream >> 32]
    key = [seed & low, seed >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0] & mask, 0xCD9E8D57 * counter[2] & mask
        counter = [b >> 32 ^ counter[1] ^ key[0], b & low, a >> 32 ^ counter[3] ^ key[1], a & low]
        key = [key[0] + 0x9E3779B9 & low, key[1] + 0xBB67AE85 & low]
    return counter[1] << 32 | counter[0]


def window_starts(seed, step, windows, tokens, context):
    """Uniform over the windows that have a target for each token; "data" in ASCII keeps the stream apart from others."""
    stream = (int.from_bytes(b"data", "big") << 32) + step
    return [philox(seed, stream, place) * (tokens - context) >> 64 for place in range(windows)]
