"""Trains beside PyTorch from the same weights on the same batches: parity.py GPT2 [small] [124M] [--tokens FILE]

GPT2 is the executable (swift build -c release, .build/release/gpt2). Needs torch, transformers, safetensors and numpy.

Hugging Face transformers makes random weights and saves them; `gpt2 train --init` takes 20 AdamW steps from them, and so does a
loop as nanoGPT's in PyTorch, float32, on the windows that BatchSampler's documentation says. Compared are the loss of every step,
and every gradient tensor of step 1, which is its saved mean of gradients / (1 - beta1). Exit status 1 where a loss is further
apart than 1e-3, or a gradient than 1e-4 of its tensor's largest element.

small   2 layers, 2 heads, 64 channels, some seconds
124M    GPT-2's published shape, B=4 T=64: 4 GB of memory, 6 GB of disk, some minutes on two cores
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel, logging

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/TrainingTests/Fixtures"))
from batch_windows import window_starts  # noqa: E402

# layers, heads, channels, vocabulary, positions, batch, context, accumulation
SHAPES = {"small": (2, 2, 64, 256, 64, 6, 64, 2), "124M": (12, 12, 768, 50257, 1024, 4, 64, 1)}
STEPS, RATE, BETAS, EPSILON, DECAY, CLIP, SEED = 20, 6e-4, (0.9, 0.95), 1e-8, 0.1, 1.0, 1337


def windows(tokens, step, batch, context, accumulation):
    """[accumulation, batch, context + 1]: the step's windows, uniform over those that have a target for each token."""
    starts = window_starts(SEED, step, batch * accumulation, len(tokens), context)
    rows = np.stack([tokens[s : s + context + 1] for s in starts]).astype(np.int64)
    return torch.from_numpy(rows).view(accumulation, batch, context + 1)


def torch_steps(model, tokens, batch, context, accumulation, clip):
    """Yields the loss of each step; gradients are there until the next one."""
    named = list(model.parameters())
    groups = [
        {"params": [p for p in named if p.ndim >= 2], "weight_decay": DECAY},
        {"params": [p for p in named if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPSILON)
    for step in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for rows in windows(tokens, step, batch, context, accumulation):
            logits = model(rows[:, :-1]).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()) / accumulation
            loss.backward()
            total += loss.item()
        yield total
        if clip:
            torch.nn.utils.clip_grad_norm_(named, clip)
        optimizer.step()


def our_run(gpt2, folder, name, shape, steps, clip):
    _, _, _, vocabulary, _, batch, context, accumulation = shape
    command = [
        gpt2, "train", "--init", f"{folder}/model", "--tokens", f"{folder}/tokens", "--out", f"{folder}/{name}", "--batch-size", batch,
        "--context", context, "--accumulate", accumulation, "--steps", steps, "--schedule", "constant", "--warmup-steps", 0,
        "--learning-rate", RATE, "--beta1", BETAS[0], "--beta2", BETAS[1], "--weight-decay", DECAY, "--clip", clip, "--seed", SEED,
        "--log-every", 1, "--evaluate-every", 10**6, "--checkpoint-every", 10**6, "--evaluate-windows", 1, "--keep", 1,
        "--dropout", 0,
    ]  # fmt: skip
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(run.stderr)
    with open(f"{folder}/{name}/metrics.jsonl") as file:
        losses = [line["loss"] for line in map(json.loads, file) if "loss" in line]
    return losses, f"{folder}/{name}/checkpoints/step-{steps}"


def gradient_differences(model, checkpoint):
    """Yields each parameter's name and its gradient's largest difference, as a share of the gradient's largest element."""
    moments = load_file(f"{checkpoint}/training.safetensors")
    for name, p in model.named_parameters():
        short = name.removeprefix("transformer.")
        ours = next(moments[k] for k in (f"adamw.mean.{name}", f"adamw.mean.transformer.{short}") if k in moments)
        ours = ours / (1 - BETAS[0])
        yield short, ((ours - p.grad).abs().max() / p.grad.abs().max()).item()


def parity(gpt2, name, token_file):
    shape = layers, heads, channels, vocabulary, positions, batch, context, accumulation = SHAPES[name]
    torch.manual_seed(1)
    logging.disable_progress_bar()
    config = GPT2Config(
        n_layer=layers, n_head=heads, n_embd=channels, vocab_size=vocabulary, n_positions=positions, embd_pdrop=0.0, attn_pdrop=0.0,
        resid_pdrop=0.0, bos_token_id=vocabulary - 1, eos_token_id=vocabulary - 1)  # fmt: skip
    model = GPT2LMHeadModel(config).train()
    if token_file:
        tokens = np.fromfile(token_file, dtype="<u2")
        if tokens.max() >= vocabulary:
            raise SystemExit(f"{token_file} has the token {tokens.max()}, and {name} has {vocabulary} tokens")
    else:
        # Each token follows from the one before, half of the time: there is something to learn.
        random = np.random.default_rng(2)
        tokens = random.integers(0, vocabulary, 20_000).astype("<u2")
        follows = random.random(len(tokens)) < 0.5
        for i in range(1, len(tokens)):
            if follows[i]:
                tokens[i] = (int(tokens[i - 1]) * 7 + 1) % vocabulary
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(f"{folder}/model")
        os.mkdir(f"{folder}/tokens")
        for file in ("train.bin", "val.bin"):
            tokens.tofile(f"{folder}/tokens/{file}")
        steps = torch_steps(model, tokens, batch, context, accumulation, CLIP)
        wanted = [next(steps)]
        _, checkpoint = our_run(gpt2, folder, "one", shape, 1, 0)
        differences = sorted(gradient_differences(model, checkpoint), key=lambda item: -item[1])
        shutil.rmtree(f"{folder}/one")
        found, _ = our_run(gpt2, folder, "all", shape, STEPS, CLIP)
        shutil.rmtree(f"{folder}/all")
        wanted += list(steps)
    worst = max(abs(a - b) for a, b in zip(found, wanted, strict=True))
    print(f"{name}: losses {wanted[0]:.5f} to {wanted[-1]:.5f} in {STEPS} steps; the largest difference is {worst:.1e}")
    print(f"{name}: of {len(differences)} gradients, {differences[0][0]} is the furthest off, {differences[0][1]:.1e} of its largest")
    return worst < 1e-3 and differences[0][1] < 1e-4


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gpt2")
    parser.add_argument("shapes", nargs="*", default=["small"])
    parser.add_argument("--tokens", metavar="FILE", help="a file of 16-bit token ids, as nanoGPT's train.bin, in place of invented ones")
    options = parser.parse_args()
    unknown = set(options.shapes) - set(SHAPES)
    if unknown:
        parser.error(f"there is no shape {unknown.pop()}; there are {', '.join(SHAPES)}")
    results = [parity(options.gpt2, name, options.tokens) for name in options.shapes]
    sys.exit(0 if all(results) else 1)
