"""Times `gpt2 tokenizer train` beside Hugging Face tokenizers in one interleaved run, and compares their files.

    swift build -c release --product gpt2
    python Benchmarks/tokenizer/train_compare.py .build/release/gpt2 FILE... [--vocab-size 8192] [--threads 2] [--rounds 5]

FILE is a text, or one that xz packed; --bytes N takes its first N bytes. In every round each system trains once with each
file. We are timed as a process, from its start to its end, reading and writing included; Hugging Face from the documents,
which are in memory, to the trained tokenizer. The tokenizer.json of both must be equal, byte for byte, and transformers
must load it, if that is installed. Needs tokenizers 0.23.3.
"""

import argparse
import json
import lzma
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tests/TokenizersTests/Fixtures"))


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("gpt2")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--vocab-size", type=int, default=8192)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bytes", type=int)
    return parser.parse_args()


OPTIONS = arguments()
# Read once, when the library starts its threads.
os.environ["RAYON_NUM_THREADS"] = str(OPTIONS.threads)
os.environ["TOKENIZERS_PARALLELISM"] = "true"

import make_training  # noqa: E402


def ours(path, folder):
    command = [OPTIONS.gpt2, "tokenizer", "train", "--text", path, "--vocab-size", str(OPTIONS.vocab_size)]
    start = time.perf_counter()
    subprocess.run([*command, "--out", folder, "--threads", str(OPTIONS.threads)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def theirs(documents, folder):
    start = time.perf_counter()
    tokenizer = make_training.train(documents, OPTIONS.vocab_size - 1, [])
    seconds = time.perf_counter() - start
    tokenizer.add_special_tokens([make_training.END_OF_TEXT])
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return seconds


def check_loads(folder):
    try:
        import transformers
    except ImportError:
        return
    text = "Once upon a time, we'll  see:\n\n\"naïve\" 😀 123<|endoftext|>"
    loaded = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    ids = loaded(text)["input_ids"]
    assert ids[-1] == len(loaded) - 1
    assert loaded.decode(ids, clean_up_tokenization_spaces=False) == text
    tokenize = [OPTIONS.gpt2, "tokenize", text, "--model", folder, "--allow-special", "--format", "json"]
    assert json.loads(subprocess.run(tokenize, check=True, capture_output=True).stdout)["tokens"] == ids


def main():
    print("| file | MB | documents | swift-gpt2 s | tokenizers s | ratio, median of rounds | lowest |")
    print("|---|---|---|---|---|---|---|")
    for name in map(pathlib.Path, OPTIONS.files):
        data = lzma.open(name).read(OPTIONS.bytes or -1) if name.suffix == ".xz" else name.read_bytes()[: OPTIONS.bytes]
        # A cut may fall inside a character.
        text = data.decode(errors="ignore" if OPTIONS.bytes else "strict")
        documents = make_training.documents_of(text)
        times, ratios = {"ours": [], "theirs": []}, []
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            path = work / "text.txt"
            path.write_bytes(text.encode())
            for number in range(OPTIONS.rounds):
                mine, other = work / f"ours{number}", work / f"theirs{number}"
                times["ours"].append(ours(path, mine))
                times["theirs"].append(theirs(documents, other))
                ratios.append(times["theirs"][-1] / times["ours"][-1])
                assert (mine / "tokenizer.json").read_bytes() == (other / "tokenizer.json").read_bytes(), name
            check_loads(mine)
        medians = {system: statistics.median(seconds) for system, seconds in times.items()}
        print(
            f"| {name.name} | {len(text.encode()) / 1e6:.1f} | {len(documents)} | {medians['ours']:.3f} | "
            f"{medians['theirs']:.3f} | {statistics.median(ratios):.1f} | {min(ratios):.1f} |", flush=True,
        )  # fmt: skip
    print(f"identical files; {OPTIONS.vocab_size} tokens, {OPTIONS.threads} threads, {OPTIONS.rounds} rounds")


main()
