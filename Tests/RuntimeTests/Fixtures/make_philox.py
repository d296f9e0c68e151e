"""Makes philox.json: words of Philox4x32-10 as the randomgen package computes them.

    python -m venv venv && venv/bin/pip install randomgen && venv/bin/python make_philox.py

The generator steps its 128-bit counter before it draws, so the block at a counter follows from the counter before.
"""

import json
import os

from randomgen import Philox

CASES = [
    # seed, stream, position
    (0, 0, 1),
    (1, 0, 2),
    (0x299F31D0A4093822, 0, 7),
    (42, 5, 1000),
    (2**64 - 1, 2**63 + 1, 2**40 + 3),
    (123456789012345678, 2**32, 2**64 - 1),
]

cases = []
for seed, stream, position in CASES:
    counter = (stream << 64 | position) - 1
    words = Philox(key=seed, counter=counter, number=4, width=32).random_raw(4)
    # Strings: not every JSON reader keeps 64 bits.
    cases.append(dict(seed=str(seed), stream=str(stream), position=str(position), words=[int(w) for w in words]))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "philox.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
