"""Writes training.json, the expected results of TokenizerTrainingTests: what Hugging Face tokenizers learns.

    pip install tokenizers==0.23.3 unicodedata2==16.0.0
    python make_training.py [DATA]

Every case has a text file and the number of tokens to make. The documents are what lies between the lines of the file that
are exactly <|endoftext|>. Expected are the merges, as they stand in merges.txt, and the FNV-1a hash of the whole
tokenizer.json that Hugging Face saves. With DATA, a folder with the texts, also training_files.json: the same for whole
files, hashes only.
"""

import json
import pathlib
import random
import re
import sys

import cases
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
END_OF_TEXT = "<|endoftext|>"


def documents_of(text):
    parts = re.split(r"^<\|endoftext\|>$\n?", text, flags=re.MULTILINE)
    return [part for part in parts if part]


def train(documents, vocabulary_size, special_tokens):
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size, special_tokens=special_tokens, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def merges_of(tokenizer):
    return [" ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]


def reference(documents, vocabulary_size):
    """GPT-2 has <|endoftext|> last: the trainer makes one token less, and it is added."""
    tokenizer = train(documents, vocabulary_size - 1, [])
    tokenizer.add_special_tokens([END_OF_TEXT])
    # The trainer's own place for special tokens, the first ids, gives the same merges.
    assert merges_of(train(documents, vocabulary_size, [END_OF_TEXT])) == merges_of(tokenizer)
    return tokenizer


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def texts():
    """Names, texts and vocabulary sizes."""
    yield "one pair", "ab", 300
    yield "nothing to merge", "a\n<|endoftext|>\nb", 300
    yield "no merges wanted", "the cat and the hat", 257
    yield "one merge wanted", "the cat and the hat", 258
    pairs = [f"{a}{b}" for a in "zyxcba" for b in "fedmno"]
    yield "ties in descending order", " ".join(pairs), 400
    yield "ties in ascending order", " ".join(sorted(pairs)), 400
    yield "ties between old and new", "abcd bcda cdab dabc " * 3 + "abab baba aabb bbaa", 320
    yield "ties of bytes", "".join(f" é{c}ß{c}" for c in "éßüöäñ") + " \x00\x7f\x80\xad", 400
    yield "runs of one letter", " ".join("a" * n for n in range(1, 40)) + " " + " ".join("ba" * n for n in range(12)), 400
    yield "overlapping pairs", "aaaaa\naaaa\naaa\naaaaaaa bbb abababa babab abba abbbba aabbaabb", 300
    yield "long pieces", "ab" * 300 + " " + "abc" * 200 + " " + "-" * 1000 + " x" + "y" * 15 + " x" + "y" * 16, 330
    yield "contractions", " ".join(f"I{c} he{c} {c}" for c in cases.CONTRACTIONS) * 2, 360
    yield "white space", "".join(f"{s * n}a{s * n}1\n" for s in cases.SPACES for n in range(5)), 420
    yield "not white space", "".join(f"{s * n}a{s * n}1\n" for s in cases.NOT_SPACES for n in range(5)), 360
    yield "words", "\n".join(cases.WORDS * 2), 700
    yield "emoji", " ".join(cases.EMOJI) + "".join(cases.EMOJI), 420
    yield "numbers", cases.NUMBERS[:400] + " ".join(cases.NUMBERS[:200]), 500
    # Where documents end matters for the white space there.
    yield "white space at the ends", "a  \n\n<|endoftext|>\n  a\n<|endoftext|>\n\n\n a  \n<|endoftext|>\na  ", 300
    yield "no line break at the end", "the cat\n<|endoftext|>\nthe hat", 300
    yield "line break at the end", "the cat\n<|endoftext|>\nthe hat\n<|endoftext|>\n", 300
    yield "empty documents", "<|endoftext|>\n<|endoftext|>\nthe cat\n<|endoftext|>\n<|endoftext|>\n\n<|endoftext|>", 300
    yield "not separators", "the <|endoftext|>\n <|endoftext|>\n<|endoftext|> \n<|endoftext|>\r\n<|endoftext|><|endoftext|>", 300
    generator = random.Random(11)
    for number in range(40):
        separators = ["\n", " ", "", "\n<|endoftext|>\n", "<|endoftext|>"]
        parts = (cases.random_text(generator) + generator.choice(separators) for _ in range(generator.choice([3, 20, 60])))
        yield f"random {number + 1}", "".join(parts), generator.choice([270, 300, 400, 600])
    for number in range(20):
        letters = generator.choice(["ab", "abc", "a b", "ab \n", "aé "])
        text = "".join(generator.choice(letters) for _ in range(generator.choice([40, 400, 1500])))
        yield f"few letters {number + 1}", text, generator.choice([270, 300, 420])


def case(name, text, vocabulary_size):
    tokenizer = reference(documents_of(text), vocabulary_size)
    return {
        "name": name, "text": text, "vocabularySize": vocabulary_size, "documents": len(documents_of(text)),
        "merges": merges_of(tokenizer), "hash": fnv(saved(tokenizer)),
    }  # fmt: skip


def saved(tokenizer):
    """What save() writes."""
    return tokenizer.to_str(pretty=True).encode()


def file_case(path, vocabulary_size):
    documents = documents_of(path.read_bytes().decode())
    tokenizer = reference(documents, vocabulary_size)
    result = {"name": path.name, "vocabularySize": vocabulary_size, "documents": len(documents), "hash": fnv(saved(tokenizer))}
    print(result, flush=True)
    return result


def write(name, value):
    lines = ",\n".join(json.dumps(item, separators=(",", ":"), ensure_ascii=False) for item in value)
    (HERE / name).write_text(f"[\n{lines}\n]\n")
    print(name, len(value), (HERE / name).stat().st_size)


def main():
    write("training.json", [case(*item) for item in texts()])
    if len(sys.argv) > 1:
        data = pathlib.Path(sys.argv[1])
        sizes = [("tinyshakespeare.txt", 8192), ("stories.txt", 4096), ("stories.txt", 30000)]
        write("training_files.json", [file_case(data / name, size) for name, size in sizes])


if __name__ == "__main__":
    main()
