"""Makes this folder's references: PyTorch's own layers in float64.

    python -m venv venv && venv/bin/pip install torch safetensors numpy && venv/bin/python make_layers.py
"""

import json
import os

import parity
import torch
from safetensors.torch import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))

# channels, heads, inner, encoder layers, decoder layers, batch, source, target
SHAPES = {
    "small": (8, 2, 12, 1, 1, 2, 5, 4),
    "odd": (18, 3, 20, 2, 2, 2, 7, 6),
    "single": (16, 1, 20, 1, 2, 3, 1, 9),
    "long": (8, 2, 12, 1, 1, 2, 70, 37),
}


def padding(batch, length):
    """True at the end of all sequences but the first; each keeps at least one key."""
    return [[i >= max(1, length - 2 * b) for i in range(length)] for b in range(batch)]


def blocked(rows, columns):
    """A pattern that leaves each row at least its first key."""
    return [[j > 0 and (3 * i + 5 * j) % 4 == 1 for j in range(columns)] for i in range(rows)]


def additive(name, *shape):
    return parity.counted(f"mask.{name}", shape, (0, 2))


def masks(names, heads, batch, source, target):
    """Arguments of nn.Transformer, and what the Swift test makes the same masks from."""
    arguments, settings = {}, dict(masks=names)
    if "causal" in names:
        arguments["tgt_mask"] = torch.ones(target, target, dtype=torch.bool).triu(1)
    if "source padding" in names:
        settings["source_padding"] = padding(batch, source)
        arguments["src_key_padding_mask"] = torch.tensor(settings["source_padding"])
        arguments["memory_key_padding_mask"] = torch.tensor(settings["source_padding"])
    if "target padding" in names:
        settings["target_padding"] = padding(batch, target)
        arguments["tgt_key_padding_mask"] = torch.tensor(settings["target_padding"])
    if "blocked" in names:
        settings["source_blocked"] = blocked(source, source)
        settings["memory_blocked"] = blocked(target, source)
        arguments["src_mask"] = torch.tensor(settings["source_blocked"])
        arguments["memory_mask"] = torch.tensor(settings["memory_blocked"])
    if "additive" in names:
        arguments["src_mask"] = additive("source", source, source)
        arguments["tgt_mask"] = additive("target", target, target)
        arguments["memory_mask"] = additive("memory", target, source)
    if "per head" in names:
        arguments["src_mask"] = additive("source", batch * heads, source, source)
        arguments["memory_mask"] = additive("memory", batch * heads, target, source)
    # PyTorch wants the two masks of an attention in the same type.
    for mask, pad in [("src_mask", "src_key_padding_mask"), ("tgt_mask", "tgt_key_padding_mask"),
                      ("memory_mask", "memory_key_padding_mask")]:  # fmt: skip
        if mask in arguments and pad in arguments and arguments[mask].dtype != torch.bool:
            arguments[pad] = torch.zeros(arguments[pad].shape).double().masked_fill(arguments[pad], -torch.inf)
    return arguments, settings


ALL = ["causal", "source padding", "target padding", "blocked"]
MASKS = [
    [], ["causal"], ["source padding"], ["target padding"], ["blocked"], ["additive"], ["per head"],
    ALL, ["additive", "source padding", "target padding"],
]  # fmt: skip


def transformer(fixture, shape, names, norm_first, activation="relu", bias=True):
    channels, heads, inner, encoders, decoders, batch, source, target = SHAPES[shape]
    module = nn.Transformer(
        channels, heads, encoders, decoders, inner, dropout=0.0, activation=activation, norm_first=norm_first,
        batch_first=True, bias=bias)
    arguments, settings = masks(names, heads, batch, source, target)
    name = f"{shape}, {' + '.join(names) or 'no mask'}, {'pre' if norm_first else 'post'}-norm, {activation}"
    fixture.add(
        name + ("" if bias else ", no biases"), module,
        dict(source=(batch, source, channels), target=(batch, target, channels)),
        lambda m, source, target: m(source, target, **arguments),
        channels=channels, heads=heads, inner=inner, encoder_layers=encoders, decoder_layers=decoders,
        norm_first=norm_first, activation=activation, bias=bias, **settings,
    )  # fmt: skip


def transformers():
    fixture = parity.Fixture(HERE, "transformer")
    for norm_first in [False, True]:
        for names in MASKS:
            transformer(fixture, "small", names, norm_first, activation="gelu" if names == ["causal"] else "relu")
        transformer(fixture, "odd", ALL, norm_first, activation="gelu")
        transformer(fixture, "single", ALL, norm_first)
        transformer(fixture, "long", ALL[:3], norm_first)
        transformer(fixture, "small", ALL, norm_first, bias=False)
    fixture.write()


