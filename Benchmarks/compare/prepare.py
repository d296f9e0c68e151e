"""Builds what compare.py measures against, once: prepare.py WORK [--jobs 2]

WORK/llama.cpp     llama-bench, from the sources inside the source distribution of llama-cpp-python (cmake and a C++
                   compiler needed; Release, for this machine's processor)
WORK/124m          one checkpoint of the 124M shape in Hugging Face's layout, with random weights and an invented
                   vocabulary: speed does not depend on what the numbers are
WORK/124m-f32.gguf the same weights for llama.cpp, WORK/124m-ctranslate2 for CTranslate2
"""

import argparse
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "Tests", "GPT2Tests", "Fixtures")
sys.path.insert(0, FIXTURES)
sys.dont_write_bytecode = True
import counter_weights  # noqa: E402

LLAMA_CPP_PYTHON = "0.3.36"


def run(*command, **options):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def build_llama(work, jobs):
    if os.path.exists(f"{work}/llama.cpp/bin/llama-bench"):
        return
    if not glob.glob(f"{work}/sdist/*/vendor/llama.cpp"):
        run(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python",
            f"llama-cpp-python=={LLAMA_CPP_PYTHON}", "--dest", f"{work}/sdist")  # fmt: skip
        run("tar", "xf", *glob.glob(f"{work}/sdist/*.tar.gz"), "-C", f"{work}/sdist")
    (source,) = glob.glob(f"{work}/sdist/*/vendor/llama.cpp")
    run("cmake", "-S", source, "-B", f"{work}/llama.cpp", "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON",
        "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_SERVER=OFF")  # fmt: skip
    run("cmake", "--build", f"{work}/llama.cpp", "-j", str(jobs), "--target", "llama-bench", "llama-quantize")


def vocabulary():
    """256 bytes, 50,000 pairs of them and the end of text: as many tokens and merges as GPT-2 has."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    symbols = [chr(b) for b in printable] + [chr(256 + n) for n in range(len(others))]
    pairs = [(a, b) for a in symbols for b in symbols][:50000]
    tokens = symbols + [a + b for a, b in pairs] + ["<|endoftext|>"]
    return tokens, [f"{a} {b}" for a, b in pairs]


def write_checkpoint(reference, directory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    if not os.path.exists(f"{directory}/model.safetensors"):
        counter_weights.write_directory(reference, directory)
    tokens, merges = vocabulary()
    with open(f"{directory}/vocab.json", "w") as file:
        json.dump({token: id for id, token in enumerate(tokens)}, file, ensure_ascii=False)
    with open(f"{directory}/merges.txt", "w") as file:
        file.write("#version: 0.2\n" + "".join(f"{m}\n" for m in merges))
    bpe = Tokenizer(models.BPE.from_file(f"{directory}/vocab.json", f"{directory}/merges.txt"))
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    bpe.add_special_tokens(["<|endoftext|>"])
    bpe.save(f"{directory}/tokenizer.json")
    end = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    with open(f"{directory}/tokenizer_config.json", "w") as file:
        json.dump({"tokenizer_class": "GPT2Tokenizer", **end}, file)


def write_gguf(reference, path):
    import gguf

    config = reference["config"]
    tokens, merges = vocabulary()
    out = gguf.GGUFWriter(path, "gpt2")
    out.add_block_count(config["n_layer"])
    out.add_context_length(config["n_positions"])
    out.add_embedding_length(config["n_embd"])
    out.add_feed_forward_length(4 * config["n_embd"])
    out.add_head_count(config["n_head"])
    out.add_layer_norm_eps(config["layer_norm_epsilon"])
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(tokens)
    out.add_token_merges(merges)
    out.add_token_types([gguf.TokenType.NORMAL] * (len(tokens) - 1) + [gguf.TokenType.CONTROL])
    out.add_bos_token_id(len(tokens) - 1)
    out.add_eos_token_id(len(tokens) - 1)
    names = {
        "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm", "ln_2": "ffn_norm",
        "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    }  # fmt: skip
    for name, values in counter_weights.checkpoint(config, reference["seed"], reference["rules"]).items():
        path, kind = name.removeprefix("transformer.").rsplit(".", 1)
        block = ""
        if path.startswith("h."):
            _, layer, path = path.split(".", 2)
            block = f"blk.{layer}."
        transposed = path.startswith(("attn.", "mlp.")) and kind == "weight"  # Conv1D stores [in, out]
        out.add_tensor(f"{block}{names[path]}.{kind}", values.T.copy() if transposed else values)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("work")
    arguments.add_argument("--jobs", type=int, default=2)
    options = arguments.parse_args()
    work = os.path.abspath(options.work)
    os.makedirs(work, exist_ok=True)
    with open(f"{FIXTURES}/gpt2-124m.json") as file:
        reference = json.load(file)
    write_checkpoint(reference, f"{work}/124m")
    write_gguf(reference, f"{work}/124m-f32.gguf")
    run("ct2-transformers-converter", "--model", f"{work}/124m", "--output_dir", f"{work}/124m-ctranslate2", "--force",
        env={**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]})  # fmt: skip
    build_llama(work, options.jobs)


if __name__ == "__main__":
    main()
