"""Makes characters.json and characters_cases.json: a tokenizer of characters as Hugging Face tokenizers has it.

    python -m venv venv && venv/bin/pip install tokenizers && venv/bin/python make_characters.py

nanoGPT's prepare.py gives each character of a text its number in the sorted list of them. The same in tokenizers is byte
pairs without merges, without anything that cuts the text, and with a decoder that joins without spaces.
"""

import json
import os

from tokenizers import AddedToken, Tokenizer, decoders, models

FOLDER = os.path.dirname(os.path.abspath(__file__))
TEXT = "the cat\tand the \"hat\",\n\nna\u00efve e\u0301t\u00e9 \\ \u4f60\u597d \U0001f600!\n"
CASES = [
    TEXT, "", "that", "  ten\n\n hats  ", "\u00e9", "e\u0301", "\U0001f600\U0001f600", "the Zebra \u03b6 eats",
    "a<|endoftext|>b", "<|endoftext|>", "<|endoftext|", "\u4f60e\u597d",
]

characters = {character: index for index, character in enumerate(sorted(set(TEXT)))}
tokenizer = Tokenizer(models.BPE(vocab=characters, merges=[]))
tokenizer.decoder = decoders.Fuse()
tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
tokenizer.save(os.path.join(FOLDER, "characters.json"))

cases = []
for text in CASES:
    # tokenizers always takes special tokens that are spelled out.
    ids = tokenizer.encode(text).ids
    cases.append(dict(text=text, ids=ids, decoded=tokenizer.decode(ids, skip_special_tokens=False)))
with open(os.path.join(FOLDER, "characters_cases.json"), "w") as file:
    json.dump(dict(text=TEXT, cases=cases), file, indent=1)
    file.write("\n")
