"""Makes evaluation.json: the negative log-likelihood of a text under a small model, by Hugging Face transformers.

    python -m venv venv && venv/bin/pip install torch transformers safetensors numpy tokenizers
    venv/bin/python make_evaluation.py

In float64 and by brute force: each token is scored by a forward pass of its own over exactly the tokens that the
protocol gives it as context. A document is D = [end of text] + tokens (+ [end of text] if a separator line follows it);
D[t] is read from window w, which starts at D[w * stride] and is the first that reaches it:
w = max(0, ceil((t - positions) / stride)), inputs D[w * stride : t].
"""

import math
import os

import torch
from make_references import BASE, SMALL_RULES, model, save
from tokenizers import Tokenizer, models, pre_tokenizers

END, POSITIONS = 258, 32
TEXT = """the other day they thought of the moth that thinned the thatch. Then the oath, then both.

 é 😀  <|endoftext|> is a text here, the last line of this document is not:
<|endoftext|>
short
<|endoftext|>
<|endoftext|>
this document has no line break at its end, and it is longer than one window: the the the thththth"""


def documents(text):
    """The documents and whether a separator line follows."""
    current, out = [], []
    for line in text.splitlines(keepends=True):
        if line.rstrip("\n") == "<|endoftext|>":
            out.append(("".join(current), True))
            current = []
        else:
            current.append(line)
    return out + ([("".join(current), False)] if current else [])


def tokenizer():
    """Bytes, "th" and "the"."""
    alphabet = {byte: symbol for byte, symbol in zip(range(256), byte_symbols())}
    vocabulary = {symbol: byte for byte, symbol in alphabet.items()} | {"th": 256, "the": 257}
    out = Tokenizer(models.BPE(vocab=vocabulary, merges=[("t", "h"), ("th", "e")]))
    out.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return out


def byte_symbols():
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


@torch.inference_mode()
def score(network, documents, stride):
    nats, count = 0.0, 0
    for tokens in documents:
        for t in range(1, len(tokens)):
            start = max(0, math.ceil((t - POSITIONS) / stride)) * stride
            logits = network(torch.tensor([tokens[start:t]])).logits[0, -1]
            nats -= logits.log_softmax(-1)[tokens[t]].item()
            count += 1
    return dict(stride=stride, tokens=count, nats=float(f"{nats:.12g}"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    config = {**BASE, "vocab_size": END + 1, "n_positions": POSITIONS}
    network, encode = model(config, 3, SMALL_RULES), lambda text: tokenizer().encode(text).ids
    split = [[END, *encode(text), *([END] if ends else [])] for text, ends in documents(TEXT)]
    save("evaluation.json", dict(
        name="evaluation", config=config | dict(bos_token_id=END, eos_token_id=END), seed=3, rules=SMALL_RULES, text=TEXT,
        results=[score(network, split, stride) for stride in (1, 5, 16, 32)],
        without_end_of_text=[score(network, [encode(TEXT)], stride) for stride in (16, 31)],
    ))  # fmt: skip
