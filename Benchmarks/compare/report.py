"""Writes what compare.py found as tables and pictures: report.py FOLDER [--readme]

FOLDER/compare.md    the targets, every median, the machine, each peer beside transformers, what failed
FOLDER/compare.svg   the picture
FOLDER/curves.md     from one thread to more, cost against depth, speed against the batch; with its SVGs beside it

--readme prints the lines for the project's README, with those of FOLDER/quality.json (quality.py) if it is there.
"""

import argparse
import json
import math
import os

import charts
from summary import OURS, PEERS, Summary

HEADING = "| work | gpt2 | best peer at the same or better precision | ratio | target |"


def cell(value, form=".1f"):
    return "–" if value is None else format(value, form)


def figure(value, unit):
    if value is None:
        return "–"
    digits = 2 if unit in ("s", "") else 0 if value >= 100 else 1
    return f"{value:.{digits}f} {unit}".strip()


def where(found):
    machine, threads = found["machine"], found["threads"]
    kind = "virtual machine, " if machine["virtual"] else ""
    sets = ", ".join(machine["instruction_sets"]).upper().replace("_", "-")
    peers = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if name != "gpt2")
    return (
        f"{found['date']}, {machine['processor']} ({sets}), {kind}{machine['cores']} cores, {machine['memory_gb']:.0f} GB, "
        f"{threads} threads; peers: {peers}"
    )


def compared(row):
    if row["peer"] is None:
        return "–"
    return f"{row['peer']}: {figure(row['peer_value'], row['unit'])}"


def targets(rows, full):
    lines = [HEADING + (" reached | share of the machine's limit | rounds |" if full else "")]
    lines.append("|---|---|---|---|---|" + ("---|---|---|" if full else ""))
    for row in rows:
        ours = f"{row['gpt2'].removeprefix('gpt2 ')}: {figure(row['value'], row['unit'])}"
        line = f"| {row['work']} | {ours} | {compared(row)} | {cell(row['ratio'], '.2f')} | {row['target']} |"
        if full:
            reached = "–" if row["reached"] is None else "yes" if row["reached"] else "no"
            line += f" {reached} | {cell(row['share'], '.2f')} | {row['rounds']} |"
        lines.append(line)
    return lines


