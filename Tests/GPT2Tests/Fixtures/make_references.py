"""Makes this folder's reference values with Hugging Face transformers in float64.

    python -m venv venv && venv/bin/pip install torch transformers safetensors numpy
    venv/bin/python make_references.py [small] [inspection] [124m]        default: all three

Weights come from counter_weights.py; they are scaled until attention is peaked, logits spread over several units and
the two GELUs differ visibly (c_fc's bias is centred on -2, where they do), because the usual initialisation hides
faults. `attention_peak` is the largest weight of a query, averaged over heads and queries, by layer. Every case records PyTorch's own float32 error, from which the tolerance follows:

    tolerance = max(1e-5 * largest |logit|, 2 * PyTorch's float32 error)

small/NAME.json   one case a file: configuration, logits of some rows, a greedy continuation of 200 tokens. Every case
                  but those in SHAPES differs from `base` in one flag; `moves` is how far that flag alone moves base's
                  logits, and must exceed 100 tolerances. `together` flips all of them, and `moves_back` says how far
                  each one moves it when flipped back alone.
inspection.json   every intermediate of one forward pass.
gpt2-124m.json    the 124M shape: some columns of some rows of logits, and a greedy continuation.

reorder_and_upcast_attn is mathematically neutral: it scales keys before the product instead of scores after it, and
computes scores in float32 when the model is in half precision. transformers refuses it in float64, so its reference
is taken with the flag off, and its float32 error with the flag on.
"""

import json
import os
import sys

import numpy as np
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

sys.dont_write_bytecode = True  # the folder is copied into the test bundle as it is
import counter_weights  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
GREEDY_TOKENS = 200

BASE = dict(
    vocab_size=211, n_positions=256, n_embd=48, n_layer=3, n_head=4, n_inner=None, activation_function="gelu_new",
    layer_norm_epsilon=1e-5, scale_attn_weights=True, scale_attn_by_inverse_layer_idx=False,
    reorder_and_upcast_attn=False, tie_word_embeddings=True,
)  # fmt: skip
FLAGS = {
    "gelu": dict(activation_function="gelu"),
    "relu": dict(activation_function="relu"),
    "silu": dict(activation_function="silu"),
    "tanh": dict(activation_function="tanh"),
    "inner-width": dict(n_inner=100),
    "epsilon": dict(layer_norm_epsilon=1e-2),
    "unscaled-attention": dict(scale_attn_weights=False),
    "inverse-layer": dict(scale_attn_by_inverse_layer_idx=True),
    "reorder-and-upcast": dict(reorder_and_upcast_attn=True),
    "untied": dict(tie_word_embeddings=False),
}
TOGETHER = dict(
    activation_function="gelu", n_inner=100, layer_norm_epsilon=1e-2, scale_attn_weights=False,
    scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True, tie_word_embeddings=False,
)  # fmt: skip
SHAPES = {
    "one-head": dict(vocab_size=97, n_positions=32, n_embd=24, n_layer=1, n_head=1),
    "narrow-heads": dict(vocab_size=300, n_positions=64, n_embd=40, n_layer=2, n_head=8),
    "odd-inner": dict(vocab_size=131, n_positions=64, n_embd=36, n_layer=2, n_head=2, n_inner=7),
    "wide-heads": dict(vocab_size=257, n_positions=64, n_embd=128, n_layer=2, n_head=2),
    "long": dict(vocab_size=203, n_positions=1024, n_embd=60, n_layer=2, n_head=5, n_inner=600),
}
LONG_ROWS = [0, 63, 64, 65, 127, 128, 255, 256, 257, 511, 512, 1022, 1023]  # the borders of pages and of key blocks


