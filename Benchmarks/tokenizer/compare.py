"""Times our tokenizer beside tiktoken and Hugging Face tokenizers, one thread each, in one interleaved run.

    swift build -c release --package-path Benchmarks/tokenizer
    python Benchmarks/tokenizer/compare.py DIRECTORY FILE... [--rounds 7]

DIRECTORY has tokenizer.json, or vocab.json and merges.txt. In every round each system encodes each file once; the table
shows the median and the best, and the ratio of the medians. tiktoken is given a str, we are given bytes: neither reads
the file inside the measured time. Needs tiktoken 0.14.0, tokenizers 0.23.3, unicodedata2 16.0.0 and regex.
"""

import argparse
import os
import pathlib
import statistics
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from agree import Ours  # noqa: E402
from agree import references  # noqa: E402


def timed(work):
    start = time.perf_counter()
    tokens = work()
    return time.perf_counter() - start, len(tokens)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    reference, ours = references.References(options.directory), Ours(options.directory)
    texts = {path: pathlib.Path(path).read_bytes().decode() for path in options.files}

    def our_time(path):
        seconds, count = ours.ask(f"encode {path}").split()
        return float(seconds), int(count)

    systems = {
        "swift-gpt2": our_time,
        "tiktoken": lambda path: timed(lambda: reference.tiktoken.encode_ordinary(texts[path])),
        "tokenizers": lambda path: timed(lambda: reference.huggingface.encode(texts[path]).ids),
    }
    times = {(path, system): [] for path in texts for system in systems}
    loads = []
    for _ in range(options.rounds):
        loads.append(float(ours.ask(f"load {options.directory}")))
        for path in texts:
            counts = {}
            for system, encode in systems.items():
                seconds, counts[system] = encode(path)
                times[path, system].append(seconds)
            assert "<|endoftext|>" in texts[path] or len(set(counts.values())) == 1, counts

    print(f"load: median {1000 * statistics.median(loads):.0f} ms, best {1000 * min(loads):.0f} ms")
    print("| file | system | median MB/s | best MB/s | swift-gpt2 is faster by |")
    print("|---|---|---|---|---|")
    for (path, system), seconds in times.items():
        size = len(texts[path].encode()) / 1e6
        median = statistics.median(seconds)
        ratio = median / statistics.median(times[path, "swift-gpt2"])
        print(f"| {pathlib.Path(path).name} | {system} | {size / median:.1f} | {size / min(seconds):.1f} | {ratio:.1f} x |")


if __name__ == "__main__":
    main()
