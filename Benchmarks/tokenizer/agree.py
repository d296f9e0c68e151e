"""Compares our tokens with tiktoken's on whole files, fixed cases, random texts and random bytes; the long run.

    swift build -c release --package-path Benchmarks/tokenizer
    python Benchmarks/tokenizer/agree.py DIRECTORY [FILE...] [--texts 1000000] [--bytes 100000] [--seed 1]

DIRECTORY has tokenizer.json, or vocab.json and merges.txt. Every text is also decoded and compared with itself. Ends
with an error at the first difference. Needs tiktoken 0.14.0, tokenizers 0.23.3, unicodedata2 16.0.0 and regex.
"""

import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tests/TokenizersTests/Fixtures"))
import cases  # noqa: E402
import references  # noqa: E402


class Ours:
    def __init__(self, directory):
        self.process = subprocess.Popen(
            [HERE / ".build/release/TokenizerBenchmark"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask(f"load {directory}")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def encode(self, records, command="tokens"):
        with tempfile.TemporaryDirectory() as folder:
            source, target = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
            with source.open("wb") as file:
                for record in records:
                    file.write(len(record).to_bytes(4, "little") + record)
            answer = self.ask(f"{command} {source} {target}")
            assert answer == "done", answer
            tokens, position, result = numpy.fromfile(target, dtype="<u4"), 0, []
            while position < len(tokens):
                end = position + 1 + int(tokens[position])
                result.append(tokens[position + 1 : end])
                position = end
            return result


def compare(name, ours, records, expected, command="tokens"):
    start, count, tokens = time.time(), 0, 0
    records = iter(records)
    while batch := list(itertools.islice(records, 20_000)):
        raw = [r if isinstance(r, bytes) else r.encode() for r in batch]
        for record, got in zip(batch, ours.encode(raw, command), strict=True):
            want = expected(record)
            if not numpy.array_equal(got, want):
                sys.exit(f"{name}: {record[:300]!r}\n  ours      {got[:40]}\n  reference {want[:40]}")
            count, tokens = count + 1, tokens + len(want)
    print(f"{name:24} {count:9,} texts {tokens:12,} tokens identical  ({time.time() - start:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    reference, ours = references.References(options.directory), Ours(options.directory)

    fixed = [text for _, text in cases.fixed()]
    compare("fixed cases", ours, fixed, reference.encode)
    compare("fixed, special allowed", ours, fixed, reference.encode_with_special, "special")
    compare("every code point", ours, (f"a{chr(c)}1{chr(c)}! {chr(c)}{chr(c)}b" for c in cases.SCALARS), reference.encode)
    compare("random texts", ours, cases.random_cases(options.seed, options.texts), reference.encode)
    special = cases.random_cases(options.seed + 1, options.texts // 10)
    compare("random, special allowed", ours, special, reference.encode_with_special, "special")
    broken = cases.random_cases(options.seed + 2, options.bytes, cases.random_bytes)
    compare("random bytes", ours, broken, reference.encode_bytes)
    for path in options.files:
        text = pathlib.Path(path).read_bytes().decode()
        compare(pathlib.Path(path).name, ours, [text], reference.encode)


if __name__ == "__main__":
    main()
