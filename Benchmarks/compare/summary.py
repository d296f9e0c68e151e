"""What the rounds say: medians, ratios within a round, and how they stand to the targets."""

import statistics

from systems import (
    BITS,
    DEPTHS,
    FORMATS,
    GPT2,
    LONG,
    CTranslate2,
    Llama,
    Transformers,
)

CHANNELS, LAYERS, VOCABULARY, POSITIONS = 768, 12, 50257, 1024
STORY_BYTES = 16_832_512  # of the story model's weights in f32 that one token reads: all but the positions
MATRICES = 12 * CHANNELS * CHANNELS * LAYERS  # parameters of the blocks' four matrices
OURS = [f"gpt2 {weights}" for weights in FORMATS[GPT2]]
PEERS = [f"{s.name} {weights}" for s in (Llama, CTranslate2, Transformers) for weights in FORMATS[s]]
YARDSTICK = "transformers float32"
# To transformers, on two Zen 3 cores with AVX2, medians of the ranges that were measured.
EARLIER = {
    "decode": {"llama.cpp F32": 2.3, "llama.cpp F16": 3.5, "llama.cpp Q8_0": 5.5, "llama.cpp Q4_0": 8.7,
               "llama.cpp Q4_K_M": 6.9, "CTranslate2 float32": 2.0, "CTranslate2 int8": 3.0},
    "prompt": {"llama.cpp F32": 0.99, "llama.cpp F16": 1.55, "llama.cpp Q8_0": 1.14, "llama.cpp Q4_0": 1.35,
               "llama.cpp Q4_K_M": 1.26, "CTranslate2 float32": 1.33, "CTranslate2 int8": 1.79},
}  # fmt: skip


def bits(label):
    return BITS[label.split()[-1]]


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


