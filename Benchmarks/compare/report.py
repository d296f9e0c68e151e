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

import pictures
from summary import Summary


def cell(value, form=".1f"):
    return "–" if value is None else format(value, form)


def row_of(cells):
    return f"| {' | '.join(cells)} |"


def table(heading, rows):
    return [row_of(heading), "|" + "---|" * len(heading), *map(row_of, rows)]


def figure(value, unit):
    if value is None:
        return "–"
    digits = 2 if unit in ("s", "") else 0 if value >= 100 else 1
    return f"{value:.{digits}f} {unit}".strip()


def where(found):
    machine = found["machine"]
    sets = ", ".join(machine["instruction_sets"]).upper().replace("_", "-")
    peers = ", ".join(f"{name} {version}" for name, version in found["versions"].items() if name != "gpt2")
    return (
        f"{found['date']}, {machine['processor']} ({sets}), {'virtual machine, ' if machine['virtual'] else ''}"
        f"{machine['cores']} cores, {machine['memory_gb']:.0f} GB, {found['threads']} threads; peers: {peers}"
    )


def targets(summary, full):
    heading = ["work", "gpt2", "best peer at the same or better precision", "ratio", "target"]
    if full:
        heading += ["reached", "share of the machine's limit", "rounds"]
    rows = []
    for row in summary.targets():
        ours = f"{row['gpt2'].removeprefix('gpt2 ')}: {figure(row['value'], row['unit'])}"
        peer = f"{row['peer']}: {figure(row['peer_value'], row['unit'])}" if row["peer"] else "–"
        cells = [row["work"], ours, peer, cell(row["ratio"], ".2f"), row["target"]]
        if full:
            reached = "–" if row["reached"] is None else "yes" if row["reached"] else "no"
            cells += [reached, cell(row["share"], ".2f"), str(row["rounds"])]
        rows.append(cells)
    return table(heading, rows)


def everything(summary):
    heading = ["", "decode tok/s", "prompt tok/s", "8 together tok/s", "16 together tok/s", "first token s",
               "resident MB", "peak MB", "story model tok/s"]  # fmt: skip
    forms = [".1f", ".0f", ".0f", ".0f", ".3f", ".0f", ".0f", ".0f"]
    rows = [[label, *map(cell, values, forms)] for label, values in summary.everything().items()]
    read, near, operations = (summary.limit(name) for name in ("read_gb_s", "near_read_gb_s", "fma_gflop_s"))
    limits = (
        f"The machine, measured before each kind of work: {cell(read)} GB/s read from memory, {cell(near)} where it is the "
        f"story model's bytes in f32 again and again, {cell(operations, '.0f')} billion floating-point operations a second "
        "(a multiply-add is two)."
    )
    return [*table(heading, rows), "", limits]


def yardstick(summary):
    heading = ["peer", "work", "to transformers", "earlier", "quotient", ""]
    rows = []
    for row in summary.yardstick():
        note = "below 0.9: built badly, disturbed, or another kind of machine" if row["quotient"] < 0.9 else ""
        numbers = [f"{row[name]:.2f}" for name in ("ratio", "earlier", "quotient")]
        rows.append([row["peer"], row["work"], *numbers, note])
    return table(heading, rows) if rows else ["transformers was not measured."]


def agreement(found):
    form = "{equal} of {of} equal".format
    return [f"- {name}: {one.get('failed') or form(**one)}" for name, one in found.get("agreement", {}).items()]


def left_out(found, summary):
    failed = {(label, kind): said for kind, label, said in summary.failures()}
    return [f"- {label}: {why}" for label, why in found.get("missing", {}).items()] + [
        f"- {label}, {kind}: {' '.join(said.split())[:200]}" for (label, kind), said in failed.items()
    ]


def page(found, summary):
    lines = [
        "# gpt2 beside other systems",
        "",
        f"124M shape. {where(found)}. Medians over rounds; a ratio is taken within a round, then its median. Of "
        "several formats or peers the one with the best median stands in the table.",
        "",
        *targets(summary, full=True),
        "",
        "![Speed by format](compare.svg)",
        "",
        "Curves: [threads, depth, batch](curves.md).",
        "",
        "## Everything",
        "",
        *everything(summary),
        "",
        "## Are the peers built well?",
        "",
        "Ratios to transformers in float32, beside those on two Zen 3 cores.",
        "",
        *yardstick(summary),
        "",
    ]
    if agreed := agreement(found):
        lines += [
            "## Are the converted models the same model?",
            "",
            "Greedy tokens after one prompt from f32 weights, beside gpt2's (llama.cpp: characters of text). Where the "
            "two likeliest tokens are a rounding apart, they may part.",
            "",
            *agreed,
            "",
        ]
    if missing := left_out(found, summary):
        lines += ["## Left out", "", *missing, ""]
    return "\n".join(lines)


def curves_page(found, curves):
    lines = ["# Curves", "", f"124M shape. {where(found)}. Medians over rounds.", ""]
    for curve in curves:
        xs = sorted({x for _, points in curve.series for x, _ in points})
        heading, rows = [f"{curve.y_name}, by {curve.x_name}", *map(str, xs), "last to first"], []
        for label, points in curve.series:
            numbers = [cell(dict(points).get(x), curve.form) for x in xs]
            rows.append([label, *numbers, f"{points[-1][1] / points[0][1]:.2f}"])
        lines += [f"## {curve.title}", "", f"![{curve.title}]({curve.file})", "", *table(heading, rows), ""]
    return "\n".join(lines)


def save(folder, name, content):
    with open(f"{folder}/{name}.part", "w") as file:
        file.write(content)
    os.replace(f"{folder}/{name}.part", f"{folder}/{name}")


def load(folder):
    with open(f"{folder}/compare.json") as file:
        found = json.load(file)
    return found, Summary(found)


def write(folder):
    found, summary = load(folder)
    curves = pictures.curves(summary)
    if bars := pictures.bars(summary):
        save(folder, "compare.svg", bars)
    for curve in curves:
        save(folder, curve.file, curve.drawing())
    save(folder, "compare.md", page(found, summary))
    save(folder, "curves.md", curves_page(found, curves))
    found["targets"], found["medians"] = summary.targets(), summary.everything()
    found["to_transformers"] = summary.yardstick()
    save(folder, "compare.json", json.dumps(found, indent=1))
    print(page(found, summary))


def quality(folder):
    with open(f"{folder}/quality.json") as file:
        models = json.load(file)["models"]
    found = [{(row["system"], row["weights"]): row for row in model["rows"]} for model in models.values()]
    rows = []
    for key in found[0]:
        cells = [" ".join(key)]
        for row in (one[key] for one in found):
            size = row["weight_bytes"] / 1e6
            cells.append(f"{row['perplexity']:.2f} ({math.expm1(row['added']):+.2%}), {size:.2f} MB")
        rows.append(cells)
    return table(["perplexity of held-out text (beside own f32), bytes of the weights", *models], rows)


def readme(folder):
    found, summary = load(folder)
    print("\n".join(targets(summary, full=False)))
    rounds = len(found["rounds"])
    print(f"\nMeasured {where(found)}. Medians of {rounds} interleaved rounds, ratios within a round.")
    if os.path.exists(f"{folder}/quality.json"):
        print("\n" + "\n".join(quality(folder)))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("--readme", action="store_true")
    options = arguments.parse_args()
    (readme if options.readme else write)(options.folder)
