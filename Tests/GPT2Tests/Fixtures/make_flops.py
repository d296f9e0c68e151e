"""Makes flops.json beside this file: the operations that PyTorch counts in runs of transformers' GPT-2.

    pip install torch transformers
    python make_flops.py

The configurations are those of small/NAME.json. A prompt is read token by token on a cache, so that no masked product is
counted, and only its last token needs an answer: of the others the head is left out, and of the last block all but the keys
and values that it keeps. 2 for each multiply-add (torch.utils.flop_counter). `decoding` is the count of one more token after
`depth` others.
"""

import json
import pathlib

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import GPT2Config, GPT2LMHeadModel

here = pathlib.Path(__file__).parent
NAMES = ["base", "odd-inner", "narrow-heads", "untied"]
LENGTHS = [1, 2, 17, 40]


def run(model, tokens, cache, head):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        output = (model if head else model.transformer)(tokens, past_key_values=cache, use_cache=True)
    total = counter.get_total_flops()
    if not head:
        counts = {name: sum(operations.values()) for name, operations in counter.get_flop_counts().items()}
        block = f"GPT2Model.h.{model.config.n_layer - 1}"
        total += counts[f"{block}.attn.c_attn"] * 2 // 3 - counts[block]
    return total, output.past_key_values


cases = []
for name in NAMES:
    config = json.loads((here / f"small/{name}.json").read_text())["config"]
    model = GPT2LMHeadModel(GPT2Config(**config, attn_implementation="eager", bos_token_id=0, eos_token_id=0)).eval()
    token = torch.tensor([[1]])
    prompts, decoding = [], []
    for length in LENGTHS:
        total, cache = 0, None
        for position in range(length):
            count, cache = run(model, token, cache, head=position == length - 1)
            total += count
        prompts.append(total)
        decoding.append(run(model, token, cache, head=True)[0])
    cases.append({"name": name, "lengths": LENGTHS, "prompts": prompts, "decoding": decoding})
(here / "flops.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
