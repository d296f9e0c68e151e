"""Makes this folder's references: the blocks of docs/textbook.md in PyTorch, float64, as the text that they come from
defines them, mended only where it cannot run.

    python -m venv venv && venv/bin/pip install torch safetensors numpy && venv/bin/python make_textbook.py
"""

import json
import math
import os
import sys

import torch
from torch import nn
from torch.nn.functional import relu

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{HERE}/../../LayersTests/Fixtures")
import parity  # noqa: E402


class ResidualBlock(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.fc1 = nn.Linear(size, hidden)
        self.fc2 = nn.Linear(hidden, size)

    def forward(self, x):
        return relu(self.fc2(relu(self.fc1(x))) + x)


class LayerNorm(nn.Module):
    """As printed: deviation with n - 1, epsilon outside the root."""

    def __init__(self, size, eps=1e-6):
        super().__init__()
        self.norm = nn.ParameterDict(dict(weight=torch.ones(size), bias=torch.zeros(size)))
        self.eps = eps

    def forward(self, x):
        mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        return self.norm["weight"] * (x - mean) / (std + self.eps) + self.norm["bias"]


class StandardLayerNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.norm = nn.LayerNorm(size)

    def forward(self, x):
        return self.norm(x)


class MultiHeadAttention(nn.Module):
    def __init__(self, size, heads, has_output=True):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))
        self.output = nn.Linear(size, size) if has_output else nn.Identity()

    def forward(self, query, key, value, causal=False):
        def split(x):
            return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

        q, k, v = split(self.query(query)), split(self.key(key)), split(self.value(value))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if causal:
            scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf)
        return self.output((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.linear1 = nn.Linear(size, hidden)
        self.linear2 = nn.Linear(hidden, size)

    def forward(self, x):
        return self.linear2(relu(self.linear1(x)))


class TransformerBlock(nn.Module):
    """The first x is added twice; PyTorch's attention is sequence-first unless told otherwise."""

    def __init__(self, size, heads, batch_first):
        super().__init__()
        self.attention = nn.MultiheadAttention(size, heads, batch_first=batch_first)
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.fc = nn.Linear(size, size)

    def forward(self, x):
        h = self.norm1(self.attention(x, x, x)[0] + x)
        return self.norm2(self.fc(h) + x)


def encoding(positions, size):
    """The formula of the text, by element: its code cannot run for odd sizes."""
    return torch.tensor(
        [[(math.cos if i % 2 else math.sin)(p / 10000 ** (i // 2 * 2 / size)) for i in range(size)] for p in positions],
        dtype=torch.float64)  # fmt: skip


class PositionalEncoding(nn.Module):
    def forward(self, x):
        return x + encoding(range(x.shape[1]), x.shape[2])


class Translator(nn.Module):
    """The third argument of nn.Transformer is the number of encoder layers; the decoder keeps its six."""

    def __init__(self, source, target, size, heads, layers, **more):
        super().__init__()
        self.source, self.target = nn.Embedding(source, size), nn.Embedding(target, size)
        # The text leaves 2048 inner channels and a dropout of 0.1.
        self.transformer = nn.Transformer(size, heads, layers, dim_feedforward=12, dropout=0.0, **more)
        self.head = nn.Linear(size, target)

    def forward(self, source, target, **masks):
        return self.head(self.transformer(self.source(source), self.target(target), **masks))


class LanguageModel(nn.Module):
    """The sensible reading of the text's GPT-2: an encoder stack with a causal mask."""

    def __init__(self, vocabulary, size, heads, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, size)
        layer = nn.TransformerEncoderLayer(size, heads, 16, dropout=0.0, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, layers)
        self.head = nn.Linear(size, vocabulary)

    def forward(self, tokens):
        return self.head(self.states(self.embedding(tokens)))

    def states(self, vectors):
        mask = nn.Transformer.generate_square_subsequent_mask(vectors.shape[1], dtype=torch.float64)
        return self.transformer(vectors, mask=mask, is_causal=True)

    def after(self, previous, tokens):
        """The text's second form: the previous output, [B, P, D], and the new input one after the other in time."""
        return torch.cat([previous, self.embedding(tokens)], dim=1)


class PrintedPositionalEncoding(nn.Module):
    """The text's module: the table is a parameter, and written in place."""

    def __init__(self, size, length=10):
        super().__init__()
        self.encoding = nn.Parameter(torch.zeros(1, length, size))
        fill(self.encoding, torch.arange(length).unsqueeze(1), size)


def fill(encoding, positions, size):
    frequencies = torch.exp(torch.arange(0, size, 2) * -(math.log(10000.0) / size))
    encoding[:, :, 0::2] = torch.sin(positions * frequencies)
    encoding[:, :, 1::2] = torch.cos(positions * frequencies)
    return encoding


def printed_function(positions, size):
    """The text's function: positions are no column, and meet the frequencies one by one."""
    return fill(torch.zeros(1, len(positions), size), positions, size)


def what_happens(run):
    try:
        return run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def printed():
    """What becomes of the text's own code where the guide says that it is wrong."""
    positions = torch.arange(10)

    def difference():
        found = printed_function(positions, 20)[0] - encoding(range(10), 20)
        return f"runs, and is off by up to {found.abs().max():.2f}"

    return {
        "7, a parameter written in place": what_happens(lambda: PrintedPositionalEncoding(6)),
        "7, odd D": what_happens(lambda: fill(torch.zeros(1, 10, 5), positions.unsqueeze(1), 5)),
        "7b, 0..<10 with D = 5": what_happens(lambda: printed_function(positions, 5)),
        "7b, T = D / 2": what_happens(difference),
        "9, one input": what_happens(lambda: nn.Transformer(8, 2, 1, 1, 12, batch_first=True)(torch.zeros(1, 3, 8))),
    }


def tokens(vocabulary, batch, time):
    return [[(7 * b + 3 * t * t + 2) % vocabulary for t in range(time)] for b in range(batch)]


def greedy(model, start, count):
    """The tokens that follow `start`; the two best logits must lie apart at every step."""
    ids = [start]
    for _ in range(count):
        best = model(torch.tensor([ids]))[0, -1].topk(2)
        assert best.values[0] - best.values[1] > 1e-3
        ids.append(best.indices[0].item())
    return ids[1:]


def concatenating(model, start, count, keeps_states):
    """The same by the text's second form; `keeps_states` goes on from what the last layer gave, not from what was fed."""
    previous, ids = torch.zeros(1, 0, model.embedding.embedding_dim, dtype=torch.float64), [start]
    for _ in range(count):
        fed = model.after(previous, torch.tensor([ids[-1:]]))
        states = model.states(fed)
        best = model.head(states)[0, -1].topk(2)
        assert best.values[0] - best.values[1] > 1e-3
        ids.append(best.indices[0].item())
        previous = states if keeps_states else fed
    return ids[1:]


def main():
    fixture = parity.Fixture(HERE, "textbook")
    rows = [(2, 3, 8), (1, 7, 5), (3, 2, 24)]  # batch, time, size
    for batch, time, size in rows:
        x, label = dict(x=(batch, time, size)), f"{batch} x {time} x {size}"
        fixture.add(f"1, {label}", ResidualBlock(size, size + 3), x, ResidualBlock.forward, row="1", hidden=size + 3)
        fixture.add(f"2, {label}", LayerNorm(size), x, LayerNorm.forward, row="2")
        fixture.add(f"2 standard, {label}", StandardLayerNorm(size), x, StandardLayerNorm.forward, row="2 standard")
        fixture.add(f"5, {label}", FeedForward(size, 2 * size), x, FeedForward.forward, row="5", hidden=2 * size)
        fixture.add(f"7, {label}", PositionalEncoding(), x, PositionalEncoding.forward, row="7")
    for heads, batch, queries, keys, size in [(1, 2, 3, 4, 6), (2, 1, 5, 2, 8), (4, 3, 4, 4, 12)]:
        label, settings = f"{heads} heads, {queries} x {keys} x {size}", dict(heads=heads)
        three = dict(query=(batch, queries, size), key=(batch, keys, size), value=(batch, keys, size))
        one = dict(x=(batch, queries, size))
        fixture.add(f"3, {label}", MultiHeadAttention(size, heads), three, MultiHeadAttention.forward, row="3", **settings)
        fixture.add(
            f"3 causal, {label}", MultiHeadAttention(size, heads), one, lambda m, x: m(x, x, x, causal=True),
            row="3 causal", **settings)  # fmt: skip
        fixture.add(
            f"3b, {label}", MultiHeadAttention(size, heads, False), three, MultiHeadAttention.forward, row="3b", **settings)
        fixture.add(f"4, {label}", MultiHeadAttention(size, heads, False), one, lambda m, x: m(x, x, x), row="4", **settings)
        fixture.add(f"6, {label}", TransformerBlock(size, heads, True), one, TransformerBlock.forward, row="6", **settings)
        fixture.add(
            f"6 as printed, {label}", TransformerBlock(size, heads, False), one, TransformerBlock.forward,
            row="6 as printed", **settings)  # fmt: skip
    for heads, layers, batch, source, target, size in [(1, 1, 2, 4, 3, 4), (2, 2, 1, 3, 5, 6), (4, 1, 3, 5, 5, 8)]:
        label = f"{heads} heads, {layers} layers, {source} to {target}"
        settings = dict(heads=heads, layers=layers, size=size, source=tokens(11, batch, source), target=tokens(9, batch, target))
        ids = [torch.tensor(settings[key]) for key in ["source", "target"]]
        fixture.add(
            f"8 as printed, {label}", Translator(11, 9, size, heads, layers), {},
            lambda m: m(ids[0].T, ids[1].T).transpose(0, 1), row="8 as printed", **settings)  # fmt: skip
        mask = nn.Transformer.generate_square_subsequent_mask(target, dtype=torch.float64)
        fixture.add(
            f"8, {label}", Translator(11, 9, size, heads, layers, num_decoder_layers=layers, batch_first=True), {},
            lambda m: m(*ids, tgt_mask=mask), row="8", **settings)  # fmt: skip
    for heads, layers, batch, time, size in [(1, 1, 2, 6, 6), (2, 3, 1, 9, 8), (3, 2, 4, 2, 12)]:
        ids = tokens(13, batch, time)
        model = LanguageModel(13, size, heads, layers)
        fixture.add(
            f"9, {heads} heads, {layers} layers, {batch} x {time}", model, {}, lambda m: m(torch.tensor(ids)), row="9",
            heads=heads, layers=layers, size=size, source=ids)  # fmt: skip
        fixture.cases[-1]["settings"]["greedy"] = greedy(model, 0, 8)
        previous = dict(previous=(batch, time + 1, size))
        fixture.add(
            f"10, {heads} heads, {layers} layers, {batch} x {time + 1} + {time}", LanguageModel(13, size, heads, layers),
            previous, lambda m, previous: m.head(m.states(m.after(previous, torch.tensor(ids)))), row="10", heads=heads,
            layers=layers, size=size, source=ids)  # fmt: skip
        assert concatenating(model, 0, 8, False) == fixture.cases[-2]["settings"]["greedy"]
        fixture.cases[-1]["settings"]["greedy"] = concatenating(model, 0, 8, True)
    fixture.write()
    positions = {str(size): encoding(range(10), size).tolist() for size in [5, 20, 6]}
    with open(f"{HERE}/positions.json", "w") as file:
        file.write(json.dumps(positions, separators=(",", ":")) + "\n")
    with open(f"{HERE}/printed.json", "w") as file:
        file.write(json.dumps(printed(), indent=1) + "\n")


if __name__ == "__main__":
    main()
