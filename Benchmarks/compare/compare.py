"""Compares `gpt2` with other systems in one interleaved run: compare.py WORK GPT2 [--rounds 5] [--threads 2]

WORK is what prepare.py made, GPT2 the executable (swift build -c release, .build/release/gpt2). Every round measures
the machine's limits and then each system in turn, starting with another one each time: a shared host drifts by tens of
percent within minutes, so a ratio is taken within a round, and the table shows medians over rounds. f32 weights.

decode   tokens a second over 128 greedy tokens after a prompt of 16
prefill  prompt tokens a second for a prompt of 512
first    seconds from process start to the end of a process that makes one token after a prompt of 16, with the
         checkpoint in the page cache, and that process's ru_maxrss less the size of the checkpoint

gpt2's figures are those of a fresh process without a warm-up; the others get one uncounted run first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT, NEW, LONG = 16, 128, 512
CHANNELS, LAYERS, VOCABULARY = 768, 12, 50257
MATRICES = 12 * CHANNELS * CHANNELS * LAYERS  # parameters of the blocks' four matrices
MEASURES = ["decode", "prefill", "first"]


def ids(count):
    return ",".join(str((7919 * i + 11) % 50000) for i in range(count))


def processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


class Failure(Exception):
    pass


def run(command, threads):
    """Standard output, wall seconds and peak resident bytes of one process."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise Failure(f"{' '.join(command)[:200]}\n{errors.read().decode(errors='replace')[-1000:]}")
    return out.decode(), wall, usage.ru_maxrss * 1024


class GPT2:
    def __init__(self, options):
        self.command = [options.gpt2, "generate", "--model", f"{options.work}/124m", "--greedy", "--ignore-eos",
                        "--threads", str(options.threads), "--format", "json"]  # fmt: skip
        self.checkpoint = f"{options.work}/124m/model.safetensors"

    def start(self, measure):
        prompt, count = {"decode": (PROMPT, NEW), "prefill": (LONG, 1), "first": (PROMPT, 1)}[measure]
        return [*self.command, "--token-ids", ids(prompt), "--max-tokens", str(count)]

    def rate(self, measure, out):
        return json.loads(out)["timings"][f"{measure}_tokens_per_s"]


class Llama:
    def __init__(self, options):
        self.checkpoint = f"{options.work}/124m-f32.gguf"
        self.command = [f"{options.work}/llama.cpp/bin/llama-bench", "-m", self.checkpoint, "-t", str(options.threads),
                        "-r", "1", "-o", "json"]  # fmt: skip

    def start(self, measure):
        prompt = ["-p", str(LONG), "-n", "0"]
        decode = ["-p", "0", "-n", str(NEW), "-d", str(PROMPT)]
        first = ["-p", str(PROMPT), "-n", "0", "--no-warmup"]
        return self.command + {"decode": decode, "prefill": prompt, "first": first}[measure]

    def rate(self, measure, out):
        (result,) = json.loads(out)
        return result["avg_ts"]


class Library:
    def __init__(self, peer, checkpoint, options):
        self.checkpoint = checkpoint
        self.command = [sys.executable, f"{HERE}/peers.py", peer, options.work, "--threads", str(options.threads)]

    def start(self, measure):
        return [*self.command, measure]

    def rate(self, measure, out):
        return json.loads(out.splitlines()[-1])["tokens_per_s"]


def systems(options):
    return {
        "gpt2": GPT2(options),
        "llama.cpp": Llama(options),
        "ctranslate2": Library("ctranslate2", f"{options.work}/124m-ctranslate2/model.bin", options),
        "transformers": Library("transformers", f"{options.work}/124m/model.safetensors", options),
    }


def measure(system, kind, threads):
    out, wall, peak = run(system.start(kind), threads)
    if kind == "first":
        return {"first_s": wall, "peak_over_file_mb": (peak - os.path.getsize(system.checkpoint)) / 1e6}
    return {f"{kind}_tokens_per_s": system.rate(kind, out)}


