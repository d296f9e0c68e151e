"""Times one peer that is a Python library: peers.py ctranslate2|transformers MODEL MEASURE [options]

Prints one JSON line. One run before each measurement warms caches and thread pools up; it is not counted.

decode  tokens a second over --new greedy tokens after --prompt, without the prompt's time, for each of --batches
        sequences that decode together
prompt  prompt tokens a second, logits of the last position only
first   loads, generates one token and ends, for compare.py to time from outside
tokens  the ids of --new greedy tokens after --ids
"""

import argparse
import json
import time


def ids(count, vocabulary=50000):
    return [(7919 * i + 11) % vocabulary for i in range(count)]


def ctranslate2(options):
    import ctranslate2

    generator = ctranslate2.Generator(
        options.model, compute_type=options.weights, inter_threads=1, intra_threads=options.threads
    )
    with open(f"{options.model}/vocabulary.json") as file:
        vocabulary = json.load(file)

    def generate(prompts, count):
        out = generator.generate_batch(
            [[vocabulary[id] for id in prompt] for prompt in prompts], max_length=count, min_length=count,
            sampling_topk=1, beam_size=1, include_prompt_in_result=False, end_token=[], max_batch_size=0,
        )  # fmt: skip
        tokens = [one.sequences_ids[0] for one in out]
        assert all(len(one) == count for one in tokens)
        return tokens

    return generate


def transformers(options):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    model = transformers.GPT2LMHeadModel.from_pretrained(options.model, dtype=torch.float32).eval()

    @torch.inference_mode()
    def generate(prompts, count):
        tokens = torch.tensor(prompts)
        if count == 1:
            return model(tokens, use_cache=True, logits_to_keep=1).logits.argmax(dim=2).tolist()
        out = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=count, min_new_tokens=count,
            do_sample=False, eos_token_id=None, pad_token_id=0, use_cache=True,
        )[:, tokens.shape[1] :]  # fmt: skip
        assert out.shape[1] == count
        return out.tolist()

    return generate


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def decode_rate(generate, prompts, count):
    generate(prompts, 4)
    prompt = seconds(generate, prompts, 1)
    return len(prompts) * (count - 1) / (seconds(generate, prompts, count) - prompt)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("peer", choices=["ctranslate2", "transformers"])
    arguments.add_argument("model")
    arguments.add_argument("measure", choices=["decode", "prompt", "first", "tokens"])
    arguments.add_argument("--weights", default="float32")
    arguments.add_argument("--prompt", type=int, default=16)
    arguments.add_argument("--new", type=int, default=128)
    arguments.add_argument("--batches", default="1", help="separated by commas")
    arguments.add_argument("--ids", help="separated by commas")
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    generate = globals()[options.peer](options)
    prompt, out = ids(options.prompt), {}
    if options.measure == "first":
        generate([prompt], 1)
    elif options.measure == "tokens":
        out["tokens"] = generate([[int(id) for id in options.ids.split(",")]], options.new)[0]
    elif options.measure == "prompt":
        generate([prompt], 1)
        out["tokens_per_s"] = len(prompt) / seconds(generate, [prompt], 1)
    else:
        rates = {int(batch): decode_rate(generate, [prompt] * int(batch), options.new)
                 for batch in options.batches.split(",")}  # fmt: skip
        out["tokens_per_s"] = rates
    print(json.dumps(out))


if __name__ == "__main__":
    main()
