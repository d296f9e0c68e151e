"""Which bars and curves the report shows."""

import dataclasses

import charts
from summary import OURS, PEERS
from systems import BATCHES, DEPTHS

PANELS = [
    ("Decoding, 128 tokens after 16, tokens a second (dashed: what reading the weights allows)", "decode",
     "tokens_per_s"),
    ("A prompt of 512, tokens a second", "prompt", "tokens_per_s"),
    ("16 sequences decoding together, tokens a second", "batches", "16"),
    ("The story model inside the package, tokens a second", "story", "tokens_per_s"),
]  # fmt: skip


@dataclasses.dataclass
class Curve:
    file: str
    title: str
    x_name: str
    y_name: str
    series: list  # (label, [(x, y)])
    form: str
    logarithmic: bool = False

    def drawing(self):
        return charts.curves(self.title, self.x_name, self.y_name, self.series, self.logarithmic)


def bars(summary):
    read, sizes = summary.value("decode", "limit", "read_gb_s"), summary.found.get("weight_bytes", {})
    panels = []
    for title, kind, name in PANELS:
        rows = []
        for label in OURS + PEERS:
            limit = read * 1e9 / sizes[label] if kind == "decode" and read and label in sizes else None
            if value := summary.value(kind, label, name):
                rows.append((label, value, limit))
        if rows:
            panels.append((title, rows))
    return charts.bars("gpt2 beside other systems, 124M shape", panels) if panels else None


def curves(summary):
    """Those that were measured at two points or more."""
    threads = sorted({1, summary.found["threads"]})
    rate = "tokens a second"
    found = [
        Curve("threads-decode.svg", "Decoding 128 tokens after 16, by threads", "threads", rate,
              series(summary, "scaling", threads, "decode"), ".1f"),
        Curve("threads-prompt.svg", "A prompt of 512, by threads", "threads", rate,
              series(summary, "scaling", threads, "prompt"), ".0f"),
        Curve("depth.svg", "Cost of a token by its depth", "tokens before it", "ms a token",
              [(label, [(x, 1000 / y) for x, y in points]) for label, points in series(summary, "depths", DEPTHS)],
              ".2f"),
        Curve("batch.svg", "Sequences decoding together", "sequences", f"{rate}, all together",
              series(summary, "batches", BATCHES), ".0f", logarithmic=True),
    ]  # fmt: skip
    return [curve for curve in found if curve.series]


def series(summary, kind, points, *path):
    found = [(label, summary.curve(kind, label, points, *path)) for label in summary.labels(kind)]
    return [(label, points) for label, points in found if len(points) > 1]
