"""Train the story model that ships inside the package: train.py STORIES_TXT OUT_DIR [--steps N].

Makes OUT_DIR/tokenizer.json, vocab.json, merges.txt (4096-token byte-level BPE) and, every 100 steps and at the
end, OUT_DIR/checkpoint.pt; finishes with OUT_DIR as a Hugging Face directory in float16.
Needs torch, transformers, tokenizers, numpy. Runs on two CPU cores in about an hour and a half.
"""
import argparse, json, math, os, time
import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

ap = argparse.ArgumentParser()
ap.add_argument("text")
ap.add_argument("out")
ap.add_argument("--steps", type=int, default=1600)
ap.add_argument("--batch", type=int, default=8)
ap.add_argument("--time", type=int, default=256, help="tokens in a training sequence")
ap.add_argument("--context", type=int, default=512, help="positions of the model, twice --time")
ap.add_argument("--long-every", type=int, default=4, help="every so many steps, half as many sequences of twice the length")
ap.add_argument("--adam-lr", type=float, default=3e-3)
ap.add_argument("--muon-lr", type=float, default=2e-2)
ap.add_argument("--warmup", type=int, default=40)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--bench", action="store_true", help="time 6 steps and stop")
a = ap.parse_args()
torch.set_num_threads(a.threads)
torch.manual_seed(20)
END, VOCAB, HELD_OUT = "<|endoftext|>", 4096, (6, 21)  # held-out documents, counted from 1
os.makedirs(a.out, exist_ok=True)

documents = [d.strip("\n") for d in open(a.text, encoding="utf-8", newline="").read().split(END + "\n") if d.strip()]
assert len(documents) == 34, len(documents)
train_docs = [d for i, d in enumerate(documents, 1) if i not in HELD_OUT]
held_docs = [documents[i - 1] for i in HELD_OUT]

path = f"{a.out}/tokenizer.json"
if not os.path.exists(path):
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(train_docs, trainers.BpeTrainer(
        vocab_size=VOCAB - 1, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=[], show_progress=False))
    tok.add_special_tokens([END])  # the last id, as in GPT-2
    assert tok.get_vocab_size() == VOCAB and tok.token_to_id(END) == VOCAB - 1
    tok.save(path)
    tok.model.save(a.out)
tok = Tokenizer.from_file(path)


def ids_of(docs):
    return torch.tensor(np.concatenate([np.array([VOCAB - 1] + tok.encode(d).ids, dtype=np.int64) for d in docs]))


train, held = ids_of(train_docs), [ids_of([d]) for d in held_docs]