def attentions():
    """nn.MultiheadAttention: the output beside the weights of each head, [B, Tq, C + H Tk]."""
    fixture = parity.Fixture(HERE, "attention")
    for name, (channels, heads, batch, queries, keys) in {
        "one head": (6, 1, 1, 3, 5), "heads": (12, 4, 2, 6, 6), "heads of one channel": (5, 5, 3, 2, 40),
    }.items():  # fmt: skip
        for mask in ["none", "padding", "additive", "all padding"]:
            module = nn.MultiheadAttention(channels, heads, batch_first=True)
            settings, arguments = dict(channels=channels, heads=heads, mask=mask), {}
            if mask == "padding":
                settings["padding"] = padding(batch, keys)
                arguments["key_padding_mask"] = torch.tensor(settings["padding"])
            if mask == "all padding":  # the first sequence's keys are all masked
                settings["padding"] = [[b == 0 for _ in range(keys)] for b in range(batch)]
                arguments["key_padding_mask"] = torch.tensor(settings["padding"])
            if mask == "additive":
                arguments["attn_mask"] = additive("additive", queries, keys)

            def forward(m, query, key, value):
                if mask == "all padding":  # with weights PyTorch gives NaN, without them zeros
                    return m(query, key, value, need_weights=False, **arguments)[0]
                output, weights = m(query, key, value, average_attn_weights=False, **arguments)
                # The weights are looked at, but no gradient is asked of them.
                return torch.cat([output, weights.detach().permute(0, 2, 1, 3).flatten(2)], dim=-1)

            fixture.add(
                f"{name}, {mask}", module,
                dict(query=(batch, queries, channels), key=(batch, keys, channels), value=(batch, keys, channels)),
                forward, **settings)  # fmt: skip
    fixture.write()


def widths():
    """nn.MultiheadAttention whose keys and values have widths of their own."""
    fixture = parity.Fixture(HERE, "widths")
    for heads, batch, queries, keys, channels, kdim, vdim in [
        (1, 1, 3, 5, 4, 7, 3), (2, 2, 6, 4, 8, 5, 12), (3, 3, 1, 20, 6, 6, 1),
    ]:  # fmt: skip
        module = nn.MultiheadAttention(channels, heads, kdim=kdim, vdim=vdim, bias=heads != 3, batch_first=True)
        fixture.add(
            f"{channels} to {kdim} and {vdim}", module,
            dict(query=(batch, queries, channels), key=(batch, keys, kdim), value=(batch, keys, vdim)),
            lambda m, query, key, value: m(query, key, value, need_weights=False)[0],
            channels=channels, heads=heads, bias=heads != 3, key=kdim, value=vdim)  # fmt: skip
    fixture.write()


class Small(nn.Module):
    """What Transformer does not hold: a norm without bias, learned positions, an embedding."""

    def __init__(self, vocabulary, positions, channels):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, channels)
        self.positions = nn.Embedding(positions, channels)
        self.norm = nn.LayerNorm(channels, eps=1e-3, bias=False)
        self.head = nn.Linear(channels, vocabulary, bias=False)

    def forward(self, x, tokens):
        x = x + self.tokens(tokens) + self.positions(torch.arange(2, 2 + tokens.shape[1]))
        return self.head(nn.functional.silu(self.norm(x)))


def others():
    fixture = parity.Fixture(HERE, "others")
    for vocabulary, channels, batch, time in [(7, 5, 2, 3), (40, 17, 1, 9), (3, 32, 3, 1)]:
        tokens = [[(5 * b + 3 * t * t) % vocabulary for t in range(time)] for b in range(batch)]
        fixture.add(
            f"{vocabulary} tokens, {channels} channels", Small(vocabulary, time + 4, channels),
            dict(x=(batch, time, channels)), lambda m, x: m(x, torch.tensor(tokens)), channels=channels, tokens=tokens,
            vocabulary=vocabulary, positions=time + 4)  # fmt: skip
    fixture.write()


def states():
    """A state dictionary in each type, of numbers that all of them hold."""
    linear = nn.Linear(3, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1, -2, 0.5], [0.25, 3, -0.125]]))
        linear.bias.copy_(torch.tensor([-1.5, 8]))
    for dtype in ["float16", "bfloat16", "float32", "float64"]:
        save_file(linear.to(getattr(torch, dtype)).state_dict(), f"{HERE}/linear-{dtype}.safetensors")


def states_of_stacks():
    """State dictionaries as PyTorch writes them, and what the modules make of counted inputs."""
    found = {}

    def keep(name, module, inputs, **arguments):
        module = module.double().eval()
        with torch.no_grad():
            for path, parameter in module.named_parameters():
                parameter.copy_(parity.counted(path, tuple(parameter.shape)))
            output = module(*(parity.counted(f"input.{key}", shape) for key, shape in inputs.items()), **arguments)
        save_file(module.float().state_dict(), f"{HERE}/state-{name}.safetensors")
        output = output[0] if isinstance(output, tuple) else output
        found[name] = dict(inputs=inputs, output=[float(f"{v:.9g}") for v in output.flatten().tolist()])

    keep(
        "transformer", nn.Transformer(8, 2, 1, 1, 12, dropout=0.0, batch_first=True),
        dict(source=(2, 4, 8), target=(2, 3, 8)), tgt_mask=torch.ones(3, 3, dtype=torch.bool).triu(1))  # fmt: skip
    keep(
        "widths", nn.MultiheadAttention(6, 2, kdim=4, vdim=5, batch_first=True),
        dict(query=(2, 3, 6), key=(2, 4, 4), value=(2, 4, 5)), need_weights=False)  # fmt: skip
    with open(f"{HERE}/states.json", "w") as file:
        file.write(json.dumps(dict(seed=parity.SEED, modules=found), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    states()
    states_of_stacks()
    transformers()
    attentions()
    widths()
    others()
