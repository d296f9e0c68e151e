"""Opens a training run's event files with TensorBoard and holds them to the run's metrics.jsonl.

    python -m venv venv && venv/bin/pip install tensorboard && venv/bin/python Scripts/check_events.py RUN
"""

import json
import math
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = sys.argv[1]
accumulator = EventAccumulator(run, size_guidance={"scalars": 0})
accumulator.Reload()

expected = {}
with open(f"{run}/metrics.jsonl") as file:
    for line in file:
        values = json.loads(line)
        step = values.pop("step")
        for name, value in values.items():
            expected.setdefault(name, []).append((step, value))

faults = []
tags = accumulator.Tags()["scalars"]
if sorted(tags) != sorted(expected):
    faults.append(f"TensorBoard has {sorted(tags)}, metrics.jsonl {sorted(expected)}")
for name in tags:
    seen = [(event.step, event.value) for event in accumulator.Scalars(name)]
    wanted = expected.get(name, [])
    if [step for step, _ in seen] != [step for step, _ in wanted]:
        faults.append(f"{name}: other steps")
        continue
    for (step, value), (_, exact) in zip(seen, wanted):
        # metrics.jsonl writes null for what is not a number.
        same = math.isnan(value) if exact is None else value == struct.unpack("f", struct.pack("f", exact))[0]
        if not same:
            faults.append(f"{name}, step {step}: {value} instead of {exact}")
    print(f"{name}: {len(seen)} values, the last {seen[-1][1]:.6g} at step {seen[-1][0]}")
print("\n".join(faults) or "TensorBoard reads what metrics.jsonl says.")
sys.exit(1 if faults else 0)
