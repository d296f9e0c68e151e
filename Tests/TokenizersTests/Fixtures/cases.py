"""Texts that are hard on a tokenizer."""

import itertools
import random

import unicodedata2

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2007\u200a\u2028\u2029\u202f\u205f\u3000"
# Look like white space but are not: zero-width space and joiner, word joiner, byte order mark, separators, soft hyphen.
NOT_SPACES = "\u180e\u200b\u200d\u2060\ufeff\x1c\x1f\xad\u2800"
NUMBERS = "".join(chr(c) for c in SCALARS if unicodedata2.category(chr(c)).startswith("N"))
MARKS = "".join(chr(c) for c in SCALARS if unicodedata2.category(chr(c)).startswith("M"))
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "'l", "'r", "'v", "''s", " 's", "\u2019s", "'sd", "'tis"]
EMOJI = [
    "😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇬🇧🇨🇳", "1️⃣#️⃣", "🧑🏿‍🚀", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "❤️‍🔥", "✈︎",
]
WORDS = [
    "Once upon a time", "the", "The", "déjà vu", "déjà vu", "naïve", "Ångström", "Straße", "İstanbul", "ǅ", "ﬁ", "ß",
    "你好世界", "吾輩は猫である", "안녕하세요", "สวัสดี", "नमस्ते", "مرحبا", "שלום", "Привет", "ქართული", "ᏣᎳᎩ", "𝔘𝔫𝔦", "𐎀𐎁",
    "x²+y³=½", "Ⅷ", "①②", "٣٤٥", "१२३", "３.１４", "𝟘𝟙", "3.14159", "1,000,000", "0x1F", "user@example.com", "https://a.b/c?d=e#f",
    "!!!", "...", "…", "—", "<|", "|>", "endoftext", "\r\n", "\n\n", "\t", "```swift\n    let x = 1\n```", "don't", "I'll", "we've",
]  # fmt: skip
SPECIAL = "<|endoftext|>"


def fixed():
    """Named groups of texts that every run contains."""
    yield "empty", ""
    spaces = "\t\n\r \xa0\u3000"
    for length in range(1, 4):
        for run in itertools.product(spaces, repeat=length):
            run = "".join(run)
            yield "white space", f"{run}|a{run}b {run}1"
    for length in [*range(4, 20), 31, 32, 33, 64, 100, 127, 128, 129, 300]:
        for space in spaces:
            yield "white space", f"a{space * length}b{space * length}"
    for space in SPACES + NOT_SPACES:
        yield "white space", f"a{space}b{space}{space}c {space}d{space} e1{space}2!{space}?"
    for contraction in CONTRACTIONS:
        for before, after in itertools.product(["", "a", " ", "1", "!", "é"], ["", "a", " ", "1", "!", "é"]):
            yield "contractions", before + contraction + after
    for start in range(0, len(NUMBERS), 24):
        part = NUMBERS[start : start + 24]
        yield "numbers", part + "a" + " ".join(part) + "é" + "!".join(part)
    for start in range(0, len(MARKS), 100):
        yield "marks", "e" + "e".join(MARKS[start : start + 100]) + MARKS[start : start + 20]
    for emoji in EMOJI:
        yield "emoji", f"{emoji}a{emoji}{emoji} {emoji}1{emoji}\n{emoji}"
    for word in WORDS:
        yield "words", f"{word} {word}{word}\n{word}"
    for special in [SPECIAL, SPECIAL * 2, f"a {SPECIAL} b", f"  {SPECIAL}  ", "<|endoftext|", f"<{SPECIAL}", f"é{SPECIAL}\n"]:
        yield "special", special
    for c in "aA \n!é1'\u0301😀":
        for length in [15, 16, 17, 127, 128, 129, 130, 257]:
            yield "runs", c * length
        yield "runs", (c + "b") * 100


def random_text(generator):
    """One random text of 0 to some 100 characters."""
    kind = generator.random()
    length = int(generator.expovariate(1 / 12))
    if kind < 0.2:
        return "".join(chr(generator.choice(SCALARS)) for _ in range(length))
    if kind < 0.35:
        start = generator.randrange(0, 0x1100) << 8
        block = [c for c in range(start, start + 0x100) if not 0xD800 <= c <= 0xDFFF] or [0x61]
        return "".join(generator.choice([" ", "\n", chr(generator.choice(block)), chr(generator.choice(block))]) for _ in range(length))
    if kind < 0.5:
        return "".join(generator.choice("aabcdeilnorstuvABCXYZ 's't 012\n.,!-'\"") for _ in range(2 * length))
    parts = []
    for _ in range(1 + length // 3):
        parts.append(
            generator.choice(
                [
                    lambda: generator.choice(WORDS),
                    lambda: generator.choice(CONTRACTIONS),
                    lambda: generator.choice(EMOJI),
                    lambda: generator.choice(SPACES) * generator.randrange(1, 5),
                    lambda: "".join(generator.choice(SPACES + NOT_SPACES) for _ in range(generator.randrange(1, 6))),
                    lambda: " " * generator.randrange(1, 40),
                    lambda: generator.choice(NUMBERS) * generator.randrange(1, 4),
                    lambda: "e" + "".join(generator.choice(MARKS) for _ in range(generator.randrange(1, 6))),
                    lambda: chr(generator.choice(SCALARS)),
                    lambda: generator.choice([SPECIAL, " ", "'", "a"]),
                ]
            )()
        )
    return "".join(parts)


def random_bytes(generator):
    """One random sequence of bytes, most of it not valid UTF-8."""
    if generator.random() < 0.3:
        return bytes(generator.randrange(256) for _ in range(generator.randrange(24)))
    data = bytearray(random_text(generator).encode())
    for _ in range(generator.randrange(1, 4)):
        if not data:
            break
        place = generator.randrange(len(data))
        change = generator.randrange(4)
        if change == 0:
            del data[place]
        elif change == 1:
            data[place] = generator.randrange(256)
        elif change == 2:
            data[place:place] = generator.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98"])
        else:
            del data[place:]
    return bytes(data)


def random_cases(seed, count, make=random_text):
    generator = random.Random(seed)
    for _ in range(count):
        yield make(generator)


# Texts too long to store; the tests make them too.
LONG_UNITS = ["a", " ", "\u0301", "ab", "é", "!", "1", "\n ", "😀", "the"]
MEBIBYTE = 1 << 20


def long_texts():
    yield "code points", "".join(f"a{chr(c)}1{chr(c)}! {chr(c)}{chr(c)}b\n" for c in SCALARS)
    for unit in LONG_UNITS:
        yield unit, unit * (MEBIBYTE // len(unit.encode()))
