"""GPT-2 as nanoGPT trains it, in PyTorch: the peer of the training benchmarks.

The architecture, initialisation, decay groups and learning rates are those of https://github.com/karpathy/nanoGPT
(model.py, train.py, config/train_shakespeare_char.py); the code is this benchmark's own.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, channels, heads, bias):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = (nn.LayerNorm(channels, bias=bias) for _ in range(2))
        self.qkv = nn.Linear(channels, 3 * channels, bias=bias)
        self.out = nn.Linear(channels, channels, bias=bias)
        self.inner = nn.Linear(channels, 4 * channels, bias=bias)
        self.outer = nn.Linear(4 * channels, channels, bias=bias)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2) for part in self.qkv(self.norm1(x)).split(C, 2)
        )  # [B, H, T, D]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(B, T, C))
        return x + self.outer(F.gelu(self.inner(self.norm2(x))))


class GPT(nn.Module):
    def __init__(self, layers, heads, channels, vocabulary, context, bias):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, channels)
        self.positions = nn.Embedding(context, channels)
        self.blocks = nn.ModuleList(Block(channels, heads, bias) for _ in range(layers))
        self.norm = nn.LayerNorm(channels, bias=bias)
        self.head = nn.Linear(channels, vocabulary, bias=False)
        self.tokens.weight = self.head.weight
        for name, p in self.named_parameters():
            if p.ndim == 2:
                residual = name.endswith(("out.weight", "outer.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, tokens, targets):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())

    def optimizer(self, rate, beta2, decay=0.1, fused=True):
        named = dict(self.named_parameters()).values()
        groups = [
            {"params": [p for p in named if p.ndim >= 2], "weight_decay": decay},
            {"params": [p for p in named if p.ndim < 2], "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=rate, betas=(0.9, beta2), fused=fused)


def rate_at(step, peak=1e-3, minimum=1e-4, warmup=100, steps=2000):
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    return minimum + 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) * (peak - minimum)