class Summary:
    def __init__(self, found):
        self.found, self.rounds = found, found["rounds"]

    def values(self, kind, label, *path):
        """One figure of each round, None where it is missing."""
        out = []
        for one in self.rounds:
            value = one.get(kind, {}).get(label, {})
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            out.append(value)
        return out

    def value(self, kind, label, *path):
        return median(self.values(kind, label, *path))

    def ratio(self, kind, one, other, *path, other_path=None):
        """The median of a figure over another of the same round."""
        pairs = zip(self.values(kind, one, *path), self.values(kind, other, *(other_path or path)))
        return median([a / b for a, b in pairs if a and b])

    def best(self, kind, labels, *path, lowest=False):
        found = {label: self.value(kind, label, *path) for label in labels}
        found = {label: value for label, value in found.items() if value is not None}
        return (min if lowest else max)(found, key=found.get) if found else None

    def row(self, work, target, kind, ours, peers, *path, lowest=False, limit=None):
        ours = self.best(kind, ours, *path, lowest=lowest)
        peer = self.best(kind, [p for p in peers if ours], *path, lowest=lowest)
        if ours is None:
            return None
        ratio = self.ratio(kind, ours, peer, *path) if peer else None
        reached = None if ratio is None else ratio <= target if lowest else ratio >= target
        rounds = sum(value is not None for value in self.values(kind, ours, *path))
        return {"work": work, "gpt2": ours, "value": self.value(kind, ours, *path), "peer": peer,
                "peer_value": self.value(kind, peer, *path) if peer else None, "ratio": ratio,
                "target": f"{'≤' if lowest else '≥'} {target:g} ×", "reached": reached, "rounds": rounds,
                "share": limit and limit(ours), "unit": "s" if lowest else "tok/s"}  # fmt: skip

    def limit(self, name):
        """The median of what the machine allowed before each kind of work."""
        return median([cells["limit"].get(name) for one in self.rounds for cells in one.values() if "limit" in cells])

    def same_or_better(self, weights):
        return [peer for peer in PEERS if bits(peer) >= BITS[weights]]

    def targets(self):
        decode = [("f32", 1.15), ("f16", 1.4), ("q8", 1.6), ("q4", 1.6)]
        rows = [
            self.row(f"decode {weights}, 128 after 16", target, "decode", [f"gpt2 {weights}"],
                     self.same_or_better(weights), "tokens_per_s", limit=self.decode_share)
            for weights, target in decode
        ]  # fmt: skip
        rows += [
            self.row("prompt 512, f32", 1.2, "prompt", ["gpt2 f32"], self.same_or_better("f32"), "tokens_per_s",
                     limit=self.prompt_share),
            self.row("prompt 512, best of f16, q8, q4", 1.3, "prompt", OURS[1:], PEERS, "tokens_per_s"),
        ]  # fmt: skip
        for count in [8, 16]:
            rows.append(self.row(f"{count} sequences together, best formats", 1.7, "batches", OURS, PEERS, str(count)))
        rows.append(self.row("first token from process start, q8", 0.5, "first", ["gpt2 q8"],
                             self.same_or_better("q8"), "seconds", lowest=True))  # fmt: skip
        rows += [self.memory(), self.depth()]
        for weights in FORMATS[GPT2]:
            limit = self.story_share if weights == "f32" else None
            rows.append(self.row(f"story model {weights}, 400 after 16", 3, "story", [f"gpt2 {weights}"],
                                 self.same_or_better(weights), "tokens_per_s", limit=limit))  # fmt: skip
        return [row for row in rows if row]

    def memory(self):
        value = self.value("memory", "gpt2 q8", "resident_mb")
        if value is None:
            return None
        peer = self.best("memory", self.same_or_better("q8"), "resident_mb", lowest=True)
        ratio = self.ratio("memory", "gpt2 q8", peer, "resident_mb") if peer else None
        return {"work": "resident memory while decoding, q8", "gpt2": "gpt2 q8", "value": value, "peer": peer,
                "peer_value": self.value("memory", peer, "resident_mb") if peer else None, "ratio": ratio,
                "target": "≤ 150 MB", "reached": value <= 150, "share": None, "unit": "MB",
                "rounds": sum(v is not None for v in self.values("memory", "gpt2 q8", "resident_mb"))}  # fmt: skip

    def depth(self):
        shallow, deep = str(DEPTHS[0]), str(DEPTHS[-1])
        share = {label: self.ratio("depths", label, label, deep, other_path=[shallow])
                 for label in ["gpt2 q8", "llama.cpp Q8_0", "CTranslate2 int8"]}  # fmt: skip
        if share["gpt2 q8"] is None:
            return None
        peer = max(("llama.cpp Q8_0", "CTranslate2 int8"), key=lambda label: share[label] or 0)
        return {"work": f"decode at depth {deep} over depth {shallow}, q8", "gpt2": "gpt2 q8",
                "value": share["gpt2 q8"], "peer": peer if share[peer] else None, "peer_value": share[peer],
                "ratio": share["gpt2 q8"] / share[peer] if share[peer] else None, "target": "≥ 0.8",
                "reached": share["gpt2 q8"] >= 0.8, "share": None, "unit": "",
                "rounds": sum(v is not None for v in self.values("depths", "gpt2 q8", deep))}  # fmt: skip

    def decode_share(self, label):
        """Of the rate at which the memory's bandwidth, measured just before, would allow to read the weights."""
        read = self.found.get("weight_bytes", {}).get(label)
        if not read:
            return None
        pairs = zip(self.values("decode", label, "tokens_per_s"), self.values("decode", "limit", "read_gb_s"))
        return median([rate * read / (limit * 1e9) for rate, limit in pairs if rate and limit])

    def story_share(self, label):
        """Of the rate at which so many bytes can be read again and again, from a cache if one holds them."""
        pairs = zip(self.values("story", label, "tokens_per_s"), self.values("story", "limit", "near_read_gb_s"))
        return median([rate * STORY_BYTES / (limit * 1e9) for rate, limit in pairs if rate and limit])

    def prompt_share(self, label):
        """Of the rate that the peak of multiply-adds would allow."""
        # Two operations a parameter and token; causal attention (two products, half the square); one row of logits.
        attention = 2 * LONG * LONG * CHANNELS * LAYERS
        token = (2 * MATRICES * LONG + attention + 2 * CHANNELS * VOCABULARY) / LONG
        pairs = zip(self.values("prompt", label, "tokens_per_s"), self.values("prompt", "limit", "fma_gflop_s"))
        return median([rate * token / (limit * 1e9) for rate, limit in pairs if rate and limit])

    def everything(self):
        """Medians of every subject, by column."""
        columns = [("decode", "tokens_per_s"), ("prompt", "tokens_per_s"), ("batches", "8"), ("batches", "16"),
                   ("first", "seconds"), ("memory", "resident_mb"), ("memory", "peak_mb"),
                   ("story", "tokens_per_s")]  # fmt: skip
        rows = {label: [self.value(kind, label, name) for kind, name in columns] for label in OURS + PEERS}
        return {label: row for label, row in rows.items() if any(value is not None for value in row)}

    def yardstick(self):
        """Each peer's ratio to transformers, the earlier one, and their quotient."""
        out = []
        for kind, earlier in EARLIER.items():
            for label, before in earlier.items():
                ratio = self.ratio(kind, label, YARDSTICK, "tokens_per_s")
                if ratio is not None:
                    out.append({"work": kind, "peer": label, "ratio": ratio, "earlier": before,
                                "quotient": ratio / before})  # fmt: skip
        return out

    def curve(self, kind, label, points, *path):
        """(x, median) for each of the points that was measured."""
        out = [(int(x), self.value(kind, label, str(x), *path)) for x in points]
        return [(x, y) for x, y in out if y is not None]

    def labels(self, kind):
        found = {label for one in self.rounds for label in one.get(kind, {})} - {"limit"}
        return [label for label in OURS + PEERS if label in found]

    def failures(self):
        """(kind, label, what it said) of everything that failed."""
        return [
            (kind, label, cell["failed"])
            for one in self.rounds for kind, cells in one.items() for label, cell in cells.items()
            if isinstance(cell, dict) and "failed" in cell
        ]  # fmt: skip
