"""Makes adapters/: low-rank adapters as PEFT saves them, and the logits of the adapted model in float64.

    python -m venv venv && venv/bin/pip install torch transformers peft safetensors numpy
    venv/bin/python make_adapters.py

The model is that of training/base.json. adapters/adapter_model.safetensors and adapter_config.json are PEFT's own files;
adapters/logits.json has a prompt and the logits of its rows.
"""

import json
import os
import sys

import torch
from peft import LoraConfig, get_peft_model
from transformers import GPT2Config, GPT2LMHeadModel

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{HERE}/../../GPT2Tests/Fixtures")
import counter_weights  # noqa: E402

with open(f"{HERE}/training/base.json") as file:
    base = json.load(file)
model = GPT2LMHeadModel(GPT2Config(**base["config"], attn_implementation="eager"))
weights = counter_weights.checkpoint(base["config"], base["seed"], base["rules"])
model.load_state_dict({k: torch.tensor(v) for k, v in weights.items()}, strict=False)
model.tie_weights()
torch.manual_seed(3)
model = get_peft_model(
    model, LoraConfig(r=2, lora_alpha=6, target_modules=["c_attn", "mlp.c_proj"], task_type="CAUSAL_LM", fan_in_fan_out=True))
for name, p in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(p, std=0.3)
os.makedirs(f"{HERE}/adapters", exist_ok=True)
model.save_pretrained(f"{HERE}/adapters")
os.remove(f"{HERE}/adapters/README.md")
tokens = base["batches"][0][0]
logits = model.double().eval()(torch.tensor([tokens])).logits[0]
with open(f"{HERE}/adapters/logits.json", "w") as file:
    json.dump(dict(tokens=tokens, logits=[[round(x, 7) for x in row] for row in logits.tolist()]), file, separators=(",", ":"))
