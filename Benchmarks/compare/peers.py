"""Times one peer that is a Python library: peers.py ctranslate2|transformers WORK decode|prefill|first [--threads 2]

Prints one JSON line. decode: 128 tokens after a prompt of 16, without the prompt's time; prefill: a prompt of 512;
first: loads, generates one token after a prompt of 16 and ends, for compare.py to time from outside. One run before
each measurement warms caches and thread pools up; it is not counted, but reported for prefill as `first_tokens_per_s`.
"""

import argparse
import json
import time

PROMPT, NEW, LONG = 16, 128, 512


def ids(count):
    return [(7919 * i + 11) % 50000 for i in range(count)]


def ctranslate2(work, threads):
    import ctranslate2

    generator = ctranslate2.Generator(
        f"{work}/124m-ctranslate2", compute_type="float32", inter_threads=1, intra_threads=threads
    )
    with open(f"{work}/124m-ctranslate2/vocabulary.json") as file:
        vocabulary = json.load(file)

    def generate(prompt, count):
        (out,) = generator.generate_batch(
            [[vocabulary[id] for id in prompt]], max_length=count, min_length=count, sampling_topk=1, beam_size=1,
            include_prompt_in_result=False, end_token=[],
        )  # fmt: skip
        assert len(out.sequences_ids[0]) == count

    return ctranslate2.__version__, generate


def transformers(work, threads):
    import torch
    import transformers

    torch.set_num_threads(threads)
    model = transformers.GPT2LMHeadModel.from_pretrained(f"{work}/124m", dtype=torch.float32).eval()

    @torch.inference_mode()
    def generate(prompt, count):
        tokens = torch.tensor([prompt])
        if count == 1:
            return model(tokens, use_cache=True, logits_to_keep=1).logits.argmax()
        out = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=count, min_new_tokens=count,
            do_sample=False, eos_token_id=None, pad_token_id=0, use_cache=True,
        )  # fmt: skip
        assert out.shape[1] == len(prompt) + count

    return transformers.__version__, generate


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("peer", choices=["ctranslate2", "transformers"])
    arguments.add_argument("work")
    arguments.add_argument("measure", choices=["decode", "prefill", "first"])
    arguments.add_argument("--threads", type=int, default=2)
    options = arguments.parse_args()
    version, generate = globals()[options.peer](options.work, options.threads)
    out = dict(peer=options.peer, version=version, measure=options.measure)
    if options.measure == "first":
        generate(ids(PROMPT), 1)
    elif options.measure == "prefill":
        out["first_tokens_per_s"] = LONG / seconds(generate, ids(LONG), 1)
        out["tokens_per_s"] = LONG / seconds(generate, ids(LONG), 1)
    else:
        generate(ids(PROMPT), 4)
        prompt = seconds(generate, ids(PROMPT), 1)
        out["tokens_per_s"] = (NEW - 1) / (seconds(generate, ids(PROMPT), NEW) - prompt)
    print(json.dumps(out))


if __name__ == "__main__":
    main()
