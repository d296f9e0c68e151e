"""Trains beside PyTorch on the same cores, interleaved: compare.py GPT2 [steps] [characters] [--rounds 5] [--text FILE]

GPT2 is the executable (swift build -c release, .build/release/gpt2). Needs torch and numpy.

steps       seconds of a training step (forward, backward, clip, AdamW) and peak memory, for nanoGPT's CPU setting on characters and
            for the 124M shape at B=4 T=64 and B=2 T=256; PyTorch eager and torch.compile, both with AdamW(fused=True)
characters  the loss over the whole validation set after nanoGPT's CPU setting on FILE (tinyshakespeare), three seeds each;
            PyTorch as nanoGPT has it, and with the biases that GPT-2 and gpt2 have

Ratios are taken within a round, medians over rounds: a shared host drifts by tens of percent within minutes.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# name, layers, heads, channels, vocabulary, batch, context, steps
SHAPES = [
    ("characters, B=12 T=64", 4, 4, 128, 65, 12, 64, 200),
    ("124M, B=4 T=64", 12, 12, 768, 50257, 4, 64, 5),
    ("124M, B=2 T=256", 12, 12, 768, 50257, 2, 256, 4),
]


def torch_steps(mode, shape):
    _, layers, heads, channels, vocabulary, batch, context, steps = shape
    numbers = map(str, (layers, heads, channels, vocabulary, batch, context, steps))
    out = subprocess.run([sys.executable, f"{HERE}/torch_steps.py", mode, *numbers], capture_output=True, text=True, check=True)
    result = json.loads(out.stdout.strip().splitlines()[-1])
    return statistics.median(result["seconds"]), result["peak_bytes"]


def our_steps(gpt2, shape, tokens):
    _, layers, heads, channels, vocabulary, batch, context, steps = shape
    run = tempfile.mkdtemp()
    try:
        command = [
            gpt2, "train", "--out", f"{run}/r", "--tokens", tokens, "--vocab-size", vocabulary, "--layers", layers, "--heads", heads,
            "--channels", channels, "--batch-size", batch, "--context", context, "--steps", steps + 2, "--log-every", 1,
            "--evaluate-every", 10**6, "--checkpoint-every", 10**6, "--evaluate-windows", 1, "--keep", 1, "--threads", 2,
        ]  # fmt: skip
        out = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = out.stderr.read()
        _, status, usage = os.wait4(out.pid, 0)
        if status != 0:
            raise SystemExit(errors)
        with open(f"{run}/r/metrics.jsonl") as file:
            rates = [json.loads(line).get("tokens_per_s") for line in file]
        rates = [rate for rate in rates if rate][2:]
        return statistics.median(batch * context / rate for rate in rates), usage.ru_maxrss * 1024
    finally:
        shutil.rmtree(run)


def steps(options):
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            tokens = f"{folder}/tokens.bin"
            np.random.default_rng(1).integers(0, shape[4], 100_000).astype("<u2").tofile(tokens)
            systems = {
                "gpt2": lambda: our_steps(options.gpt2, shape, tokens),
                "PyTorch eager": lambda: torch_steps("eager", shape),
                "PyTorch compile": lambda: torch_steps("compile", shape),
            }
            rounds = []
            for round in range(options.rounds):
                names = list(systems)
                order = names[round % 3 :] + names[: round % 3]
                rounds.append({name: systems[name]() for name in order})
            print(f"\n{shape[0]} ({len(rounds)} rounds)")
            for name in systems:
                seconds = statistics.median(r[name][0] for r in rounds)
                ratio = statistics.median(r["gpt2"][0] / r[name][0] for r in rounds)
                memory = max(r[name][1] for r in rounds) / 1e6
                print(f"  {name:16} {seconds:8.4f} s a step   gpt2 takes {ratio:.2f} of it   peak {memory:.0f} MB", flush=True)


def characters(options):
    losses = {"gpt2": [], "PyTorch": [], "PyTorch --biases": []}
    for seed in (1, 2, 3):
        for name in ("PyTorch", "PyTorch --biases"):
            command = [sys.executable, f"{HERE}/torch_char.py", options.text, str(seed), *name.split()[1:]]
            result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            losses[name].append(result["validation_loss"])
            print(f"seed {seed}: {name} {result['validation_loss']:.4f} over {result['tokens']} characters, "
                  f"{result['seconds']:.0f} s", flush=True)  # fmt: skip
        with tempfile.TemporaryDirectory() as run:
            command = [
                options.gpt2, "train", "--preset", "char", "--text", options.text, "--out", f"{run}/r", "--seed", str(seed),
                "--evaluate-every", "2000", "--evaluate-windows", "0", "--checkpoint-every", "2000", "--threads", "2",
                "--format", "json"]  # fmt: skip
            result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        losses["gpt2"].append(result["best_validation_loss"])
        print(f"seed {seed}: gpt2 {result['best_validation_loss']:.4f}, {result['seconds']:.0f} s", flush=True)
    for name, values in losses.items():
        print(f"{name}: mean {statistics.mean(values):.4f} of {[round(v, 4) for v in values]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gpt2")
    parser.add_argument("what", nargs="*", default=["steps", "characters"], choices=["steps", "characters"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--text")
    options = parser.parse_args()
    for name in options.what:
        {"steps": steps, "characters": characters}[name](options)
