"""What transformers makes of the story model: make_reference.py > reference.json.

Reads Sources/StoryModelData, which is a Hugging Face directory, widens the float16 weights and computes in float64.
Needs torch, transformers.
"""
import json, pathlib, sys
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

model_path = pathlib.Path(__file__).resolve().parents[3] / "Sources" / "StoryModelData"
PROMPT, CONTINUATION, COLUMNS = "Once upon a time there was a little girl", 100, range(0, 4096, 273)
model = GPT2LMHeadModel.from_pretrained(model_path, dtype=torch.float64).eval()
tokenizer = AutoTokenizer.from_pretrained(model_path)
prompt = tokenizer.encode(PROMPT)

torch.set_num_threads(1)
tokens, margin, cache, new = list(prompt), float("inf"), None, prompt
with torch.inference_mode():
    for _ in range(CONTINUATION):
        step = model(torch.tensor([new]), past_key_values=cache, use_cache=True)
        cache, best = step.past_key_values, step.logits[0, -1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        new = [best.indices[0].item()]
        tokens += new
    rows = model(torch.tensor([tokens])).logits[0]

json.dump({
    "prompt": PROMPT,
    "promptTokens": prompt,
    "continuation": tokens[len(prompt):],
    "continuationText": tokenizer.decode(tokens[len(prompt):]),
    "smallestMargin": margin,
    "largestLogit": rows.abs().max().item(),
    "columns": list(COLUMNS),
    "logits": [[row[c].item() for c in COLUMNS] for row in rows[:: len(rows) // 8]],
    "rows": list(range(len(rows)))[:: len(rows) // 8],
}, sys.stdout, indent=1)
print()
