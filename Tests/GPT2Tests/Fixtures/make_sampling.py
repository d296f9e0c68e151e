"""Makes sampling.json: what Hugging Face transformers' logits warpers keep, and with which probabilities.

    python -m venv venv && venv/bin/pip install torch transformers numpy && venv/bin/python make_sampling.py

Logits are multiples of 1/16, so that they are exact in every format and ties are many; the warpers run in float64, so
that no rounding decides where the border of top-p lies. `kept` are the tokens that no warper removes; null means all.
Where top-p's border runs between equal logits, torch.sort, which is not stable, decides which of them stay.
"""

import json
import os

import numpy as np
import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

VOCABULARY = 307
ROWS = {
    "peaked": lambda random: random.standard_normal(VOCABULARY) * 4,
    "flat": lambda random: random.standard_normal(VOCABULARY) * 0.2,
    "equal": lambda random: np.zeros(VOCABULARY),
    "outlier": lambda random: np.where(np.arange(VOCABULARY) == 123, 60, random.standard_normal(VOCABULARY)),
}
SETTINGS = [
    # temperature, top k, top p
    (1.0, None, None),
    (0.8, 40, None),
    (0.8, 1, None),
    (1.3, 299, None),
    (1.3, 1000, None),
    (0.7, None, 0.9),
    (1.0, None, 0.3),
    (1.0, None, 0.999),
    (2.0, None, 1e-9),
    (0.8, 40, 0.95),
    (1.5, 7, 0.5),
    (0.05, 100, 0.97),
]

random = np.random.Generator(np.random.Philox(1))
cases = []
for name, make in ROWS.items():
    sixteenths = np.round(make(random) * 16).astype(int)
    for temperature, top_k, top_p in SETTINGS:
        scores = torch.tensor(sixteenths / 16, dtype=torch.float64)[None]
        warpers = [TemperatureLogitsWarper(temperature)] if temperature != 1 else []
        warpers += [TopKLogitsWarper(top_k)] if top_k else []
        warpers += [TopPLogitsWarper(top_p)] if top_p else []
        for warper in warpers:
            scores = warper(None, scores)
        probabilities = scores.softmax(-1)[0].numpy()
        kept = np.flatnonzero(np.isfinite(scores[0].numpy()))
        case = dict(row=name, temperature=temperature, top_k=top_k, top_p=top_p)
        case["kept"] = None if len(kept) == VOCABULARY else kept.tolist()
        # The largest sixteen, and the number of those kept, say enough of the probabilities.
        case["probabilities"] = [float(f"{p:.9g}") for p in sorted(probabilities, reverse=True)[:16]]
        cases.append(case)
    cases.append(dict(row=name, sixteenths=sixteenths.tolist()))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sampling.json"), "w") as file:
    rows = {case["row"]: case["sixteenths"] for case in cases if "sixteenths" in case}
    cases = [case for case in cases if "kept" in case]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    file.write('{"rows":' + json.dumps(rows, separators=(",", ":")) + ',\n"cases":[\n' + lines + "\n]}\n")
