"""Writes the expected tokens of TokenizersTests: tiktoken's, checked against those of Hugging Face tokenizers.

    pip install tiktoken==0.14.0 tokenizers==0.23.3 unicodedata2==16.0.0 regex
    python make_fixtures.py [DATA]

story.json: cases for the story model's vocabulary. With DATA, a folder with gpt2-tokenizer/ and the texts, also
gpt2.json (the same texts with GPT-2's vocabulary, which is not in the repository) and files.json (number and FNV-1a hash
of the tokens of whole files).
"""

import json
import lzma
import pathlib
import random
import sys

import cases
import references

HERE = pathlib.Path(__file__).resolve().parent
STORY = HERE.parent.parent.parent / "Sources/StoryModelData"


def case(group, data, tokens, special=None):
    # Text as hexadecimal bytes, so that no reader can change it.
    result = {"group": group, "bytes": data.hex(), "tokens": tokens}
    return result if special in (None, tokens) else result | {"special": special}


def text_cases(reference):
    generator = random.Random(7)
    texts = [*cases.fixed(), *(("random", cases.random_text(generator)) for _ in range(1000))]
    for group, text in texts:
        tokens, special = reference.encode(text), reference.encode_with_special(text)
        # Hugging Face tokenizers always take a special token in a text as the token.
        assert reference.huggingface.encode(text).ids == special, text
        yield case(group, text.encode(), tokens, special)
    for _ in range(500):
        data = cases.random_bytes(generator)
        yield case("bytes", data, reference.encode_bytes(data))


def write(name, value):
    lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in value)
    (HERE / name).write_text(f"[\n{lines}\n]\n")
    print(name, len(value), (HERE / name).stat().st_size)


def fnv(tokens):
    value = 0xCBF29CE484222325
    for token in tokens:
        value = (value ^ token) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def whole_files(data, vocabularies):
    for name in ["tinyshakespeare.txt", "stories.txt", "classics.txt.xz"]:
        raw = (data / name).read_bytes()
        text = (lzma.decompress(raw) if name.endswith(".xz") else raw).decode()
        for vocabulary, reference in vocabularies.items():
            tokens = reference.encode(text)
            item = {"file": name.removesuffix(".xz"), "vocabulary": vocabulary, "count": len(tokens), "hash": fnv(tokens)}
            print(item)
            yield item


def main():
    story = references.References(STORY)
    write("story.json", list(text_cases(story)))
    if len(sys.argv) > 1:
        data = pathlib.Path(sys.argv[1])
        gpt2 = references.References(data / "gpt2-tokenizer")
        write("gpt2.json", list(text_cases(gpt2)))
        write("files.json", list(whole_files(data, {"story": story, "gpt2": gpt2})))


main()
