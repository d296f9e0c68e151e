"""Compares `gpt2` with other systems in interleaved rounds: compare.py WORK GPT2 [--rounds 5] [--output FOLDER]

WORK is what prepare.py made, GPT2 the executable (swift build -c release, .build/release/gpt2). In every round one kind
of work after another is done by all systems in turn, after a look at the machine's limits, starting with another system
each round: a shared host drifts by tens of percent within minutes, so a ratio is taken within a kind of work of one
round, and tables show medians over rounds.

decode   tokens a second over 128 greedy tokens after a prompt of 16, the prompt's time left out
prompt   prompt tokens a second for a prompt of 512, logits of its last position only
batches  tokens a second of 1 to 16 sequences that decode together, 64 tokens each after a prompt of 16
first    seconds from process start to the end of a process that makes one token after a prompt of 16, the weights' file
         in the page cache; the median of three
memory   resident memory while it decodes 128 tokens after 16, from /proc, and its peak
depths   tokens a second over 64 tokens after prompts of 16 to 900
scaling  decode and prompt with one thread and with all (only in the first rounds: --scaling-rounds)
story    the story model inside the package: tokens a second over 400 tokens after 16

gpt2's figures are those of a fresh process without a warm-up, but for `batches` and `prompt`; the others get an uncounted run
first.

Everything is kept in FOLDER/compare.json as it is found. A run that was stopped goes on from there, if the executable,
the scripts that measure, the peers, the processor, the number of threads and the systems are the same ones; else it
begins anew, and the old file is called compare.json.old then. A system that is not there is left out, one that fails a
kind of work twice is left out of it, and both are told. At the end report.py writes the tables and pictures into
FOLDER.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys

import agreement
import report
from prepare import built_version, hash_of
from processes import Failure, run
from summary import STORY_BYTES
from systems import FORMATS, GPT2, Llama, subjects, taking_part
from weight_files import bytes_read

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = ["decode", "prompt", "batches", "first", "memory", "depths", "story", "scaling"]
# What the numbers depend on; the other scripts only show them.
SCRIPTS = ["agreement.py", "compare.py", "gguf_model.py", "limits.c", "peers.py", "prepare.py", "processes.py",
           "systems.py", "whole_tile_configuration.h"]  # fmt: skip
FAILURES = 2  # of one system in one kind of work, then it is left out


def machine():
    with open("/proc/cpuinfo") as file:
        lines = [line.split(":")[1].strip() for line in file if line.startswith(("model name", "flags"))]
    name, flags = lines[0], lines[1].split()
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) * 1024
    sets = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8") if name in flags]
    return {"processor": name, "cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory / 1e9, 1),
            "instruction_sets": sets, "virtual": "hypervisor" in flags, "kernel": platform.release()}  # fmt: skip


def versions(options):
    found = {"gpt2": run([options.gpt2, "--version"], 1)[0].strip()}
    if llama := built_version(options.work):
        found["llama-cpp-python"] = llama
    for package in ["ctranslate2", "transformers", "torch"]:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def identity(options, mark, everything):
    """What the rounds of one comparison must have in common."""
    scripts = hashlib.sha256("".join(hash_of(f"{HERE}/{name}") for name in SCRIPTS).encode()).hexdigest()
    here = machine()
    return {"executable": mark, "scripts": scripts, "versions": versions(options), "threads": options.threads,
            "processor": [here["processor"], here["cores"]], "systems": [s.label for s in everything]}  # fmt: skip


def quantize(options, mark):
    """gpt2's own files, made again by another executable, whose formats may be others, and from another checkpoint."""
    folder, kept = f"{options.work}/gpt2", f"{options.work}/gpt2/made-by"
    mark = f"{mark} {hash_of(f'{options.work}/124m/model.safetensors')}"
    if os.path.exists(kept) and open(kept).read() == mark:
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for weights in FORMATS[GPT2]:
        print(f"gpt2 quantize --weights {weights}", file=sys.stderr, flush=True)
        run([options.gpt2, "quantize", "--model", f"{options.work}/124m", "--weights", weights, "--out",
             f"{folder}/{weights}"], options.threads)  # fmt: skip
    with open(kept, "w") as file:
        file.write(mark)


def limits(work, threads):
    program = f"{work}/limits"
    subprocess.run(["cc", "-O3", "-march=native", "-pthread", f"{HERE}/limits.c", "-o", program], check=True)
    return lambda: json.loads(run([program, str(threads), "0.5", str(STORY_BYTES)], threads)[0])


