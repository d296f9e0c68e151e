"""Makes trainer/: what whole training steps compute, with Hugging Face transformers and PyTorch in float64.

    python -m venv venv && venv/bin/pip install torch transformers numpy
    venv/bin/python make_trainer.py

trainer/NAME.json  the settings, the tokens, and for each step where its windows start, its learning rate, its loss, and its
                   gradients' norm before clipping. The model is that of training/base.json.

Windows are drawn as BatchSampler's documentation says, with the Philox generator of batch_windows.py.
muon is Keller Jordan's published optimizer (https://kellerjordan.github.io/posts/muon/) with decoupled weight decay; his
matrices are [out, in] and GPT-2's [in, out], so that the factor of a step is the root of max(1, columns / rows).
"""

import json
import math
import os
import sys

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../../GPT2Tests/Fixtures"]
import counter_weights  # noqa: E402
from batch_windows import window_starts  # noqa: E402
from make_training import BASE, RULES  # noqa: E402

SETTINGS = dict(
    batch=3, context=23, accumulation=2, steps=10, seed=(9 << 32) + 42, peak=1e-2, minimum=1e-3, warmup=3, beta1=0.9,
    beta2=0.95, epsilon=1e-8, clip=0.8,
)  # fmt: skip
CASES = {
    "adamw": dict(optimizer="adamw", weight_decay=0.1, muon_rate=0.0),
    # One decay for both optimizers' weights.
    "muon": dict(optimizer="muon", weight_decay=0.05, muon_rate=0.02),
}


def learning_rate(settings, step):
    """nanoGPT's get_lr."""
    warmup = settings["warmup"]
    if step < warmup:
        return settings["peak"] * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (settings["steps"] - warmup)
    share = 0.5 * (1.0 + math.cos(math.pi * progress))
    return settings["minimum"] + share * (settings["peak"] - settings["minimum"])


def newton_schulz(matrix):
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon:
    def __init__(self, parameters, weight_decay):
        self.state = [(p, torch.zeros_like(p)) for p in parameters]
        self.weight_decay = weight_decay

    @torch.no_grad()
    def step(self, rate):
        for p, momentum in self.state:
            momentum.lerp_(p.grad, 0.05)
            direction = newton_schulz(p.grad.lerp(momentum, 0.95))
            p.mul_(1 - rate * self.weight_decay)
            p.sub_(direction, alpha=rate * max(1, p.shape[1] / p.shape[0]) ** 0.5)


def train(settings, model, tokens):
    named = dict(model.named_parameters())
    is_muons = {n: settings["optimizer"] == "muon" and p.ndim == 2 and ".h." in n for n, p in named.items()}
    groups = [
        {"params": [p for n, p in named.items() if p.ndim >= 2 and not is_muons[n]], "weight_decay": settings["weight_decay"]},
        {"params": [p for p in named.values() if p.ndim < 2], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"])
    muon = Muon([p for n, p in named.items() if is_muons[n]], settings["weight_decay"])
    for step in range(settings["steps"]):
        windows = settings["batch"] * settings["accumulation"]
        starts = window_starts(settings["seed"], step, windows, len(tokens), settings["context"])
        rate = learning_rate(settings, step)
        model.zero_grad()
        total = 0.0
        for first in range(0, len(starts), settings["batch"]):
            rows = torch.stack([tokens[s : s + settings["context"] + 1] for s in starts[first : first + settings["batch"]]])
            logits = model(rows[:, :-1]).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()) / settings["accumulation"]
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"]).item()
        for group in adamw.param_groups:
            group["lr"] = rate
        adamw.step()
        muon.step(settings["muon_rate"] * rate / settings["peak"])
        yield dict(starts=starts, rate=rate, loss=total, norm=norm)


def make(name):
    settings = {**SETTINGS, **CASES[name]}
    model = GPT2LMHeadModel(GPT2Config(**BASE, attn_implementation="eager")).double().train()
    weights = counter_weights.checkpoint(BASE, 5, RULES)
    model.load_state_dict({k: torch.tensor(v).double() for k, v in weights.items()}, strict=False)
    model.tie_weights()
    tokens = np.random.Generator(np.random.Philox(key=[7, 11])).integers(0, BASE["vocab_size"], 500)
    steps = list(train(settings, model, torch.tensor(tokens)))
    with open(f"{HERE}/trainer/{name}.json", "w") as file:
        json.dump(dict(settings=settings, ids=tokens.tolist(), steps=steps), file, separators=(",", ":"))


if __name__ == "__main__":
    os.makedirs(f"{HERE}/trainer", exist_ok=True)
    for name in CASES:
        make(name)