def rules(head=0.5, embedding=0.5, attention=0.5, projection=0.5, inner=0.25, outer=2.0):
    """[offset, scale] of each tensor, by the end of its name."""
    return {
        "wte.weight": [0, embedding], "wpe.weight": [0, embedding], "lm_head.weight": [0, head],
        "ln_1.weight": [1, 0.5], "ln_1.bias": [0, 0.25],
        "ln_2.weight": [1, 0.5], "ln_2.bias": [0, 0.25],
        "ln_f.weight": [1, 0.5], "ln_f.bias": [0, 0.25],
        "attn.c_attn.weight": [0, attention], "attn.c_attn.bias": [0, 0.5],
        "attn.c_proj.weight": [0, projection], "attn.c_proj.bias": [0, 0.25],
        "mlp.c_fc.weight": [0, inner], "mlp.c_fc.bias": [-2, 0.5],
        "mlp.c_proj.weight": [0, outer], "mlp.c_proj.bias": [0, 0.25],
    }  # fmt: skip


SMALL_RULES = rules()
LARGE_RULES = rules(head=0.25, embedding=0.25, attention=0.125, projection=0.125, inner=0.0625, outer=0.25)


def model(config, seed, rules, dtype=torch.float64):
    if dtype == torch.float64:
        config = {**config, "reorder_and_upcast_attn": False}
    out = GPT2LMHeadModel(GPT2Config(**config, attn_implementation="eager", bos_token_id=None, eos_token_id=None))
    weights = counter_weights.checkpoint(config, seed, rules)
    with torch.no_grad():
        for name, parameter in out.named_parameters():
            parameter.copy_(torch.from_numpy(weights.pop(name)))
    assert not weights, f"unused: {list(weights)}"
    return out.to(dtype).eval()


@torch.inference_mode()
def logits(model, tokens):
    return model(torch.tensor([tokens])).logits[0].double().numpy()


