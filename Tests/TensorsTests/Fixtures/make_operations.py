"""Makes operations.json: outputs and gradients of the tape's operations as PyTorch computes them in float64.

    python -m venv venv && venv/bin/pip install torch numpy && venv/bin/python make_operations.py

The cases are those of ../Cases, under the same names. Inputs are counted (counter_weights.py of GPT2Tests) under
CASE/INPUT; the gradient of the output is counted under CASE/seed. Of each tensor the file holds every stride-th element,
the sum of all, the sum of their magnitudes, and the largest magnitude.
"""

import json
import math
import os
import sys

import numpy as np
import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../GPT2Tests/Fixtures")
import counter_weights  # noqa: E402

SEED = 11
ELEMENTS = 48
cases = {}


def summary(tensor):
    values = tensor.detach().double().flatten()
    stride = max(1, len(values) // ELEMENTS | 1) if len(values) > 2 * ELEMENTS else 1
    return dict(
        shape=list(tensor.shape), sum=values.sum().item(), magnitude=values.abs().sum().item(),
        largest=max(values.abs().tolist(), default=0.0), stride=stride,
        elements=[float(f"{v:.9g}") for v in values[::stride].tolist()])  # fmt: skip


def case(name, forward, **inputs):
    """`inputs` maps a name to a shape, or to (shape, offset, scale)."""
    tensors = {}
    for key, spec in inputs.items():
        shape, offset, scale = spec if isinstance(spec[0], tuple) else (spec, 0, 1)
        values = counter_weights.tensor(SEED, f"{name}/{key}", shape, offset, scale)
        tensors[key] = torch.tensor(values).double().requires_grad_()
    output = forward(**tensors)
    seed = counter_weights.tensor(SEED, f"{name}/seed", tuple(output.shape), 0, 1)
    output.backward(torch.tensor(seed).double())
    assert name not in cases
    cases[name] = dict(output=summary(output), gradients={k: summary(t.grad) for k, t in tensors.items()})


# linear

ACTIVATIONS = {
    "identity": lambda x: x * 1, "gelu_new": lambda x: functional.gelu(x, approximate="tanh"), "gelu": functional.gelu,
    "relu": torch.relu, "silu": functional.silu, "tanh": torch.tanh,
}  # fmt: skip

for variant, shape, outputs in [
    ("", (3, 5), 7), (": one number", (1, 1), 1), (": one long row", (1, 300), 17), (": three axes", (2, 3, 5), 4),
    (": wide", (33, 40), 400), (": no rows", (0, 4), 3), (": no inputs", (3, 0), 4), (": no outputs", (3, 4), 0),
]:  # fmt: skip
    case("linear" + variant, lambda x, weight: x @ weight, x=shape, weight=(shape[-1], outputs))
blocks = dict(x=(270, 300), bias=(20,), residual=(270, 20))
case("linear: blocks", lambda x, weight, bias, residual: x @ weight + bias + residual, **blocks, weight=(300, 20))
case(
    "linear: blocks, outputs by inputs", lambda x, weight, bias, residual: x @ weight.T + bias + residual, **blocks,
    weight=(20, 300))  # fmt: skip
case(
    "linear: outputs by inputs", lambda x, weight, bias: functional.linear(x, weight, bias), x=(4, 6), weight=(9, 6),
    bias=(9,))  # fmt: skip
residual = dict(x=(4, 6), weight=(6, 9), bias=(9,), residual=(4, 9))
case("linear: bias, residual", lambda x, weight, bias, residual: x @ weight + bias + residual, **residual)
case(
    "linear: bias, activation, residual",
    lambda x, weight, bias, residual: ACTIVATIONS["gelu_new"](x @ weight + bias) + residual, **residual)  # fmt: skip
case("linear: the same tensor as input and residual", lambda x, weight: x @ weight + x, x=(3, 5), weight=(5, 5))

# element by element

case("add", lambda a, b: a + b, a=(3, 5), b=(3, 5))
case("add: twice the same", lambda a: a + a, a=(3, 5))
case("scale", lambda x: x * -2.5, x=(3, 5))
case("multiply", lambda a, b: a * b, a=(3, 5), b=(3, 5))
case("multiply: twice the same", lambda a: a * a, a=(3, 5))
case("sum", lambda x: x.sum()[None], x=(3, 5))
case("sum: of nothing", lambda x: x.sum()[None], x=(0,))
for name, rows, columns in [("gelu_new", 100, 70), ("gelu_new", 0, 7)] + [(name, 3, 21) for name in ACTIVATIONS]:
    case(f"activate: {name} {rows}", lambda x: ACTIVATIONS[name](x), x=((rows, columns), 0, 4))

# norms


def norm_inputs(rows, channels):
    return dict(x=(rows, channels), gain=((channels,), 1, 0.5), bias=(channels,))


def textbook(x, gain, bias):
    return gain * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6) + bias


