"""Times training steps of nanoGPT's model in PyTorch: torch_steps.py MODE LAYERS HEADS CHANNELS VOCABULARY BATCH TIME STEPS.

MODE is eager or compile. Prints one JSON line: seconds of each step after the first two, and the peak memory in bytes.
"""

import json
import resource
import sys
import time

import torch
from nanogpt import GPT

mode, (layers, heads, channels, vocabulary, batch, length, steps) = sys.argv[1], map(int, sys.argv[2:9])
torch.set_num_threads(2)
torch.manual_seed(1)
model = GPT(layers, heads, channels, vocabulary, max(length, 64), bias=True)
optimizer = model.optimizer(1e-4, 0.95)
forward = torch.compile(model) if mode == "compile" else model
seconds = []
for step in range(steps + 2):
    tokens = torch.randint(vocabulary, (batch, length + 1))
    start = time.perf_counter()
    loss = forward(tokens[:, :-1], tokens[:, 1:])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    loss.item()
    seconds.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": seconds[2:], "peak_bytes": peak}))
