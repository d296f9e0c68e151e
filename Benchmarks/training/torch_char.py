"""Trains nanoGPT's CPU setting on characters: torch_char.py TEXT SEED [--biases]; prints the loss over the whole validation set.

4 layers, 4 heads, 128 channels, context 64, batch 12, 2000 steps, no dropout, rate 1e-3 to 1e-4, no biases, as its README has
it, or with the biases that GPT-2 has. The validation set, the last tenth, is scored in windows of 64 that do not overlap, each character once.
"""

import json
import sys
import time

import torch
from nanogpt import GPT, rate_at

text, seed = open(sys.argv[1], encoding="utf-8").read(), int(sys.argv[2])
steps, biases = 2000, "--biases" in sys.argv[3:]
characters = sorted(set(text))
number = {c: i for i, c in enumerate(characters)}
data = torch.tensor([number[c] for c in text])
cut = int(0.9 * len(data))
train, held = data[:cut], data[cut:]
torch.set_num_threads(2)
torch.manual_seed(seed)
T, B = 64, 12
model = GPT(4, 4, 128, len(characters), T, bias=biases)
optimizer = model.optimizer(1e-3, 0.99)
start = time.time()
for step in range(steps):
    for group in optimizer.param_groups:
        group["lr"] = rate_at(step, steps=steps)
    first = torch.randint(len(train) - T, (B,))
    x = torch.stack([train[i : i + T] for i in first])
    y = torch.stack([train[i + 1 : i + 1 + T] for i in first])
    loss = model(x, y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
seconds = time.time() - start
with torch.inference_mode():
    windows = (len(held) - 1) // T
    x, y = held[: windows * T].view(-1, T), held[1 : windows * T + 1].view(-1, T)
    total = sum(model(a, b).item() * a.numel() for a, b in zip(x.split(64), y.split(64)))
    count = windows * T
    if len(held) - 1 > count:
        total += model(held[None, count:-1], held[None, count + 1 :]).item() * (len(held) - 1 - count)
        count = len(held) - 1
print(json.dumps({"seed": seed, "steps": steps, "validation_loss": total / count, "tokens": count, "seconds": seconds}))