def everything(summary):
    lines = ["| | decode tok/s | prompt tok/s | 8 together tok/s | 16 together tok/s | first token s | resident MB | peak MB "
             "| story model tok/s |", "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    forms = [".1f", ".0f", ".0f", ".0f", ".3f", ".0f", ".0f", ".0f"]
    for label, values in summary.everything().items():
        lines.append(f"| {label} | {' | '.join(cell(v, f) for v, f in zip(values, forms))} |")
    limit = [summary.value(kind, "limit", "read_gb_s") for kind in ("decode", "prompt")]
    flops = summary.value("prompt", "limit", "fma_gflop_s") or summary.value("decode", "limit", "fma_gflop_s")
    lines += ["", f"The machine, measured before each kind of work: {cell(limit[0] or limit[1])} GB/s read, "
              f"{cell(flops, '.0f')} billion floating-point operations a second (a multiply-add is two)."]  # fmt: skip
    return lines


def yardstick(summary):
    rows = summary.yardstick()
    if not rows:
        return ["transformers was not measured, so that a peer that is built badly cannot be told from a slow one."]
    lines = ["| peer | work | to transformers | earlier | quotient | |", "|---|---|---|---|---|---|"]
    for row in rows:
        note = "below 0.9: built badly, disturbed, or another kind of machine" if row["quotient"] < 0.9 else ""
        lines.append(f"| {row['peer']} | {row['work']} | {row['ratio']:.2f} | {row['earlier']:.2f} | {row['quotient']:.2f} | {note} |")
    return lines


def page(found, summary):
    lines = ["# gpt2 beside other systems", "", f"124M shape. {where(found)}. Medians over rounds; a ratio is taken within a "
             "round, then its median. Of several formats or peers the one with the best median stands in the table.", "",
             *targets(summary.targets(), full=True), "", "![Speed by format](compare.svg)", "",
             "Curves: [threads, depth, batch](curves.md).", "", "## Everything", "", *everything(summary), "",
             "## Are the peers built well?", "", "Ratios to transformers in float32, beside those on two Zen 3 cores.", "",
             *yardstick(summary), ""]  # fmt: skip
    if found.get("agreement"):
        lines += ["## Are the converted models the same model?", "", "Greedy tokens after one prompt from f32 weights, beside "
                  "gpt2's (llama.cpp: characters of text). Where the two likeliest tokens are a rounding apart, they may part.", ""]  # fmt: skip
        lines += [f"- {name}: {one.get('failed') or '{equal} of {of} equal'.format(**one)}" for name, one in found["agreement"].items()]
        lines.append("")
    if found.get("missing") or summary.failures():
        lines += ["## Left out", ""]
        lines += [f"- {label}: {why}" for label, why in found.get("missing", {}).items()]
        failed = {(label, kind): said for kind, label, said in summary.failures()}
        lines += [f"- {label}, {kind}: {' '.join(said.split())[:200]}" for (label, kind), said in failed.items()]
        lines.append("")
    return "\n".join(lines)


def picture(summary):
    read = summary.value("decode", "limit", "read_gb_s")
    sizes = summary.found.get("weight_bytes", {})
    panels = []
    for title, kind, name in [("Decoding, 128 tokens after 16, tokens a second (dashed: what reading the weights allows)", "decode", "tokens_per_s"),
                              ("A prompt of 512, tokens a second", "prompt", "tokens_per_s"),
                              ("16 sequences decoding together, tokens a second", "batches", "16"),
                              ("The story model, tokens a second", "story", "tokens_per_s")]:  # fmt: skip
        rows = []
        for label in OURS + PEERS:
            if value := summary.value(kind, label, name):
                limit = read * 1e9 / sizes[label] if kind == "decode" and read and label in sizes else None
                rows.append((label, value, limit))
        if rows:
            panels.append((title, rows))
    return charts.bars("gpt2 beside other systems, 124M shape", panels) if panels else None


def curves(found, summary):
    """The page and its pictures, by file name."""
    files, lines = {}, ["# Curves", "", f"124M shape. {where(found)}. Medians over rounds.", ""]
    threads = sorted({1, found["threads"]})
    for work, unit in [("decode", "128 tokens after 16"), ("prompt", "a prompt of 512")]:
        series = [(label, summary.curve("scaling", label, threads, work)) for label in summary.labels("scaling")]
        series = [(label, points) for label, points in series if len(points) > 1]
        if series:
            files[f"threads-{work}.svg"] = charts.curves(f"{work.capitalize()}: {unit}", "threads", "tokens a second", series)
            lines += [f"## Threads: {work}", "", f"![{work} by threads](threads-{work}.svg)", "", "| | " +
                      " | ".join(f"{n}" for n in threads) + " | scaling |", "|---|" + "---|" * (len(threads) + 1)]  # fmt: skip
            lines += [f"| {label} | {' | '.join(f'{y:.1f}' for _, y in points)} | {points[-1][1] / points[0][1]:.2f} |"
                      for label, points in series] + [""]  # fmt: skip
    series = [(label, [(x, 1000 / y) for x, y in summary.curve("depths", label, summary.depth_points())])
              for label in summary.labels("depths")]  # fmt: skip
    series = [(label, points) for label, points in series if len(points) > 1]
    if series:
        files["depth.svg"] = charts.curves("Cost of a token by its depth", "tokens before it", "ms a token", series)
        lines += table("Depth: milliseconds a token", "depth.svg", series, ".2f")
    series = [(label, summary.curve("batches", label, summary.batch_points())) for label in summary.labels("batches")]
    series = [(label, points) for label, points in series if len(points) > 1]
    if series:
        name = "Sequences decoding together"
        files["batch.svg"] = charts.curves(name, "sequences", "tokens a second, all together", series, logarithmic=True)
        lines += table("Batch: tokens a second, all sequences together", "batch.svg", series, ".0f")
    return "\n".join(lines), files


def table(title, file, series, form):
    xs = sorted({x for _, points in series for x, _ in points})
    lines = [f"## {title}", "", f"![{title}]({file})", "", f"| | {' | '.join(map(str, xs))} |", "|---|" + "---|" * len(xs)]
    lines += [f"| {label} | {' | '.join(cell(dict(points).get(x), form) for x in xs)} |" for label, points in series]
    return [*lines, ""]


def save(folder, name, content):
    with open(f"{folder}/{name}", "w") as file:
        file.write(content)


def load(folder):
    with open(f"{folder}/compare.json") as file:
        found = json.load(file)
    return found, Summary(found)


def write(folder):
    found, summary = load(folder)
    document, pictures = curves(found, summary)
    pictures["compare.svg"] = picture(summary)
    save(folder, "compare.md", page(found, summary))
    save(folder, "curves.md", document)
    for name, drawing in pictures.items():
        if drawing:
            save(folder, name, drawing)
    found["targets"], found["medians"], found["to_transformers"] = summary.targets(), summary.everything(), summary.yardstick()
    save(folder, "compare.json", json.dumps(found, indent=1))
    print(page(found, summary))


def quality_lines(folder):
    with open(f"{folder}/quality.json") as file:
        found = json.load(file)
    lines = ["| perplexity of held-out text (added to own f32, bytes of the weights) | " + " | ".join(found["models"]) + " |",
             "|---|" + "---|" * len(found["models"])]  # fmt: skip
    rows = [{(row["system"], row["weights"]): row for row in model["rows"]} for model in found["models"].values()]
    for key in rows[0]:
        values = [
            f"{row[key]['perplexity']:.2f} ({math.expm1(row[key]['added']):+.2%}, {row[key]['weight_bytes'] / 1e6:.2f} MB)"
            for row in rows
        ]
        lines.append(f"| {' '.join(key)} | {' | '.join(values)} |")
    return lines


def readme(folder):
    found, summary = load(folder)
    print("\n".join(targets(summary.targets(), full=False)))
    print(f"\nMeasured {where(found)}. Medians of {len(found['rounds'])} interleaved rounds, ratios within a round.")
    if os.path.exists(f"{folder}/quality.json"):
        print("\n" + "\n".join(quality_lines(folder)))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--readme", action="store_true")
    options = arguments.parse_args()
    (readme if options.readme else write)(options.folder)
