"""The systems that are compared: how each is started, and what it says.

A subject is a system with a format of the weights, "gpt2 q8" or "llama.cpp Q4_0". Every measure returns a dictionary of
numbers, or raises Failure.
"""

import json
import os
import statistics
import sys

from peers import ids
from processes import run

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT, NEW, LONG = 16, 128, 512  # tokens
BATCHES, BATCH_NEW = [1, 2, 4, 8, 16], 64
DEPTHS, DEPTH_NEW = [16, 256, 512, 900], 64
STORY_NEW = 400  # the story model's context is 512, and 128 tokens are over in a blink
STARTS = 3  # processes that are timed from start to end
# Bits of a weight, block scales left out: a peer of as many or more is at the same or better precision.
BITS = {"f32": 32, "F32": 32, "float32": 32, "f16": 16, "F16": 16, "q8": 8, "Q8_0": 8, "int8": 8, "q4": 4, "Q4_0": 4,
        "Q4_K_M": 4}  # fmt: skip


class System:
    """One system with one format of the weights."""

    name = ""
    measures = ["decode", "prompt", "batches", "first", "memory", "depths", "scaling"]

    def __init__(self, options, weights):
        self.options, self.work, self.weights, self.threads = options, options.work, weights, options.threads

    @property
    def label(self):
        return f"{self.name} {self.weights}"

    def files(self):
        """What must exist, and is read into the page cache before anything is timed."""
        raise NotImplementedError

    def out(self, command, threads=None):
        return run(command, threads or self.threads)[0]

    def measure(self, kind):
        return getattr(self, kind)()

    def decode(self):
        return {"tokens_per_s": self.decode_rate(PROMPT, NEW, self.threads)}

    def prompt(self):
        return {"tokens_per_s": self.prompt_rate(self.threads)}

    def depths(self):
        return {str(depth): self.decode_rate(depth, DEPTH_NEW, self.threads) for depth in DEPTHS}

    def scaling(self):
        counts = sorted({1, self.threads})
        return {str(n): {"decode": self.decode_rate(PROMPT, NEW, n), "prompt": self.prompt_rate(n)} for n in counts}

    def first(self):
        return {"seconds": statistics.median(run(self.start(), self.threads)[1] for _ in range(STARTS))}

    def story(self):
        # A run takes a tenth of a second, in which a shared host may be anywhere: the median of five.
        return {"tokens_per_s": statistics.median(self.story_rate() for _ in range(5))}

    def memory(self):
        return run(self.decoder(), self.threads, watched=True)[2]


class GPT2(System):
    name = "gpt2"
    measures = [*System.measures, "story"]

    def files(self):
        return [f"{self.work}/gpt2/{self.weights}/model.safetensors"]

    def model(self):
        # Named even where they are stored so: bench measures every format of a model in f32 or f16.
        return ["--model", f"{self.work}/gpt2/{self.weights}", "--weights", self.weights]

    def generate(self, prompt, count, threads, model=None, vocabulary=50000):
        return [self.options.gpt2, "generate", *(model or self.model()), "--greedy", "--ignore-eos", "--threads",
                str(threads), "--format", "json", "--token-ids", ",".join(map(str, ids(prompt, vocabulary))),
                "--max-tokens", str(count)]  # fmt: skip

    def timing(self, name, command):
        return json.loads(self.out(command))["timings"][name]

    def decode_rate(self, prompt, count, threads):
        return self.timing("decode_tokens_per_s", self.generate(prompt, count, threads))

    def bench(self, prompt, batches, count, repetitions, threads):
        command = [self.options.gpt2, "bench", *self.model(), "--threads", str(threads), "--prompt-lengths",
                   str(prompt), "--depths", str(PROMPT), "--batches", ",".join(map(str, batches)), "--tokens",
                   str(count), "--repetitions", str(repetitions), "--format", "json"]  # fmt: skip
        rows = json.loads(self.out(command, threads))["measurements"]
        assert {row["weights"] for row in rows} == {self.weights}
        return rows

    def prompt_rate(self, threads):
        # As warm as the peers are, which all have an uncounted run first: the median of three.
        rows = self.bench(LONG, [1], 1, 3, threads)
        (rate,) = [row["tokens_per_s"] for row in rows if row["work"] == "prompt"]
        return rate

    def batches(self):
        rows = self.bench(PROMPT, BATCHES, BATCH_NEW, 1, self.threads)
        return {str(row["sequences"]): row["tokens_per_s"] for row in rows if row["work"] == "decode"}

    def story_rate(self):
        command = self.generate(PROMPT, STORY_NEW, self.threads, ["--weights", self.weights], vocabulary=4000)
        return self.timing("decode_tokens_per_s", command)

    def start(self):
        return self.generate(PROMPT, 1, self.threads)

    def decoder(self):
        return self.generate(PROMPT, NEW, self.threads)


