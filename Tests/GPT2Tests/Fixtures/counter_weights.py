"""Model weights from a counter: element i of tensor `name` is a pure function of (seed, name, i), bit for bit the
same here and in Tests/TestSupport/CounterWeights.swift, so a 500 MB checkpoint need not be stored to be tested.

    key     = mix(FNV-1a-64(name as UTF-8) + seed * G)          64-bit arithmetic, wrapping
    word(j) = mix(key + (j + 1) * G)                            G = 0x9E3779B97F4A7C15
    mix     = the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014)
    k       = bits 40..63 of word(i / 2) for even i, bits 16..39 for odd i
    value   = offset + (k - 2^23) * 2^-23 * scale

i counts row-major. A scale is a power of two, so the product is exact in float32; adding the offset rounds once, to
nearest even. Values are uniform in [offset - scale, offset + scale).

As a command it writes a Hugging Face directory (config.json, model.safetensors), without tokenizer files:
    counter_weights.py REFERENCE.json DIRECTORY
"""

import json
import os
import sys

import numpy as np

MASK = (1 << 64) - 1
G = 0x9E3779B97F4A7C15
CHUNK = 1 << 15  # words; the temporaries stay in the second-level cache


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def key_of(seed, name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return int(mix(np.array([(h + seed * G) & MASK], dtype=np.uint64))[0])


def tensor(seed, name, shape, offset, scale):
    """float32 array of `shape`. `scale` is a power of two."""
    assert np.frexp(scale)[0] == 0.5, f"{name}: scale {scale} is not a power of two"
    count = int(np.prod(shape))
    out = np.empty(2 * ((count + 1) // 2), dtype=np.float32)
    pairs = out.reshape(-1, 2)
    key, unit = key_of(seed, name), np.float32(scale * 2.0**-23)
    steps = np.arange(1, CHUNK + 1, dtype=np.uint64) * np.uint64(G)
    for first in range(0, len(pairs), CHUNK):
        n = min(CHUNK, len(pairs) - first)
        word = mix(steps[:n] + np.uint64((key + first * G) & MASK))
        pairs[first : first + n, 0] = (word >> np.uint64(40)).astype(np.int32) - (1 << 23)
        pairs[first : first + n, 1] = ((word >> np.uint64(16)) & np.uint64(0xFFFFFF)).astype(np.int32) - (1 << 23)
    out *= unit
    if offset:
        out += np.float32(offset)
    return out[:count].reshape(shape)


def shapes(config):
    """Names and shapes of a GPT-2 checkpoint's tensors, in the order in which they are written."""
    c, inner = config["n_embd"], config.get("n_inner") or 4 * config["n_embd"]
    yield "transformer.wte.weight", (config["vocab_size"], c)
    yield "transformer.wpe.weight", (config["n_positions"], c)
    for layer in range(config["n_layer"]):
        block = {
            "ln_1.weight": (c,), "ln_1.bias": (c,),
            "attn.c_attn.weight": (c, 3 * c), "attn.c_attn.bias": (3 * c,),
            "attn.c_proj.weight": (c, c), "attn.c_proj.bias": (c,),
            "ln_2.weight": (c,), "ln_2.bias": (c,),
            "mlp.c_fc.weight": (c, inner), "mlp.c_fc.bias": (inner,),
            "mlp.c_proj.weight": (inner, c), "mlp.c_proj.bias": (c,),
        }  # fmt: skip
        for name, shape in block.items():
            yield f"transformer.h.{layer}.{name}", shape
    yield "transformer.ln_f.weight", (c,)
    yield "transformer.ln_f.bias", (c,)
    if not config.get("tie_word_embeddings", True):
        yield "lm_head.weight", (config["vocab_size"], c)


def rule_for(name, rules):
    """`rules` maps the end of a name ("attn.c_proj.weight") to [offset, scale]."""
    return next(rule for end, rule in rules.items() if name == end or name.endswith("." + end))


def checkpoint(config, seed, rules):
    return {name: tensor(seed, name, shape, *rule_for(name, rules)) for name, shape in shapes(config)}


def write_directory(reference, directory):
    from safetensors.numpy import save_file

    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/config.json", "w") as file:
        json.dump({"model_type": "gpt2", **reference["config"]}, file, indent=1)
    weights = checkpoint(reference["config"], reference["seed"], reference["rules"])
    save_file(weights, f"{directory}/model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        write_directory(json.load(file), sys.argv[2])
