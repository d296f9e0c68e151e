"""Makes the model directories beside this file, and expected.json, with Hugging Face transformers and safetensors.

    pip install torch transformers safetensors numpy
    python make.py

Every directory holds the same kind of tiny GPT-2 (2 layers, 8 channels, vocabulary 24, context 16), as:
  plain        save_pretrained: prefix "transformer.", tied head not stored
  sharded      the same in shards of at most 4 kB, with index
  f16, bf16    the same in half precisions
  prefixless   GPT2Model.save_pretrained: names without prefix
  untied       tie_word_embeddings false: lm_head.weight of its own
  legacy       as older tools saved: with the attn.bias and attn.masked_bias buffers and the tied head stored too
  retied       tie_word_embeddings true, but a stored lm_head.weight that differs
  headonly     tie_word_embeddings true, only lm_head.weight stored of the pair
expected.json gives, for every tensor, what safetensors' own reader says of it: type, shape and a checksum of its bytes
(the sum of byte times position from 1, modulo 2**32); and shapes, what transformers' state_dict has for some
configurations; and tied, whether transformers itself ties the head when it loads the directory.
"""

import json
import pathlib
import shutil

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel, GPT2Model

here = pathlib.Path(__file__).parent
sizes = dict(vocab_size=24, n_positions=16, n_embd=8, n_layer=2, n_head=2, bos_token_id=23, eos_token_id=23)


def model(**changes):
    torch.manual_seed(7)
    made = GPT2LMHeadModel(GPT2Config(**{**sizes, **changes}))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0, 0.5)
    return made


def save(name, made, **options):
    shutil.rmtree(here / name, ignore_errors=True)
    made.save_pretrained(here / name, **options)


def restore(name, tensors):
    shutil.rmtree(here / name, ignore_errors=True)
    shutil.copytree(here / "plain", here / name)
    save_file(tensors, here / name / "model.safetensors", metadata={"format": "pt"})


save("plain", model())
save("sharded", model(), max_shard_size="4KB")
save("f16", model().half())
save("bf16", model().bfloat16())
save("untied", model(tie_word_embeddings=False))
bare = model().transformer
save("prefixless", bare)

plain = load_file(here / "plain" / "model.safetensors")
head = plain["transformer.wte.weight"]
buffers = {}
for layer in range(2):
    buffers[f"transformer.h.{layer}.attn.bias"] = torch.tril(torch.ones(16, 16, dtype=torch.bool)).view(1, 1, 16, 16)
    buffers[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
restore("legacy", {**plain, **buffers, "lm_head.weight": head.clone()})
restore("retied", {**plain, "lm_head.weight": head + 1})
only = dict(plain)
del only["transformer.wte.weight"]
restore("headonly", {**only, "lm_head.weight": head})

directories = {}
tied = {}
for directory in sorted(p for p in here.iterdir() if p.is_dir()):
    tensors = {}
    for path in sorted(directory.glob("*.safetensors")):
        raw = path.read_bytes()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        with safe_open(path, "pt") as file:
            for key in file.keys():
                tensor = file.get_tensor(key)
                data = numpy.frombuffer(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes(), numpy.uint8)
                checksum = int((data.astype(numpy.uint64) * numpy.arange(1, data.size + 1, dtype=numpy.uint64)).sum())
                tensors[key] = {
                    "dtype": header[key]["dtype"],
                    "shape": list(tensor.shape),
                    "checksum": checksum % 2**32,
                }
    directories[directory.name] = tensors
    loaded = GPT2LMHeadModel.from_pretrained(directory)
    tied[directory.name] = loaded.lm_head.weight.data_ptr() == loaded.transformer.wte.weight.data_ptr()

shapes = []
for changes in [{}, dict(n_inner=20), dict(n_layer=1, n_embd=6, n_head=3), dict(tie_word_embeddings=False)]:
    made = model(**changes)
    names = {n: list(p.shape) for n, p in made.named_parameters()}
    shapes.append({"config": {**sizes, **changes}, "shapes": names})

text = json.dumps({"directories": directories, "tied": tied, "shapes": shapes}, indent=1, sort_keys=True)
(here / "expected.json").write_text(text + "\n")
