"""Makes this folder's reference losses and gradients with Hugging Face transformers and torch.optim.AdamW in float64.

    python -m venv venv && venv/bin/pip install torch transformers safetensors numpy
    venv/bin/python make_training.py

training/NAME.json         configuration, recipe of the weights (counter_weights.py of GPT2Tests), a batch for each step, and
                           what the steps print: losses and gradient norms before clipping.
training/NAME.safetensors  every parameter's gradient in the first step, as float32.
"""

import json
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import GPT2Config, GPT2LMHeadModel

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../GPT2Tests/Fixtures")
import counter_weights  # noqa: E402

RULES = {
    "wte.weight": [0, 0.25], "wpe.weight": [0, 0.25], "lm_head.weight": [0, 0.25],
    "ln_1.weight": [1, 0.5], "ln_1.bias": [0, 0.25],
    "ln_2.weight": [1, 0.5], "ln_2.bias": [0, 0.25],
    "ln_f.weight": [1, 0.5], "ln_f.bias": [0, 0.25],
    "attn.c_attn.weight": [0, 0.5], "attn.c_attn.bias": [0, 0.25],
    "attn.c_proj.weight": [0, 0.25], "attn.c_proj.bias": [0, 0.25],
    "mlp.c_fc.weight": [0, 0.25], "mlp.c_fc.bias": [0, 0.5],
    "mlp.c_proj.weight": [0, 0.25], "mlp.c_proj.bias": [0, 0.25],
}  # fmt: skip
BASE = dict(
    vocab_size=61, n_positions=64, n_embd=24, n_layer=2, n_head=3, n_inner=None, activation_function="gelu_new",
    layer_norm_epsilon=1e-5, scale_attn_weights=True, scale_attn_by_inverse_layer_idx=False, tie_word_embeddings=True,
    embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0,
)  # fmt: skip
CASES = {
    "base": (dict(), 3, 23, 20),
    "flags": (
        dict(activation_function="gelu", n_inner=37, layer_norm_epsilon=1e-2, scale_attn_weights=False,
             scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False), 2, 17, 3),
    "long": (dict(n_positions=160, n_head=2, vocab_size=300, n_layer=1), 2, 150, 2),
}  # fmt: skip
SETTINGS = dict(learning_rate=3e-3, beta1=0.9, beta2=0.95, epsilon=1e-8, weight_decay=0.1, clip=1.0)


def make(name, changes, batch, time, steps):
    config = {**BASE, **changes}
    seed = 5
    model = GPT2LMHeadModel(GPT2Config(**config, attn_implementation="eager")).double().train()
    weights = counter_weights.checkpoint(config, seed, RULES)
    missing, unexpected = model.load_state_dict({k: torch.tensor(v).double() for k, v in weights.items()}, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    named = {n: p for n, p in model.named_parameters()}
    groups = [
        {"params": [p for p in named.values() if p.ndim >= 2], "weight_decay": SETTINGS["weight_decay"]},
        {"params": [p for p in named.values() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=SETTINGS["learning_rate"], betas=(SETTINGS["beta1"], SETTINGS["beta2"]), eps=SETTINGS["epsilon"])
    random = np.random.Generator(np.random.Philox(key=[7, 7]))
    batches = random.integers(0, config["vocab_size"], (steps, batch, time + 1))
    losses, norms = [], []
    for step in range(steps):
        tokens = torch.tensor(batches[step])
        logits = model(tokens[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            save_file({n: p.grad.float().numpy() for n, p in named.items()}, f"{HERE}/training/{name}.safetensors")
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["clip"]).item())
        optimizer.step()
    with open(f"{HERE}/training/{name}.json", "w") as file:
        json.dump(dict(name=name, config=config, seed=seed, rules=RULES, settings=SETTINGS, batches=batches.tolist(),
                       losses=losses, norms=norms), file, separators=(",", ":"))  # fmt: skip


if __name__ == "__main__":
    os.makedirs(f"{HERE}/training", exist_ok=True)
    for name, case in CASES.items():
        make(name, *case)