@torch.inference_mode()
def attention_peak(model, tokens):
    """The largest attention weight of a query, averaged over heads and the second half of the prompt, by layer."""
    layers = model(torch.tensor([tokens]), output_attentions=True).attentions
    return digits([a[0, :, len(tokens) // 2 :].max(-1).values.mean() for a in layers], 3)


@torch.inference_mode()
def greedy(model, prompt, count):
    """The continuation, and the smallest distance between the best and the second-best logit on the way."""
    tokens, gap, cache = list(prompt), np.inf, None
    for _ in range(count):
        out = model(torch.tensor([tokens if cache is None else tokens[-1:]]), past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        best = torch.topk(out.logits[0, -1], 2)
        gap = min(gap, (best.values[0] - best.values[1]).item())
        tokens.append(best.indices[0].item())
    return tokens[len(prompt) :], gap


def prompt(length, vocabulary, seed):
    return [int(t) for t in np.random.Generator(np.random.Philox(seed)).integers(0, vocabulary, length)]


def digits(values, count=10):
    return [float(f"{v:.{count}g}") for v in values]


def nested(tensor, count=9):
    return digits(tensor, count) if tensor.ndim == 1 else [nested(t, count) for t in tensor]


def fingerprint(weights):
    """Bits of the first and last elements, and the sum of all bit patterns, of every tensor."""
    out = {}
    for name, values in weights.items():
        bits = values.reshape(-1).view(np.uint32)
        total = int(bits.sum(dtype=np.uint64))
        out[name] = {"first": [int(b) for b in bits[:3]], "last": [int(b) for b in bits[-3:]], "sum": total}
    return out


def save(path, content):
    """One line a key, and one a row of numbers, so that differences can be read."""
    path = os.path.join(HERE, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in content.items())
    with open(path, "w") as file:
        file.write("{\n" + text.replace("],[", "],\n[") + "\n}\n")
    print(f"{os.path.getsize(path):8d} bytes  {os.path.relpath(path, HERE)}", flush=True)


def error_and_tolerance(reference, measured):
    largest, error = np.abs(reference).max(), np.abs(reference - measured).max()
    return dict(
        largest_logit=float(f"{largest:.6g}"),
        pytorch_float32_error=float(f"{error:.4g}"),
        tolerance=float(f"{max(1e-5 * largest, 2 * error):.6g}"),
    )


def decisive_greedy(exact, single, config, tolerance, prompt_length=5, count=GREEDY_TOKENS, tries=40):
    """A continuation in which no step is a near tie: its smallest gap exceeds 10 tolerances."""
    for seed in range(100, 100 + tries):
        start = prompt(prompt_length, config["vocab_size"], seed)
        tokens, gap = greedy(exact, start, count)
        if gap > 10 * tolerance:
            assert greedy(single, start, count)[0] == tokens
            return dict(prompt=start, tokens=tokens, smallest_gap=float(f"{gap:.4g}"), distinct=len(set(tokens)))
    raise SystemExit("no prompt gives a continuation without near ties")


def small():
    def outputs(config):
        return logits(model(config, 1, SMALL_RULES), prompt(40, BASE["vocab_size"], 1))

    cases = {"base": BASE, **{name: {**BASE, **flag} for name, flag in FLAGS.items()}}
    cases["together"] = {**BASE, **TOGETHER}
    cases |= {name: {**BASE, **shape} for name, shape in SHAPES.items()}
    base, together = outputs(BASE), outputs({**BASE, **TOGETHER})
    for name, config in cases.items():
        exact, single = model(config, 1, SMALL_RULES), model(config, 1, SMALL_RULES, torch.float32)
        length = min(40, config["n_positions"]) if name != "long" else config["n_positions"]
        tokens = prompt(length, config["vocab_size"], 1)
        reference = logits(exact, tokens)
        case = dict(name=name, config=config, seed=1, rules=SMALL_RULES)
        case["attention_peak"] = attention_peak(exact, tokens)
        case |= error_and_tolerance(reference, logits(single, tokens))
        if name in FLAGS and name != "reorder-and-upcast":
            case["moves"] = float(f"{np.abs(reference - base).max():.4g}")
            flag = next(iter(FLAGS[name]))
            if FLAGS[name][flag] == TOGETHER[flag]:
                back = outputs({**BASE, **TOGETHER, flag: BASE[flag]})
                case["moves_back"] = float(f"{np.abs(back - together).max():.4g}")
            print(f"{name:20} moves {case['moves'] / case['tolerance']:8.0f} tolerances, float32 error", end=" ")
            print(f"{case['pytorch_float32_error'] / case['largest_logit']:.1e} of the largest logit")
            assert min(case["moves"], case.get("moves_back", np.inf)) > 100 * case["tolerance"]
        if config["n_positions"] >= GREEDY_TOKENS + 5:
            case["greedy"] = decisive_greedy(exact, single, config, case["tolerance"])
        rows = LONG_ROWS if name == "long" else sorted({0, 6, 16, length - 1})
        case |= dict(tokens=tokens, rows=rows, logits=[digits(reference[row]) for row in rows])
        if name in ("base", "narrow-heads"):
            case["weights"] = fingerprint(counter_weights.checkpoint(config, 1, SMALL_RULES))
        save(f"small/{name}.json", case)


@torch.inference_mode()
def inspection():
    """B = 1 is left out: residual and outputs [T, C], attention [H, T, T], query, key, value and head outputs
    [T, H, D], mean and (biased) variance [T]. A layer's residual is what leaves it, lens what the last position of
    that residual would predict: the five largest logits."""
    config = {**BASE, "vocab_size": 97, "n_positions": 32, "n_embd": 24, "n_head": 3, "n_inner": 40}
    exact, tokens, seen = model(config, 2, SMALL_RULES), prompt(9, 97, 2), {}

    def record(name):
        def hook(module, inputs, output):
            seen[name] = (inputs[0][0], (output[0] if isinstance(output, tuple) else output)[0])

        return hook

    for name, module in exact.named_modules():
        module.register_forward_hook(record(name))
    out = exact(torch.tensor([tokens]), output_hidden_states=True, output_attentions=True)

    def norm(name):
        x = seen[name][0]
        return dict(mean=nested(x.mean(-1)), variance=nested(x.var(-1, unbiased=False)), output=nested(seen[name][1]))

    def split(x):
        heads = config["n_head"]
        return [nested(part.reshape(len(tokens), heads, -1)) for part in x.split(config["n_embd"], dim=-1)]

    layers, final_norm = [], norm("transformer.ln_f")  # before the lens calls it again
    for i in range(config["n_layer"]):
        at = f"transformer.h.{i}"
        residual = seen[at][1]
        lens = torch.topk(exact.lm_head(exact.transformer.ln_f(residual[-1])), 5)
        query, key, value = split(seen[f"{at}.attn.c_attn"][1])
        layers.append(dict(
            norm_1=norm(f"{at}.ln_1"), query=query, key=key, value=value, attention=nested(out.attentions[i][0]),
            head_outputs=nested(seen[f"{at}.attn.c_proj"][0].reshape(len(tokens), config["n_head"], -1)),
            attention_output=nested(seen[f"{at}.attn"][1]), residual_middle=nested(seen[f"{at}.ln_2"][0]),
            norm_2=norm(f"{at}.ln_2"), feed_forward_inner=nested(seen[f"{at}.mlp.c_fc"][1]),
            feed_forward_activated=nested(seen[f"{at}.mlp.act"][1]),
            feed_forward_output=nested(seen[f"{at}.mlp"][1]), residual=nested(residual),
            lens=dict(tokens=lens.indices.tolist(), logits=digits(lens.values)),
        ))  # fmt: skip
        if i + 1 < config["n_layer"]:
            assert torch.equal(residual, out.hidden_states[i + 1][0])
    save("inspection.json", dict(
        name="inspection", config=config, seed=2, rules=SMALL_RULES, tokens=tokens,
        embedding=nested(out.hidden_states[0][0]), layers=layers, final_norm=final_norm,
        logits=nested(out.logits[0]),
    ))  # fmt: skip


def shape_124m():
    config = {**BASE, "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}
    columns = sorted({*range(0, 50257, 97), *range(50257 - 40, 50257)})
    exact, single = model(config, 124, LARGE_RULES), model(config, 124, LARGE_RULES, torch.float32)
    prompts, reference, measured = [], [], []
    for length, rows in [(1, [0]), (17, [15, 16]), (130, [63, 64, 129])]:
        tokens = prompt(length, config["vocab_size"], length)
        values = logits(exact, tokens)[rows]
        reference.append(values)
        measured.append(logits(single, tokens)[rows])
        for row in values:
            print(f"{length} tokens: deviation {row.std():.2f}, largest {row.max():.2f}, argmax {row.argmax()}")
        prompts.append(dict(tokens=tokens, rows=rows, logits=[digits(row[columns]) for row in values], whole_rows=[
            dict(mean=float(row.mean()), root_mean_square=float(np.sqrt(np.square(row).mean())),
                 log_sum_exp=float(np.logaddexp.reduce(row)), top=[int(t) for t in np.argsort(-row)[:10]],
                 top_logits=digits(-np.sort(-row)[:10]))
            for row in values]))  # fmt: skip
    case = dict(name="gpt2-124m", config=config, seed=124, rules=LARGE_RULES)
    case |= error_and_tolerance(np.concatenate(reference), np.concatenate(measured))
    case["attention_peak"] = attention_peak(exact, tokens)
    print({k: case[k] for k in ("attention_peak", "largest_logit", "pytorch_float32_error", "tolerance")}, flush=True)
    case["greedy"] = decisive_greedy(exact, single, config, case["tolerance"], prompt_length=16, tries=5)
    print({k: v for k, v in case["greedy"].items() if k != "prompt"}, flush=True)
    weights = counter_weights.checkpoint(config, 124, LARGE_RULES)
    case |= dict(weights=fingerprint(weights), columns=columns, prompts=prompts)
    save("gpt2-124m.json", case)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, numpy {np.__version__}")
    parts = {"small": small, "inspection": inspection, "124m": shape_124m}
    for part in sys.argv[1:] or parts:
        parts[part]()