def limits(work, threads):
    program = f"{work}/limits"
    subprocess.run(["cc", "-O3", "-march=native", "-pthread", f"{HERE}/limits.c", "-o", program], check=True)

    def probe():
        found = json.loads(run([program, str(threads), "0.5"], threads)[0])
        # A decoded token reads every matrix once, the tied embedding as output layer included.
        found["decode_tokens_per_s"] = found["read_gb_s"] * 1e9 / (4 * (MATRICES + CHANNELS * VOCABULARY))
        # Two operations a parameter and token; causal attention (two products, half the square); one row of logits.
        attention = 2 * LONG * LONG * CHANNELS * LAYERS
        work = 2 * MATRICES * LONG + attention + 2 * CHANNELS * VOCABULARY
        found["prefill_tokens_per_s"] = LONG * found["fma_gflop_s"] * 1e9 / work
        return found

    return probe


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def summarise(rounds, names):
    """Medians of each figure, of its ratio to gpt2's in the same round, and of gpt2's share of the limit."""
    columns = ["decode_tokens_per_s", "prefill_tokens_per_s", "first_s", "peak_over_file_mb"]
    out = {name: {c: median([r.get(name, {}).get(c) for r in rounds]) for c in columns} for name in names}
    for name in names:
        for column in columns[:3]:
            pairs = [(r.get("gpt2", {}).get(column), r.get(name, {}).get(column)) for r in rounds]
            out[name][f"gpt2_to_this_{column}"] = median([ours / theirs for ours, theirs in pairs if ours and theirs])
    out["limit"] = {c: median([r["limit"][c] for r in rounds]) for c in columns[:2]}
    for column in columns[:2]:
        shares = [r["gpt2"][column] / r["limit"][column] for r in rounds if column in r.get("gpt2", {})]
        out["limit"][f"gpt2_to_this_{column}"] = median(shares)
    return out


def show(summary):
    def cell(value, form):
        return "-" if value is None else format(value, form)

    print("\n| f32 | decode tok/s | gpt2 to this | prefill tok/s | gpt2 to this | first s | gpt2 to this | peak - file MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in summary.items():
        cells = []
        for column, form in [("decode_tokens_per_s", ".1f"), ("prefill_tokens_per_s", ".0f"), ("first_s", ".3f")]:
            cells += [cell(row.get(column), form), cell(row.get(f"gpt2_to_this_{column}"), ".2f")]
        print(f"| {name} | {' | '.join(cells)} | {cell(row.get('peak_over_file_mb'), '.0f')} |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("work")
    arguments.add_argument("gpt2")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--systems", default="gpt2,llama.cpp,ctranslate2,transformers", help="separated by commas")
    arguments.add_argument("--measures", default=",".join(MEASURES), help="separated by commas")
    arguments.add_argument("--output", default="compare.json")
    options = arguments.parse_args()
    options.work, options.gpt2 = os.path.abspath(options.work), os.path.abspath(options.gpt2)
    everything = systems(options)
    names, kinds = options.systems.split(","), options.measures.split(",")
    probe, rounds = limits(options.work, options.threads), []
    for system in (everything[name] for name in names):  # into the page cache
        with open(system.checkpoint, "rb") as file:
            while file.read(1 << 24):
                pass
    for number in range(options.rounds):
        found = {"load_average": os.getloadavg()[0], "limit": probe()}
        shift = number % len(names)
        for kind in kinds:
            for name in names[shift:] + names[:shift]:
                try:
                    found.setdefault(name, {}).update(measure(everything[name], kind, options.threads))
                except Failure as failure:
                    print(f"{name} {kind} failed: {failure}", file=sys.stderr)
        rounds.append(found)
        print(json.dumps(found), flush=True)
    summary = summarise(rounds, names)
    machine = {"processor": processor(), "cores": os.cpu_count()}
    with open(options.output, "w") as file:
        json.dump({"machine": machine, "threads": options.threads, "summary": summary, "rounds": rounds}, file, indent=1)
    show(summary)


if __name__ == "__main__":
    main()
