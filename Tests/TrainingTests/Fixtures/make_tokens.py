"""Makes the token files that TokenShardTests reads: the same ids as nanoGPT and llm.c write them, with numpy.

    python -m venv venv && venv/bin/pip install numpy && venv/bin/python make_tokens.py

nanoGPT: data/shakespeare_char/prepare.py. llm.c: write_datafile in dev/data/data_common.py.
"""

import os

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
NARROW = [(7 * i * i + 3) % 50257 for i in range(40)] + [50256, 0]
WIDE = NARROW + [65536, 128255]


def header(magic, version, count):
    words = np.zeros(256, dtype=np.int32)
    words[:3] = magic, version, count
    return words.tobytes()


def write(name, data):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


write("nanogpt.bin", np.array(NARROW, dtype=np.uint16).tobytes())
write("llmc.bin", header(20240520, 1, len(NARROW)) + np.array(NARROW, dtype=np.uint16).tobytes())
write("llmc-wide.bin", header(20240801, 7, len(WIDE)) + np.array(WIDE, dtype=np.uint32).tobytes())