for rows, channels in [(4, 6), (1, 1), (3, 770), (130, 33), (0, 5)]:
    case(
        f"layerNorm: {rows} x {channels}",
        lambda x, gain, bias: functional.layer_norm(x, x.shape[-1:], gain, bias, float(np.float32(1e-5))),
        **norm_inputs(rows, channels))  # fmt: skip
case(
    "layerNorm: without bias, three axes", lambda x, gain: functional.layer_norm(x, x.shape[-1:], gain, None, 0.125),
    x=(2, 3, 6), gain=((6,), 1, 0.5))  # fmt: skip
for rows, channels in [(4, 6), (5, 2), (130, 33)]:
    case(f"textbookLayerNorm: {rows} x {channels}", textbook, **norm_inputs(rows, channels))
statistics = torch.tensor([i % 4 / 2 + 0.25 for i in range(10)]).double().reshape(5, 2)
case(
    "normalize", lambda x, gain, bias: gain * (x - statistics[:, :1]) * statistics[:, 1:] + bias, **norm_inputs(5, 3)
)

# attention


def philox(stream, counter, seed=7):
    """The four words of Philox4x32-10 of Salmon, Moraes, Dror and Shaw (2011)."""
    mask = 0xFFFFFFFF
    c = [counter & mask, counter >> 32, stream & mask, stream >> 32]
    key = [seed & mask, seed >> 32]
    for _ in range(10):
        even, odd = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [odd >> 32 ^ c[1] ^ key[0], odd & mask, even >> 32 ^ c[3] ^ key[1], even & mask]
        key = [key[0] + 0x9E3779B9 & mask, key[1] + 0xBB67AE85 & mask]
    return c


