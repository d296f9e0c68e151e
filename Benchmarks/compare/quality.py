"""What a weight format costs in quality, beside llama.cpp's: quality.py WORK GPT2 --text HELD-OUT.txt

Perplexity on text that the models never saw, of the story model inside the package and of the one that it shipped
before (from the repository's history; --model NAME=DIRECTORY measures others), with f32, f16, q8 and q4 files of
`gpt2 quantize`, which fits q4 to what the model writes by itself, and with F32, F16, Q8_0, Q4_0 and Q4_K_M files of
llama-quantize scored by llama-perplexity. A q4 file of --no-calibrate is what `--weights q4` makes while it loads. With
--calibrate TEXT, of the kind that the models were trained on and not the held-out one, also a q4 file fitted to the
first 16,384 tokens of that text, and 4-bit files of llama.cpp with the importance matrix that llama-imatrix makes of
them.

The protocol is llama-perplexity's own, for both: the text is cut into windows as long as the model's context, which do
not overlap; of each window of n tokens the ones from n/2 + 2 to n are scored, each given all tokens before it in the
window; no token is put before a window. The tokens must be the same ones, and this is checked. gpt2's loss is taken
from `gpt2 logits`, in float64; llama.cpp's is what its tool prints (its cache of keys and values is f16, its default).
± is the standard error of the added loss over the scored tokens. `gpt2 evaluate` scores every token of the whole file.

Prints a Markdown table and writes quality.json and quality.md into --output.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

from gguf_model import write_gguf
from weight_files import weight_bytes

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STORY = "Sources/StoryModelData"
BEFORE = "f1f6a2a~1"  # the last commit that held the first story model
OURS = ["f32", "f16", "q8", "q4"]
THEIRS = ["F32", "F16", "Q8_0", "Q4_0", "Q4_K_M"]
PLAIN, CALIBRATED, WITH_MATRIX = ", not calibrated", ", calibrated on text", ", imatrix"  # after a format's name
CALIBRATION_TOKENS = 16_384  # what gpt2 quantize takes by itself
SEPARATOR = "<|endoftext|>"


def output_of(*command, **options):
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)[:300]}\n{done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout.decode()


def models(options):
    """Name and folder of each model to measure."""
    if options.model:
        return [model.split("=", 1) for model in options.model]
    before = f"{options.work}/first-story-model"
    os.makedirs(before, exist_ok=True)
    for name in ["config.json", "model.safetensors", "tokenizer.json"]:
        shown = subprocess.run(["git", "-C", ROOT, "show", f"{BEFORE}:{STORY}/{name}"], capture_output=True)
        if shown.returncode != 0:
            sys.exit(
                f"{ROOT} does not have the first story model, which is at {BEFORE}: quality.py needs the full "
                "history (git fetch --unshallow), or --model NAME=DIRECTORY"
            )
        with open(f"{before}/{name}", "wb") as file:
            file.write(shown.stdout)
    return [("story model", f"{ROOT}/{STORY}"), ("first story model", before)]


def without_separators(path, copy):
    """llama.cpp does not know the lines that separate documents."""
    with open(path, newline="") as source, open(copy, "w", newline="") as file:
        file.writelines(line for line in source if line.strip() != SEPARATOR)


class Ours:
    """Scores windows of tokens by `gpt2 logits`. A format may be followed by PLAIN or CALIBRATED."""

    def __init__(self, options, directory, folder):
        self.gpt2, self.directory, self.folder, self.threads = options.gpt2, directory, folder, str(options.threads)
        self.calibrate = options.calibrate

    def model(self, weights):
        """Where it is, and as what it is held, whatever is chosen by itself."""
        return ["--model", f"{self.folder}/{weights}", "--weights", weights.split(",")[0]]

    def file(self, weights):
        out = f"{self.folder}/{weights}"
        how = {PLAIN: ["--no-calibrate"], CALIBRATED: ["--calibrate", self.calibrate]}.get(weights[2:], [])
        output_of(self.gpt2, "quantize", "--model", self.directory, "--weights", weights.split(",")[0], *how,
                  "--out", out)  # fmt: skip
        return f"{out}/model.safetensors"

    def tokens(self, text):
        with open(text, "rb") as file:
            out = output_of(self.gpt2, "tokenize", "-", "--model", self.directory, "--format", "json", stdin=file)
        return json.loads(out)["tokens"]

    def losses(self, weights, windows):
        """Of every scored token, in nats."""
        import numpy

        logits_file, losses = f"{self.folder}/logits.npy", []
        for window in windows:
            output_of(self.gpt2, "logits", *self.model(weights), "--threads", self.threads,
                      "--token-ids", ",".join(map(str, window)), "--output", logits_file)  # fmt: skip
            first = len(window) // 2
            logits = numpy.load(logits_file)[first:-1].astype("float64")
            highest = logits.max(axis=1, keepdims=True)
            total = numpy.log(numpy.exp(logits - highest).sum(axis=1)) + highest[:, 0]
            losses.append(total - logits[numpy.arange(len(logits)), window[first + 1 :]])
        return numpy.concatenate(losses)

    def evaluated(self, weights, text):
        """Perplexity by `gpt2 evaluate`: every token of the file is scored, in windows that slide by half a context."""
        out = output_of(self.gpt2, "evaluate", *self.model(weights), "--threads", self.threads,
                        "--text", text, "--format", "json")  # fmt: skip
        return json.loads(out)["perplexity"]


class Theirs:
    """llama.cpp's tools. A format may be followed by WITH_MATRIX."""

    def __init__(self, options, directory, folder):
        self.bin, self.folder, self.threads = f"{options.work}/llama.cpp/bin", folder, str(options.threads)
        write_gguf(directory, f"{folder}/F32.gguf")

    def make_matrix(self, text, context):
        """The importance matrix of the tokens that gpt2 calibrates on."""
        without_separators(text, f"{self.folder}/calibration.txt")
        output_of(f"{self.bin}/llama-imatrix", "-m", f"{self.folder}/F32.gguf", "-f", f"{self.folder}/calibration.txt",
                  "-o", f"{self.folder}/imatrix.gguf", "-c", str(context), "--chunks",
                  str(CALIBRATION_TOKENS // context), "-t", self.threads, "--no-escape")  # fmt: skip

    def file(self, weights):
        path = f"{self.folder}/{weights}.gguf"
        if weights != "F32":
            matrix = ["--imatrix", f"{self.folder}/imatrix.gguf"] if weights.endswith(WITH_MATRIX) else []
            output_of(f"{self.bin}/llama-quantize", *matrix, f"{self.folder}/F32.gguf", path,
                      weights.removesuffix(WITH_MATRIX), self.threads)  # fmt: skip
        return path

    def tokens(self, text):
        command = [f"{self.bin}/llama-tokenize", "-m", f"{self.folder}/F32.gguf", "-f", text, "--ids", "--log-disable",
                   "--no-parse-special", "--no-bos", "--no-escape"]  # fmt: skip
        return json.loads(output_of(*command))

    def loss(self, weights, text, context, count):
        """Mean over all scored tokens, in nats."""
        out = output_of(f"{self.bin}/llama-perplexity", "-m", f"{self.folder}/{weights}.gguf", "-f", text,
                        "-c", str(context), "-t", self.threads, "--chunks", str(count), "--no-escape",
                        "--ppl-output-type", "1")  # fmt: skip
        rows = [line.split() for line in out.splitlines()]
        rows = [row for row in rows if len(row) == 4 and row[0].isdigit()]
        return float(rows[-1][2])


def has_imatrix(options):
    return os.path.exists(f"{options.work}/llama.cpp/bin/llama-imatrix")


def formats(options):
    """Those of gpt2 and of llama.cpp that are measured."""
    ours, theirs = options.ours.split(","), options.theirs.split(",")
    if "q4" in ours:
        ours += ["q4" + PLAIN] + (["q4" + CALIBRATED] if options.calibrate else [])
    if options.calibrate:
        if has_imatrix(options):
            theirs += [weights + WITH_MATRIX for weights in theirs if weights.startswith("Q4")]
    return ours, theirs


def measure(options, directory, folder, text):
    ours, theirs = Ours(options, directory, folder), Theirs(options, directory, folder)
    with open(f"{directory}/config.json") as file:
        context = json.load(file)["n_positions"]
    tokens = ours.tokens(text)
    count = min(len(tokens) // context, options.windows or len(tokens))
    if tokens[: count * context] != theirs.tokens(text)[: count * context]:
        raise RuntimeError(f"{directory}: llama.cpp makes other tokens of the text")
    windows = [tokens[n * context : (n + 1) * context] for n in range(count)]

    def row(system, weights, path, loss, error, base):
        size = dict(file_bytes=os.path.getsize(path), weight_bytes=weight_bytes(path))
        found = dict(system=system, weights=weights, loss=loss, perplexity=math.exp(loss), added=loss - base, **size)
        return found if error is None else {**found, "added_error": error}

    of_ours, of_theirs = formats(options)
    if any(weights.endswith(WITH_MATRIX) for weights in of_theirs):
        theirs.make_matrix(options.calibrate, context)
    rows, base = [], None
    for weights in of_ours:
        path = ours.file(weights)
        losses = ours.losses(weights, windows)
        base = losses if base is None else base
        error = float((losses - base).std() / len(losses) ** 0.5)
        rows.append(row("gpt2", weights, path, float(losses.mean()), error, float(base.mean())))
        if not options.windows:
            rows[-1]["evaluate_perplexity"] = ours.evaluated(weights, options.text)
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    base = None
    for weights in of_theirs:
        path = theirs.file(weights)
        loss = theirs.loss(weights, text, context, count)
        base = loss if base is None else base
        rows.append(row("llama.cpp", weights, path, loss, None, base))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    scored = count * (context - context // 2 - 1)
    return dict(context=context, windows=count, scored_tokens=scored, rows=rows)


def table(found):
    lines = []
    for name, model in found["models"].items():
        lines += [
            f"**{name}**: {model['scored_tokens']:,} tokens scored in {model['windows']} windows of {model['context']}",
            "",
            "| weights | loss, nats | perplexity | loss added | perplexity to own f32 | weights, bytes | file, bytes "
            "| perplexity by `gpt2 evaluate` |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in model["rows"]:
            error = f" ± {row['added_error']:.5f}" if row.get("added_error") else ""
            evaluated = f"{row['evaluate_perplexity']:.3f}" if "evaluate_perplexity" in row else "–"
            lines.append(
                f"| {row['system']} {row['weights']} | {row['loss']:.5f} | {row['perplexity']:.3f} "
                f"| {row['added']:+.5f}{error} | {math.exp(row['added']) - 1:+.3%} "
                f"| {row['weight_bytes']:,} | {row['file_bytes']:,} | {evaluated} |"
            )
        added = {(row["system"], row["weights"]): row["added"] for row in model["rows"]}
        lines.append("")
        pairs = [(ours, "Q4_0") for ours in ("q4", "q4" + PLAIN, "q4" + CALIBRATED)]
        for ours, theirs in [*pairs, ("q4", "Q4_0" + WITH_MATRIX), ("q4" + CALIBRATED, "Q4_0" + WITH_MATRIX)]:
            if ("gpt2", ours) in added and ("llama.cpp", theirs) in added:
                quotient = added["gpt2", ours] / added["llama.cpp", theirs]
                target = " (target: at most 0.5)" if (ours, theirs) == pairs[0] else ""
                lines += [f"{ours} adds {quotient:.2f} of the loss that llama.cpp's {theirs} adds{target}.", ""]
    if note := found.get("calibration"):
        lines += [note, ""]
    return "\n".join(lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("work", help="the folder that prepare.py made")
    arguments.add_argument("gpt2", help="the executable")
    arguments.add_argument("--text", required=True, help="held-out text; lines that are <|endoftext|> are left out")
    arguments.add_argument("--calibrate", help="text to fit q4 to, of the models' kind, not the held-out one")
    arguments.add_argument("--model", action="append", metavar="NAME=DIRECTORY")
    arguments.add_argument("--windows", type=int, help="only so many of the text's first windows")
    arguments.add_argument("--ours", default=",".join(OURS), help="formats of gpt2, f32 first, separated by commas")
    arguments.add_argument("--theirs", default=",".join(THEIRS), help="formats of llama.cpp, F32 first")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--output", default=".", help="folder")
    options = arguments.parse_args()
    options.work, options.gpt2 = os.path.abspath(options.work), os.path.abspath(options.gpt2)
    protocol = __doc__.split("\n\n")[2].replace("\n", " ")
    found = {"protocol": protocol, "text": os.path.basename(options.text), "models": {}}
    if options.calibrate:
        matrix = (
            "llama.cpp's importance matrix is of the same tokens" if has_imatrix(options)
            else "llama.cpp's files are without an importance matrix: llama-imatrix is not built"
        )  # fmt: skip
        found["calibration"] = (
            f"The text to calibrate on is the first {CALIBRATION_TOKENS:,} tokens of {os.path.basename(options.calibrate)}; {matrix}."
        )
    os.makedirs(options.output, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        text = f"{folder}/text.txt"
        without_separators(options.text, text)
        for number, (name, directory) in enumerate(models(options)):
            os.makedirs(f"{folder}/{number}")
            found["models"][name] = measure(options, directory, f"{folder}/{number}", text)
    document = f"{protocol}\n\n{table(found)}"
    with open(f"{options.output}/quality.json", "w") as file:
        json.dump(found, file, indent=1)
    with open(f"{options.output}/quality.md", "w") as file:
        file.write(document)
    print(document)


if __name__ == "__main__":
    main()
