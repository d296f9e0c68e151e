"""The two reference tokenizers, and a third that takes any bytes, from a directory with GPT-2's kind of files."""

import json
import pathlib

import regex
import tiktoken
import tokenizers
import unicodedata2
from tiktoken_ext.openai_public import r50k_pat_str

END_OF_TEXT = "<|endoftext|>"


def byte_alphabet():
    """bytes_to_unicode of OpenAI's encoder.py, from character to byte."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [b for b in range(256) if b not in kept]
    return {chr(b): b for b in kept} | {chr(0x100 + i): b for i, b in enumerate(moved)}


class References:
    def __init__(self, directory):
        directory = pathlib.Path(directory)
        path = directory / "tokenizer.json"
        if path.exists():
            self.huggingface = tokenizers.Tokenizer.from_file(str(path))
        else:
            model = tokenizers.models.BPE.from_file(str(directory / "vocab.json"), str(directory / "merges.txt"))
            self.huggingface = tokenizers.Tokenizer(model)
            self.huggingface.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
            self.huggingface.decoder = tokenizers.decoders.ByteLevel()
            self.huggingface.add_special_tokens([END_OF_TEXT])
        vocabulary = json.loads(self.huggingface.to_str())["model"]["vocab"]
        self.end_of_text = self.huggingface.token_to_id(END_OF_TEXT)
        alphabet = byte_alphabet()
        self.ranks = {
            bytes(alphabet[c] for c in text): token for text, token in vocabulary.items() if text != END_OF_TEXT
        }
        self.tiktoken = tiktoken.Encoding(
            "reference", pat_str=r50k_pat_str, mergeable_ranks=self.ranks,
            special_tokens={END_OF_TEXT: self.end_of_text},
        )
        self.pieces = regex.compile(self.pattern())

    @staticmethod
    def pattern():
        """GPT-2's pattern in its first form, with the classes of Unicode 16 spelled out."""

        def ranges(letter):
            members = {c for c in range(0x110000) if unicodedata2.category(chr(c)).startswith(letter)}
            starts = sorted(c for c in members if c - 1 not in members)
            ends = sorted(c for c in members if c + 1 not in members)
            return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in zip(starts, ends))

        letter, number = ranges("L"), ranges("N")
        space = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
        return (
            rf"'s|'t|'re|'ve|'m|'ll|'d| ?[{letter}]+| ?[{number}]+| ?[^{space}{letter}{number}]+"
            rf"|[{space}]+(?![^{space}])|[{space}]+"
        )

    def encode(self, text):
        return self.tiktoken.encode_ordinary(text)

    def encode_with_special(self, text):
        return self.tiktoken.encode(text, allowed_special="all")

    def encode_bytes(self, data):
        """Cuts as if each byte that is not part of valid UTF-8 were a symbol; the cuts themselves go to tiktoken."""
        text = data.decode("utf-8", "surrogateescape")
        pieces = [match.group().encode("utf-8", "surrogateescape") for match in self.pieces.finditer(text)]
        assert b"".join(pieces) == data
        core = self.tiktoken._core_bpe
        return [token for piece in pieces for token in core.encode_single_piece(piece)]
