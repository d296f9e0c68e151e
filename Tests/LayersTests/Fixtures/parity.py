"""Runs PyTorch modules in float64 and keeps what they give: outputs, and the gradients of all parameters and inputs.

Used by make_layers.py here and by make_textbook.py of TextbookTests, which need torch, numpy and safetensors.

Parameters and inputs come from counter_weights.py of GPT2Tests by their names and `rule`, so that they need not be stored:
NAME.json        the seed and, of each case, its settings and the shapes of its inputs.
NAME.safetensors float32: CASE/output, and CASE/gradient/PATH of sum(output * weights), where the weights come from the
                 counter too, under "weights"; the gradients of inputs are under CASE/gradient/input.NAME.
"""

import json
import math
import os
import sys

import torch
from safetensors.numpy import save_file

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../../GPT2Tests/Fixtures")
import counter_weights  # noqa: E402

SEED = 11


def rule(name, shape):
    """Offset and scale; Tests/TestSupport/ParityFixture.swift has the same."""
    if len(shape) == 1:
        return [1, 0.5] if "norm" in name and name.endswith("weight") else [0, 0.25]
    if name.startswith("input.") or name == "weights":
        return [0, 1]
    return [0, 2.0 ** round(math.log2(1.5 / math.sqrt(shape[-1])))]


def counted(name, shape, offset_and_scale=None):
    values = counter_weights.tensor(SEED, name, shape, *(offset_and_scale or rule(name, shape)))
    return torch.tensor(values).double()


class Fixture:
    def __init__(self, folder, name):
        self.folder, self.name, self.cases, self.tensors = folder, name, [], {}

    def add(self, name, module, inputs, forward, **settings):
        """`inputs` are shapes by name; `forward` is called with the module and tensors of those shapes."""
        module = module.double().train()
        named = dict(module.named_parameters())
        with torch.no_grad():
            for path, parameter in named.items():
                parameter.copy_(counted(path, tuple(parameter.shape)))
        values = {key: counted(f"input.{key}", shape).requires_grad_() for key, shape in inputs.items()}
        output = forward(module, **values)
        (output * counted("weights", tuple(output.shape))).sum().backward()
        assert output.isfinite().all(), name
        self.keep(f"{name}/output", output)
        for path, parameter in named.items():
            self.keep(f"{name}/gradient/{path}", parameter.grad)
        for key, value in values.items():
            self.keep(f"{name}/gradient/input.{key}", value.grad)
        self.cases.append(
            dict(name=name, settings=settings, inputs={key: list(shape) for key, shape in inputs.items()}))

    def keep(self, name, tensor):
        if tensor is not None:
            self.tensors[name] = tensor.detach().float().contiguous().numpy()

    def write(self):
        save_file(self.tensors, f"{self.folder}/{self.name}.safetensors")
        with open(f"{self.folder}/{self.name}.json", "w") as file:
            cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in self.cases)
            file.write(f'{{"seed":{SEED},"cases":[\n{cases}\n]}}\n')