def present(everything):
    """The subjects whose files are there; the files are read once, so that they are in the page cache."""
    found, missing = [], {}
    for subject in everything:
        absent = [path for path in subject.files() if not os.path.exists(path)]
        if absent:
            missing[subject.label] = f"{absent[0]} is not there"
            continue
        found.append(subject)
        for path in subject.files():
            with open(path, "rb") as file:
                while file.read(1 << 24):
                    pass
    return found, missing


class Run:
    def __init__(self, options, identity):
        self.options, self.path = options, f"{options.output}/compare.json"
        self.found = {"identity": identity, "threads": options.threads, "rounds": []}
        if os.path.exists(self.path) and not options.fresh:
            with open(self.path) as file:
                before = json.load(file)
            others = [name for name, one in identity.items() if before.get("identity", {}).get(name) != one]
            if others:
                os.replace(self.path, f"{self.path}.old")
                print(f"{self.path}: other {', '.join(others)} than now, so it begins anew; it is {self.path}.old now",
                      file=sys.stderr)  # fmt: skip
            else:
                self.found = before
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        self.found.update(machine=machine(), date=now, versions=identity["versions"])

    def save(self):
        with open(f"{self.path}.part", "w") as file:
            json.dump(self.found, file, indent=1)
        os.replace(f"{self.path}.part", self.path)

    def failures(self, kind, label):
        return sum("failed" in one.get(kind, {}).get(label, {}) for one in self.found["rounds"])

    def measure(self, kind, subjects):
        """One kind of work, by every subject in turn."""
        cells = {}
        for subject in subjects:
            if self.failures(kind, subject.label) >= FAILURES:
                cells[subject.label] = {"skipped": f"failed {FAILURES} times"}
                continue
            try:
                cells[subject.label] = subject.measure(kind)
            except Failure as failure:
                cells[subject.label] = {"failed": str(failure)}
            except (KeyError, ValueError, IndexError, TypeError, AttributeError, ZeroDivisionError) as error:
                # What a program says when it is of another version than this script knows.
                cells[subject.label] = {"failed": f"unexpected output: {type(error).__name__}: {error}"}
            if "failed" in cells[subject.label]:
                print(f"{subject.label} {kind} failed: {cells[subject.label]['failed']}", file=sys.stderr, flush=True)
            else:
                print(json.dumps({"work": kind, "system": subject.label, **cells[subject.label]}), flush=True)
        return cells

    def go(self, subjects, probe):
        for number in range(self.options.rounds):
            if number == len(self.found["rounds"]):
                self.found["rounds"].append({})
            one = self.found["rounds"][number]
            shift = number * 3 % len(subjects)
            for kind in self.options.kinds.split(","):
                taking = [s for s in subjects[shift:] + subjects[:shift] if taking_part(kind, s)]
                if kind in one or not taking or kind == "scaling" and number >= self.options.scaling_rounds:
                    continue
                print(f"round {number + 1} of {self.options.rounds}: {kind}", file=sys.stderr, flush=True)
                # The limits beside each kind of work: a share is taken within it too.
                limit = {"load_average": os.getloadavg()[0], **probe()}
                one[kind] = {"limit": limit, **self.measure(kind, taking)}
                self.save()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("work")
    arguments.add_argument("gpt2")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--scaling-rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--systems", help='as gpt2,llama.cpp or "gpt2 q8,llama.cpp Q8_0"')
    arguments.add_argument("--kinds", default=",".join(KINDS), help="separated by commas")
    arguments.add_argument("--output", default="comparison", help="folder")
    arguments.add_argument("--fresh", action="store_true", help="do not go on with what is in the folder")
    options = arguments.parse_args()
    options.work, options.gpt2 = os.path.abspath(options.work), os.path.abspath(options.gpt2)
    os.makedirs(options.output, exist_ok=True)
    mark = hash_of(options.gpt2)
    quantize(options, mark)
    everything, missing = present(subjects(options))
    if options.systems:
        wanted = options.systems.split(",")
        everything = [s for s in everything if s.name in wanted or s.label in wanted]
    measured = Run(options, identity(options, mark, everything))
    for label, why in missing.items():
        print(f"{label} is left out: {why}", file=sys.stderr)
    measured.found["missing"] = missing
    measured.found["weight_bytes"] = {
        s.label: bytes_read(s.files()[-1]) for s in everything if isinstance(s, (GPT2, Llama))
    }
    measured.found.setdefault("agreement", agreement.check(options))
    measured.go(everything, limits(options.work, options.threads))
    measured.save()
    report.write(options.output)


if __name__ == "__main__":
    main()
