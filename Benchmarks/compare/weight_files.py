"""Bytes of the tensors inside a file of weights."""

import json


def tensors(path):
    """Name and bytes of each tensor of a .gguf or .safetensors file."""
    if path.endswith(".gguf"):
        import gguf

        return {tensor.name: int(tensor.n_bytes) for tensor in gguf.GGUFReader(path).tensors}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    header.pop("__metadata__", None)
    return {name: entry["data_offsets"][1] - entry["data_offsets"][0] for name, entry in header.items()}


def weight_bytes(path):
    """Of all tensors: a GGUF file also holds the tokenizer."""
    return sum(tensors(path).values())


def bytes_read(path):
    """What one decoded token reads: all but the positions, of which it needs a row. The head is the tied embedding."""
    return sum(size for name, size in tensors(path).items() if "wpe" not in name and "position_embd" not in name)