class Muon:
    """Momentum, made orthogonal by five Newton-Schulz steps (Jordan 2024); torch.optim.Muon does the same in bfloat16,
    which a CPU without bfloat16 runs thirty times slower than float32."""

    def __init__(self, parameters):
        self.parameters, self.rate = parameters, 0.0
        self.momenta = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for p, m in zip(self.parameters, self.momenta):
            m.lerp_(p.grad, 0.05)
            x = torch.lerp(p.grad, m, 0.95)
            inputs, outputs = x.shape  # Conv1D stores [in, out]
            if inputs > outputs:
                x = x.T
            x = x / (x.norm() + 1e-7)
            for _ in range(5):
                s = x @ x.T
                x = torch.addmm(x, torch.addmm(s, s, s, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
            if inputs > outputs:
                x = x.T
            p.mul_(1 - self.rate * 0.05).add_(x, alpha=-self.rate * max(1, outputs / inputs) ** 0.5)


config = GPT2Config(activation_function="gelu_pytorch_tanh", vocab_size=VOCAB, n_positions=a.context, n_embd=256, n_layer=6, n_head=8, bos_token_id=VOCAB - 1,
                    eos_token_id=VOCAB - 1, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
model = GPT2LMHeadModel(config).train()
hidden = [p for n, p in model.named_parameters() if p.ndim == 2 and ".h." in n]
tables = [p for n, p in model.named_parameters() if p.ndim == 2 and ".h." not in n]
vectors = [p for p in model.parameters() if p.ndim == 1]
muon = Muon(hidden)
adam = torch.optim.AdamW([{"params": tables, "weight_decay": 0.0}, {"params": vectors, "weight_decay": 0.0}],
                         lr=a.adam_lr, betas=(0.9, 0.95), fused=True)
print(json.dumps({"documents": len(documents), "train_tokens": len(train), "held_tokens": sum(map(len, held)),
                  "parameters": sum(p.numel() for p in model.parameters()), **vars(a), "text": None, "out": None}), flush=True)


def held_out_bits_per_byte(limit=None):
    """Windows of the whole context that slide by half of it, each token scored once, the document's first token
    given; `limit` takes only that many tokens of each document (a quick look during training)."""
    model.eval()
    nats, count, size, half = 0.0, 0, 0, a.context // 2
    with torch.inference_mode():
        for ids in held:
            ids = ids[:limit]
            size += len(tok.decode(ids[1:].tolist(), skip_special_tokens=False).encode())
            for start in range(0, len(ids) - 1, half):
                window = ids[start:start + a.context + 1]
                skip = 0 if start == 0 else half
                if len(window) - 1 <= skip:
                    break
                logits = model(window[None, :-1]).logits[0]
                losses = torch.nn.functional.cross_entropy(logits[skip:], window[1 + skip:], reduction="none")
                nats, count = nats + losses.double().sum().item(), count + len(losses)
    model.train()
    return nats / math.log(2) / size, count


def batch(step):
    long = a.long_every and step % a.long_every == a.long_every - 1
    rows, length = (a.batch // 2, a.time * 2) if long else (a.batch, a.time)
    rng = np.random.Generator(np.random.Philox(key=[20, step]))
    starts = rng.integers(0, len(train) - length - 1, rows)
    x = torch.stack([train[s:s + length + 1] for s in starts])
    return x[:, :-1], x[:, 1:]


first, state = 0, f"{a.out}/checkpoint.pt"
if os.path.exists(state) and not a.bench:
    s = torch.load(state)
    model.load_state_dict(s["model"]); muon.momenta = s["muon"]; adam.load_state_dict(s["adam"])
    first = s["step"]
t0, log = time.time(), []
for step in range(first, a.steps):
    scale = min(1, (step + 1) / a.warmup, (a.steps - step) / (0.5 * a.steps))  # warm up, hold, fall in a line to 0
    muon.rate = a.muon_lr * scale
    for g in adam.param_groups:
        g["lr"] = a.adam_lr * scale
    x, y = batch(step)
    hidden_state = model.transformer(x).last_hidden_state
    loss = torch.nn.functional.cross_entropy(model.lm_head(hidden_state).flatten(0, 1), y.flatten())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    muon.step(); adam.step()
    model.zero_grad(set_to_none=True)
    if a.bench:
        print(step, round(loss.item(), 3), round(time.time() - t0, 2), flush=True)
        if step == 6:
            raise SystemExit
        continue
    log.append(loss.item())
    if (step + 1) % 20 == 0:
        print(json.dumps({"step": step + 1, "loss": round(sum(log) / len(log), 4), "seconds": round(time.time() - t0)}), flush=True)
        log = []
    if (step + 1) % 100 == 0 or step + 1 == a.steps:
        bpb, count = held_out_bits_per_byte(6000)
        print(json.dumps({"step": step + 1, "held_out_bits_per_byte": round(bpb, 4), "tokens_scored": count}), flush=True)
        torch.save({"model": model.state_dict(), "muon": muon.momenta, "adam": adam.state_dict(), "step": step + 1}, state + ".new")
        os.replace(state + ".new", state)

model = model.half().float()  # evaluate what ships: the float16 values, in float32 arithmetic
bpb, count = held_out_bits_per_byte()
print(json.dumps({"final_float16_bits_per_byte": round(bpb, 4), "tokens_scored": count}), flush=True)
model.config.activation_function = "gelu_new"
model.half().save_pretrained(a.out, safe_serialization=True)
