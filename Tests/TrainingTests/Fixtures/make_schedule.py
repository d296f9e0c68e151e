"""Makes schedule.json: learning rates by nanoGPT's rule (get_lr in its train.py), and their linear counterpart.

    python make_schedule.py
"""

import json
import math
import os

CASES = [
    # decay, peak, minimum, warm-up steps, decay steps
    ("cosine", 6e-4, 6e-5, 2000, 600000),
    ("cosine", 1e-3, 1e-4, 100, 2000),
    ("cosine", 1e-3, 1e-4, 0, 10),
    ("linear", 3e-4, 0.0, 10, 50),
    ("constant", 2e-4, 0.0, 5, 0),
    ("constant", 2e-4, 0.0, 0, 0),
]


def rate(decay, peak, minimum, warmup, end, step):
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    if decay == "constant":
        return peak
    if step > end:
        return minimum
    ratio = (step - warmup) / (end - warmup)
    share = 0.5 * (1.0 + math.cos(math.pi * ratio)) if decay == "cosine" else 1.0 - ratio
    return minimum + share * (peak - minimum)


cases = []
for decay, peak, minimum, warmup, end in CASES:
    steps = sorted({0, 1, warmup // 2, max(warmup - 1, 0), warmup, warmup + 1, (warmup + end) // 2, end, end + 1, end + 7})
    rates = [rate(decay, peak, minimum, warmup, end, step) for step in steps]
    cases.append(dict(decay=decay, peak=peak, minimum=minimum, warmup=warmup, end=end, steps=steps, rates=rates))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedule.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