def kept(position, rate, number=1, step=3):
    word = philox(step << 20 | number, position // 4)[position % 4]
    return 0.0 if word < round(rate * 2**32) else 1 / (1 - rate)


def attend(q, k, v, heads, spans, scale=None, causal=False, padding=None, additive=None, rate=0, pattern=None):
    size = q.shape[-1] // heads
    output = torch.zeros_like(q)
    for sequence, (queries, keys) in enumerate(spans):
        for head in range(heads):
            channels = slice(head * size, (head + 1) * size)
            count = (queries.stop - queries.start, keys.stop - keys.start)
            bias = torch.zeros(count).double()
            if causal:
                hidden = torch.ones(count).triu(1 + count[1] - count[0]).bool()
                bias = bias.masked_fill(hidden, -math.inf)
            if padding is not None:
                bias = bias + padding[keys]
            if additive is not None:
                bias = bias + (additive if additive.ndim == 2 else additive[sequence * heads + head])
            scores = q[queries, channels] @ k[keys, channels].T * (scale or 1 / float(np.float32(size**0.5)))
            blind = (bias == -math.inf).all(-1, keepdim=True)
            weights = torch.softmax(torch.where(blind, 0.0, scores + bias), -1) * ~blind
            if pattern is not None and sequence == 0:
                weights = pattern[head]
            if rate:
                weights = weights * torch.tensor(
                    [[kept((row * heads + head << 20) + key, rate) for key in range(count[1])]
                     for row in range(queries.start, queries.stop)]).double()  # fmt: skip
            output = output + torch.nn.functional.pad(
                weights @ v[keys, channels],
                (channels.start, q.shape[1] - channels.stop, queries.start, q.shape[0] - queries.stop))  # fmt: skip
    return output


def slices(lengths):
    spans, queries, keys = [], 0, 0
    for length in lengths:
        spans.append((slice(queries, queries + length[0]), slice(keys, keys + length[1])))
        queries, keys = queries + length[0], keys + length[1]
    return spans, queries, keys


def apart(variant, lengths, heads, size, **options):
    spans, queries, keys = slices(lengths)
    case(
        "multiHeadAttention" + variant, lambda q, k, v: attend(q, k, v, heads, spans, **options),
        q=((queries, heads * size), 0, 2), k=((keys, heads * size), 0, 2), v=(keys, heads * size))  # fmt: skip


def together(variant, lengths, heads, size, **options):
    spans, rows, _ = slices([(length, length) for length in lengths])
    case(
        "multiHeadAttention" + variant,
        lambda x: attend(*x.split(heads * size, dim=1), heads, spans, causal=True, **options),
        x=((rows, 3 * heads * size), 0, 2))  # fmt: skip


apart("", [(4, 4)], 2, 3)
apart(": one number", [(1, 1)], 1, 1)
apart(": sequences of different lengths", [(2, 5), (4, 1), (1, 3)], 2, 3)
apart(": no queries or no keys", [(0, 3), (2, 0), (3, 2)], 2, 3)
apart(": causal, fewer keys than queries", [(5, 3), (2, 0)], 2, 3, causal=True)
apart(": causal, more keys than queries", [(3, 6), (1, 4)], 2, 3, causal=True)
apart(": strips", [(40, 130), (33, 64)], 3, 5)
apart(": dropout", [(40, 70)], 2, 4, rate=0.3)
sharing = [(slice(0, 20), slice(0, 40)), (slice(20, 40), slice(10, 40)), (slice(40, 60), slice(0, 40))]
case(
    "multiHeadAttention: keys that sequences share", lambda q, k, v: attend(q, k, v, 3, sharing, 0.5),
    q=(60, 12), k=(40, 12), v=(40, 12))  # fmt: skip
case(
    "multiHeadAttention: rows of no sequence",
    lambda q, k, v: attend(q, k, v, 2, [(slice(1, 4), slice(2, 4))], 0.5), q=(6, 4), k=(5, 4), v=(5, 4))  # fmt: skip
case(
    "multiHeadAttention: the same columns as queries, keys and values",
    lambda x: attend(x, x, x, 2, [(slice(0, 5), slice(0, 5))], 0.5), x=(5, 6))  # fmt: skip
together(": causal, side by side", [5, 3], 2, 3)
together(": causal, strips", [75, 33], 2, 20)
together(": causal, dropout", [35, 6], 2, 3, rate=0.5)
pattern = torch.tensor([i * 7 % 11 / 8 - 0.5 for i in range(24)]).double().reshape(2, 3, 4)
case(
    "multiHeadAttention: a pattern put in place of one sequence's",
    lambda q, k, v: attend(q, k, v, 2, slices([(3, 4), (5, 6)])[0], 0.5, pattern=pattern),
    q=((8, 6), 0, 2), k=((10, 6), 0, 2), v=(10, 6))  # fmt: skip
case(
    "multiHeadAttention: columns",
    lambda x, memory: attend(x[:, 4:10], memory[:, 1:7], memory[:, 3:9], 2, [(slice(0, 3), slice(0, 4))], 0.5),
    x=(3, 11), memory=(4, 9))  # fmt: skip


def padding(hidden, count=8):
    return torch.tensor([-math.inf if i in hidden else 0.0 for i in range(count)]).double()


def additive(*shape, hiding=None):
    values = [-math.inf if i % 6 == 4 or i // shape[-1] == hiding else i * 7 % 5 / 2 - 1 for i in range(math.prod(shape))]
    return torch.tensor(values).double().reshape(shape)


apart(": key padding", [(4, 5), (2, 3)], 2, 3, padding=padding([2, 6]))
apart(": key padding, causal", [(4, 5), (3, 3)], 2, 3, causal=True, padding=padding([0, 7]))
apart(": padding of all keys", [(4, 5), (2, 3)], 2, 3, padding=padding([5, 6, 7]))
apart(
    ": causal, padding of all keys that the first queries see", [(5, 5), (3, 3)], 2, 3, causal=True,
    padding=padding([0, 1, 5]))  # fmt: skip
apart(": additive", [(4, 4), (4, 4)], 2, 3, additive=additive(4, 4))
apart(": additive for each head", [(4, 4), (4, 4)], 2, 3, additive=additive(4, 4, 4))
apart(": additive, hiding rows", [(4, 4), (4, 4)], 2, 3, additive=additive(4, 4, hiding=2))
apart(
    ": everything, strips", [(35, 70), (35, 70)], 2, 3, causal=True,
    padding=padding(range(1, 140, 9), 140), additive=additive(4, 35, 70))  # fmt: skip

# moving rows and columns

case("embed", lambda table: table[[4, 0, 4, 2, 4]], table=(5, 3))
case("embed: many rows", lambda table: table[[i * i % 6 for i in range(200)]], table=(7, 130))
case("embed: no rows", lambda table: table[torch.tensor([], dtype=int)], table=(5, 3))
for variant, start, end in [("", 2, 5), (": all", 0, 7), (": none", 3, 3)]:
    case("columns" + variant, lambda x: x[:, start:end], x=(3, 7))
case("columns: three axes, overlapping", lambda x: (x[..., 0:4] * x[..., 2:6]).flatten(0, 1), x=(2, 3, 7))
for variant, start, end in [("", 1, 4), (": all", 0, 6), (": none", 6, 6)]:
    case("rows" + variant, lambda x: x[start:end], x=(6, 3))
case("rows: overlapping", lambda x: x.flatten(0, 1)[0:4] * x.flatten(0, 1)[1:5], x=(2, 3, 5))
case("sideBySide", lambda a, b, c: torch.cat([a, b, c], 1), a=(3, 2), b=(3, 0), c=(3, 4))
case("sideBySide: twice the same", lambda a, b: torch.cat([a, b, a], 1), a=(3, 2), b=(3, 1))

# losses


def cross_entropy(logits, targets):
    if not any(target >= 0 for target in targets):
        return logits.sum()[None] * 0  # PyTorch: NaN
    return functional.cross_entropy(logits, torch.tensor(targets), ignore_index=-1)[None]


def targets_of(rows, classes, ignored):
    return [-1 if ignored(i) else (i * 5 + 3) % classes for i in range(rows)]


def none(_):
    return False


for variant, rows, classes, ignored in [
    ("", 4, 7, none), (": one class", 2, 1, none), (": many classes", 3, 1000, none), (": blocks", 270, 11, none),
    (": ignored rows", 5, 7, lambda i: i % 2 == 1), (": all rows ignored", 3, 7, lambda i: True), (": no rows", 0, 7, none),
]:  # fmt: skip
    targets = targets_of(rows, classes, ignored)
    case("crossEntropy" + variant, lambda logits: cross_entropy(logits, targets), logits=((rows, classes), 0, 4))
for variant, rows, channels, classes, tied, ignored in [
    ("", 4, 5, 7, False, none), (": tied", 4, 5, 7, True, none),
    (": ignored rows", 5, 5, 7, False, lambda i: i % 2 == 1), (": all rows ignored", 3, 5, 7, False, lambda i: True),
    (": no rows", 0, 5, 7, False, none), (": blocks", 530, 20, 33, False, lambda i: i % 7 == 1),
    (": blocks, tied", 270, 20, 300, True, none),
]:  # fmt: skip
    targets = targets_of(rows, classes, ignored)
    case(
        "linearCrossEntropy" + variant,
        lambda x, weight: cross_entropy(x @ (weight.T if tied else weight), targets), x=(rows, channels),
        weight=(classes, channels) if tied else (channels, classes))  # fmt: skip

# dropout and recomputation


def dropout(x, rate, number=1):
    factors = [kept(i, rate, number) for i in range(x.numel())]
    return x * torch.tensor(factors).double().reshape(x.shape)


for variant, rows, columns, rate in [("", 5, 7, 0.25), (": large", 70, 33, 0.5), (": no rows", 0, 7, 0.5)]:
    case("dropout" + variant, lambda x: dropout(x, rate), x=(rows, columns))


def feed_forward(x, weight, bias, output, number):
    return dropout(functional.gelu(x @ weight + bias), 0.3, number) @ output.T + x


def recomputed(x, *weights, number):
    return checkpoint(lambda x: feed_forward(x, *weights, number), x, use_reentrant=False)


def nested(x, *weights):
    outside = x * 0.5

    def body(x):
        return recomputed(recomputed(x, *weights, number=1), *weights, number=2) + x

    return checkpoint(body, outside, use_reentrant=False) * outside


network = dict(x=(4, 6), weight=(6, 9), bias=(9,), output=(6, 9))
case("recomputed", lambda **inputs: recomputed(*inputs.values(), number=1), **network)
case("recomputed: nested, with what is used outside too", lambda **inputs: nested(*inputs.values()), **network)

case(
    "recomputed: two tensors",
    lambda x, memory, **weights: checkpoint(
        lambda x, memory: feed_forward(x, *weights.values(), number=1) * memory + x, x, memory, use_reentrant=False),
    **network, memory=(4, 6))  # fmt: skip

with open(f"{HERE}/operations.json", "w") as file:
    json.dump(cases, file, separators=(",", ":"))
