"""Whether the converted models are the same model: greedy tokens after one prompt, from f32 weights."""

import json
import os
import sys

from processes import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT, COUNT = "Once upon a time", 32


def common(ours, theirs):
    """How many of the first are equal."""
    return next((n for n, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))


def check(options):
    """By model and peer: how many of our COUNT tokens (llama.cpp: bytes of text) it makes too, and of how many."""
    found = {}
    for name, model in [("124m", ["--model", f"{options.work}/124m"]), ("story", ["--weights", "f32"])]:
        out = run([options.gpt2, "generate", TEXT, *model, "--greedy", "--ignore-eos", "--max-tokens", str(COUNT),
                   "--format", "json"], options.threads)[0]  # fmt: skip
        ours = json.loads(out)
        gguf = f"{options.work}/gguf/{name}-F32.gguf"
        attempts = {"llama.cpp": lambda: llama(options, gguf, ours)}
        if name == "124m":
            attempts["CTranslate2"] = lambda: library(
                options, "ctranslate2", f"{options.work}/ctranslate2/float32", ours
            )
            attempts["transformers"] = lambda: library(options, "transformers", f"{options.work}/124m", ours)
        for peer, attempt in attempts.items():
            try:
                found[f"{peer}, {name}"] = attempt()
            except (Failure, OSError, ValueError) as error:
                found[f"{peer}, {name}"] = {"failed": str(error)[:300]}
    return found


def llama(options, gguf, ours):
    """llama-simple prints text, which need not be UTF-8 here: compared after the same replacement."""
    out = run([f"{options.work}/llama.cpp/bin/llama-simple", "-m", gguf, "-n", str(COUNT), TEXT], options.threads)[0]
    theirs = out.split(TEXT, 1)[1].rstrip("\n")
    text = ours["text"].rstrip("\n")
    return {"equal": common(text, theirs), "of": len(text)}


def library(options, peer, model, ours):
    prompt = ",".join(map(str, ours["prompt_tokens"]))
    command = [sys.executable, f"{HERE}/peers.py", peer, model, "tokens", "--new", str(COUNT), "--ids", prompt,
               "--threads", str(options.threads)]  # fmt: skip
    theirs = json.loads(run(command, options.threads)[0].splitlines()[-1])["tokens"]
    return {"equal": common(ours["tokens"], theirs), "of": COUNT}