class Llama(System):
    name = "llama.cpp"
    measures = [*System.measures, "story"]

    def files(self):
        return [f"{self.work}/llama.cpp/bin/llama-bench", self.model()]

    def model(self, name="124m"):
        return f"{self.work}/gguf/{name}-{self.weights}.gguf"

    def bench(self, *arguments, threads=None, model=None):
        return [f"{self.work}/llama.cpp/bin/llama-bench", "-m", model or self.model(), "-t",
                str(threads or self.threads), "-r", "1", "-o", "json", *arguments]  # fmt: skip

    def rate(self, command, threads):
        (result,) = json.loads(self.out(command, threads))
        return result["avg_ts"]

    def decode_rate(self, prompt, count, threads, model=None):
        command = self.bench("-p", "0", "-n", str(count), "-d", str(prompt), threads=threads, model=model)
        return self.rate(command, threads)

    def prompt_rate(self, threads):
        return self.rate(self.bench("-p", str(LONG), "-n", "0", threads=threads), threads)

    def batches(self):
        found = self.batched(BATCHES)
        # Its log thread now and then loses the last line.
        for batch in BATCHES:
            if str(batch) not in found:
                found.update(self.batched([batch]))
        return {str(batch): found[str(batch)] for batch in BATCHES}

    def batched(self, batches):
        command = [f"{self.work}/llama.cpp/bin/llama-batched-bench", "-m", self.model(), "-t", str(self.threads),
                   "-npp", str(PROMPT), "-ntg", str(BATCH_NEW), "-npl", ",".join(map(str, batches)), "-c",
                   str(max(batches) * (PROMPT + BATCH_NEW)), "--output-format", "jsonl"]  # fmt: skip
        rows = [json.loads(line) for line in self.out(command).splitlines() if line.startswith("{")]
        return {str(row["pl"]): row["speed_tg"] for row in rows}

    def story_rate(self):
        return self.decode_rate(PROMPT, STORY_NEW, self.threads, self.model("story"))

    def start(self):
        return self.bench("-p", str(PROMPT), "-n", "0", "--no-warmup")

    def decoder(self):
        return self.bench("-p", "0", "-n", str(NEW), "-d", str(PROMPT))


class Library(System):
    """A Python library, timed by peers.py in a process of its own."""

    def command(self, measure, *arguments, threads=None):
        return [sys.executable, f"{HERE}/peers.py", self.name.lower(), self.model(), measure, "--weights",
                self.weights, "--threads", str(threads or self.threads), *arguments]  # fmt: skip

    def rates(self, command, threads=None):
        return json.loads(self.out(command, threads).splitlines()[-1])["tokens_per_s"]

    def decode_rate(self, prompt, count, threads):
        arguments = ["--prompt", str(prompt), "--new", str(count)]
        return self.rates(self.command("decode", *arguments, threads=threads), threads)["1"]

    def prompt_rate(self, threads):
        return self.rates(self.command("prompt", "--prompt", str(LONG), threads=threads), threads)

    def batches(self):
        batches = ",".join(map(str, BATCHES))
        return self.rates(self.command("decode", "--new", str(BATCH_NEW), "--batches", batches))

    def start(self):
        return self.command("first")

    def decoder(self):
        return self.command("decode")


class CTranslate2(Library):
    name = "CTranslate2"

    def model(self):
        return f"{self.work}/ctranslate2/{self.weights}"

    def files(self):
        return [f"{self.model()}/model.bin"]


class Transformers(Library):
    """The yardstick: it shows whether another peer is built well."""

    name = "transformers"
    measures = ["decode", "prompt"]

    def model(self):
        return f"{self.work}/124m"

    def files(self):
        return [f"{self.model()}/model.safetensors"]


FORMATS = {
    GPT2: ["f32", "f16", "q8", "q4"],
    Llama: ["F32", "F16", "Q8_0", "Q4_0", "Q4_K_M"],
    CTranslate2: ["float32", "int8"],
    Transformers: ["float32"],
}
# At depth and from one thread to more, the formats that show it are enough.
PART = {
    "depths": ["gpt2 q8", "llama.cpp Q8_0", "CTranslate2 int8"],
    "scaling": ["gpt2 f32", "gpt2 q8", "gpt2 q4", "llama.cpp F32", "llama.cpp Q8_0", "llama.cpp Q4_0",
                "CTranslate2 float32", "CTranslate2 int8"],
    "memory": ["gpt2 q8", "gpt2 q4", "llama.cpp Q8_0", "llama.cpp Q4_0", "CTranslate2 int8"],
    "first": ["gpt2 f32", "gpt2 q8", "gpt2 q4", "llama.cpp F32", "llama.cpp Q8_0", "llama.cpp Q4_0",
              "CTranslate2 int8"],
}  # fmt: skip


def subjects(options):
    return [system(options, weights) for system, formats in FORMATS.items() for weights in formats]


def taking_part(kind, subject):
    return kind in subject.measures and subject.label in PART.get(kind, [subject.label])
