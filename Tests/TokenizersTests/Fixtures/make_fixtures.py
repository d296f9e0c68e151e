"""Writes the expected tokens of TokenizersTests: tiktoken's, checked against those of Hugging Face tokenizers.

    pip install tiktoken==0.14.0 tokenizers==0.23.3 unicodedata2==16.0.0 regex
    python make_fixtures.py [DATA]

story.json: cases for the story model's vocabulary. long.json: number and FNV-1a hash of the tokens of texts too long to
store. small/: a tokenizer of 300 tokens in all forms of files. With DATA, a folder with gpt2-tokenizer/ and the texts,
also gpt2.json (the cases with GPT-2's vocabulary, which is not in the repository) and files.json (whole files).
"""

import json
import lzma
import pathlib
import random
import sys

import cases
import references
import tokenizers

HERE = pathlib.Path(__file__).resolve().parent
STORY = HERE.parent.parent.parent / "Sources/StoryModelData"


def case(group, data, tokens, special=None):
    # Text as hexadecimal bytes, so that no reader can change it.
    result = {"group": group, "bytes": data.hex(), "tokens": tokens}
    return result if special in (None, tokens) else result | {"special": special}


def text_cases(reference):
    generator = random.Random(7)
    texts = [*cases.fixed(), *(("random", cases.random_text(generator)) for _ in range(600))]
    for group, text in texts:
        tokens, special = reference.encode(text), reference.encode_with_special(text)
        # Hugging Face tokenizers always take a special token in a text as the token.
        assert reference.huggingface.encode(text).ids == special, text
        yield case(group, text.encode(), tokens, special)
    for _ in range(300):
        data = cases.random_bytes(generator)
        # No reference takes special tokens among broken bytes; the fixed cases have them among text.
        if cases.SPECIAL.encode() not in data:
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


def summary(name, vocabulary, tokens):
    item = {"name": name, "vocabulary": vocabulary, "count": len(tokens), "hash": fnv(tokens)}
    print(item, flush=True)
    return item


def whole_files(data, vocabularies):
    for name in ["tinyshakespeare.txt", "stories.txt", "classics.txt.xz"]:
        raw = (data / name).read_bytes()
        text = (lzma.decompress(raw) if name.endswith(".xz") else raw).decode()
        for vocabulary, reference in vocabularies.items():
            yield summary(name.removesuffix(".xz"), vocabulary, reference.encode(text))


def long_texts(vocabularies):
    for name, text in cases.long_texts():
        for vocabulary, reference in vocabularies.items():
            yield summary(name, vocabulary, reference.encode(text))


def check_merges_agree_with_ranks(name, reference):
    """tiktoken merges by the rank of the result, Hugging Face and GPT-2 by the place in the list of merges.

    They agree on every text if each token is made by one merge, tokens are numbered in the order of the merges, and the
    merges alone turn the bytes of each token into that token: then two neighbours whose bytes make a token are always
    the pair that its merge lists (docs/tokenizer.md).
    """
    text_of = {token: text for text, token in reference.ranks.items()}
    alphabet = references.byte_alphabet()
    merges = json.loads(reference.huggingface.to_str())["model"]["merges"]
    pairs = [tuple(bytes(alphabet[c] for c in part) for part in merge) for merge in merges]
    order = {pair: place for place, pair in enumerate(pairs)}
    results = [reference.ranks[left + right] for left, right in pairs]
    assert results == sorted(set(results)) and len(order) == len(pairs)
    assert len(results) + 256 == len(reference.ranks)
    for token, text in text_of.items():
        parts = [text[i : i + 1] for i in range(len(text))]
        while len(parts) > 1:
            place = min(range(len(parts) - 1), key=lambda i: order.get((parts[i], parts[i + 1]), len(order)))
            assert (parts[place], parts[place + 1]) in order, text
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
    print(f"{name}: {len(pairs)} merges agree with the ranks of {len(text_of)} tokens")


def small_tokenizer():
    """Files that are small enough to mutate, trained by Hugging Face tokenizers."""
    folder = HERE / "small"
    folder.mkdir(exist_ok=True)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300, special_tokens=[references.END_OF_TEXT], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(cases.WORDS * 3 + ["the cat and the hat, naïve or not"] * 20, trainer)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tokenizer.model.save(str(folder))


def main():
    story = references.References(STORY)
    check_merges_agree_with_ranks("story", story)
    small_tokenizer()
    write("story.json", list(text_cases(story)))
    if len(sys.argv) == 1:
        return
    data = pathlib.Path(sys.argv[1])
    gpt2 = references.References(data / "gpt2-tokenizer")
    check_merges_agree_with_ranks("gpt2", gpt2)
    write("gpt2.json", list(text_cases(gpt2)))
    write("long.json", list(long_texts({"story": story, "gpt2": gpt2})))
    write("files.json", list(whole_files(data, {"story": story, "gpt2": gpt2})))


main()
