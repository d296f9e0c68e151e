"""Builds what compare.py measures against, once: prepare.py WORK [--jobs 2]

WORK/llama.cpp           llama-bench and other tools, from the sources inside llama-cpp-python's source distribution
                         (cmake and a C++ compiler needed; Release, for this machine's processor)
WORK/124m                one checkpoint of the 124M shape in Hugging Face's layout, with random weights and an invented
                         vocabulary: speed does not depend on what the numbers are
WORK/gguf/124m-*.gguf    the same weights for llama.cpp, quantised by its llama-quantize
WORK/gguf/story-*.gguf   the story model inside the package, likewise
WORK/ctranslate2/*       the 124M weights for CTranslate2

Each step is skipped when its result is there and was made from the same source by the same version, which a file beside
it says (NAME.source). One that fails is told, and the others go on: compare.py leaves out what it does not find.
"""

import argparse
import functools
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys

from gguf_model import write_gguf

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FIXTURES = os.path.join(ROOT, "Tests", "GPT2Tests", "Fixtures")
sys.path.insert(0, FIXTURES)
sys.dont_write_bytecode = True
import counter_weights  # noqa: E402

LLAMA_CPP_PYTHON = "0.3.36"
TOOLS = ["llama-bench", "llama-batched-bench", "llama-quantize", "llama-perplexity", "llama-tokenize", "llama-simple",
         "llama-imatrix"]  # fmt: skip
GGUF = ["F16", "Q8_0", "Q4_0", "Q4_K_M"]


def run(*command, **options):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


@functools.cache
def hash_of(*paths):
    """SHA-256 of the files' content."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while part := file.read(1 << 24):
                digest.update(part)
    return digest.hexdigest()


def said(path):
    """What a small text file says; None where there is none."""
    if not os.path.exists(path):
        return None
    with open(path) as file:
        return file.read().strip()


def say(path, text):
    with open(path, "w") as file:
        file.write(f"{text}\n")


def built_version(work):
    """The llama-cpp-python whose llama.cpp was built; None where none was."""
    return said(f"{work}/llama.cpp/version")


def build_llama(work, jobs):
    build, version, header = f"{work}/llama.cpp", LLAMA_CPP_PYTHON, f"{HERE}/whole_tile_configuration.h"
    name = f"llama_cpp_python-{version}"
    source = f"{work}/sdist/{name}/vendor/llama.cpp"
    if os.path.isdir(build) and said(f"{build}/header") != hash_of(header):
        shutil.rmtree(build)
    if os.path.isdir(build) and built_version(work) != version:
        # Builds from before the version was noted are of the sources that lie there.
        if built_version(work) is None and os.path.isdir(source):
            say(f"{build}/version", version)
        else:
            shutil.rmtree(build)
    missing = [tool for tool in TOOLS if not os.path.exists(f"{build}/bin/{tool}")]
    if not missing:
        return
    if not os.path.isdir(source):
        run(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python",
            f"llama-cpp-python=={version}", "--dest", f"{work}/sdist")  # fmt: skip
        run("tar", "xf", f"{work}/sdist/{name}.tar.gz", "-C", f"{work}/sdist")
    run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON",
        "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_SERVER=OFF",
        f'-DCMAKE_CXX_FLAGS=-include "{header}"')  # fmt: skip
    say(f"{build}/version", version)
    say(f"{build}/header", hash_of(header))
    run("cmake", "--build", build, "-j", str(jobs), "--target", *missing)


def vocabulary():
    """256 bytes, 50,000 pairs of them and the end of text: as many tokens and merges as GPT-2 has."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    symbols = [chr(b) for b in printable] + [chr(256 + n) for n in range(len(others))]
    pairs = [(a, b) for a in symbols for b in symbols][:50000]
    tokens = symbols + [a + b for a, b in pairs] + ["<|endoftext|>"]
    return tokens, [f"{a} {b}" for a, b in pairs]


def write_checkpoint(directory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    source = hash_of(f"{FIXTURES}/gpt2-124m.json", f"{FIXTURES}/counter_weights.py")
    if said(f"{directory}.source") == source:
        return
    shutil.rmtree(directory, ignore_errors=True)
    with open(f"{FIXTURES}/gpt2-124m.json") as file:
        counter_weights.write_directory(json.load(file), directory)
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
    say(f"{directory}.source", source)


def whole(path, source, make):
    """Makes a file under another name first, so that one that is there is whole; again where the source is another."""
    if os.path.exists(path) and said(f"{path}.source") == source:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    make(f"{path}.part")
    os.replace(f"{path}.part", path)
    say(f"{path}.source", source)


def convert_to_gguf(work, name, directory):
    base = f"{work}/gguf/{name}-F32.gguf"
    files = [f"{directory}/{file}" for file in ("model.safetensors", "config.json", "tokenizer.json")]
    source = hash_of(*files, f"{HERE}/gguf_model.py")
    whole(base, source, lambda path: write_gguf(directory, path))
    for weights in GGUF:
        whole(f"{work}/gguf/{name}-{weights}.gguf", f"{source} {built_version(work)}",
              lambda path: run(f"{work}/llama.cpp/bin/llama-quantize", base, path, weights))  # fmt: skip


def convert_to_ctranslate2(work, weights):
    out = f"{work}/ctranslate2/{weights}"
    source = f"{hash_of(f'{work}/124m/model.safetensors')} {importlib.metadata.version('ctranslate2')}"
    if os.path.exists(f"{out}/model.bin") and said(f"{out}.source") == source:
        return
    os.makedirs(f"{work}/ctranslate2", exist_ok=True)
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    run("ct2-transformers-converter", "--model", f"{work}/124m", "--output_dir", out, "--force", "--quantization",
        weights, env={**os.environ, "PATH": path})  # fmt: skip
    say(f"{out}.source", source)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("work")
    arguments.add_argument("--jobs", type=int, default=2)
    options = arguments.parse_args()
    work = os.path.abspath(options.work)
    os.makedirs(work, exist_ok=True)
    write_checkpoint(f"{work}/124m")
    steps = [
        ("build llama.cpp", lambda: build_llama(work, options.jobs)),
        ("convert the checkpoint for llama.cpp", lambda: convert_to_gguf(work, "124m", f"{work}/124m")),
        ("convert the story model for llama.cpp",
         lambda: convert_to_gguf(work, "story", f"{ROOT}/Sources/StoryModelData")),
        ("convert for CTranslate2, float32", lambda: convert_to_ctranslate2(work, "float32")),
        ("convert for CTranslate2, int8", lambda: convert_to_ctranslate2(work, "int8")),
    ]  # fmt: skip
    failed = []
    for name, step in steps:
        try:
            step()
        except Exception as error:  # whatever it is, the other peers can still be measured
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(name)
    if failed:
        print(f"failed, and left out of the comparison: {'; '.join(failed)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
