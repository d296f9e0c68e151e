"""Writes a GPT-2 in Hugging Face's layout as a GGUF file in float32: gguf_model.py DIRECTORY FILE.gguf

llama.cpp's own convert_hf_to_gguf.py knows a tokenizer by the hash of what it makes of one text, and refuses those that
it has not seen; so this writes the file with llama.cpp's gguf package: the same tensors under the same names, Conv1D's
matrices transposed, the tokens and merges of tokenizer.json, GPT-2's rule for cutting text into words.
"""

import json
import re
import sys

NAMES = {
    "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm", "ln_2": "ffn_norm",
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}  # fmt: skip


def tokens_and_merges(directory):
    """Tokens in the order of their ids, which of them are special, and the merges as "a b"."""
    with open(f"{directory}/tokenizer.json") as file:
        tokenizer = json.load(file)
    ids = dict(tokenizer["model"]["vocab"])
    special = {token["content"]: token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    ids.update(special)
    tokens = sorted(ids, key=ids.get)
    if [ids[token] for token in tokens] != list(range(len(tokens))):
        raise ValueError(f"{directory}/tokenizer.json: the ids are not 0, 1, 2, …")
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    return tokens, set(special), merges


def tensors(directory):
    """GGUF's names and values in float32."""
    from safetensors.numpy import load_file

    for name, values in load_file(f"{directory}/model.safetensors").items():
        path, kind = name.removeprefix("transformer.").rsplit(".", 1)
        block = ""
        if found := re.fullmatch(r"h\.(\d+)\.(.+)", path):
            block, path = f"blk.{found[1]}.", found[2]
        if path not in NAMES:  # lm_head is wte again; .attn.bias and .attn.masked_bias are masks
            continue
        values = values.astype("float32")
        transposed = path.startswith(("attn.", "mlp.")) and kind == "weight"  # Conv1D stores [in, out]
        yield f"{block}{NAMES[path]}.{kind}", values.T.copy() if transposed else values


def write_gguf(directory, path):
    import gguf

    with open(f"{directory}/config.json") as file:
        config = json.load(file)
    tokens, special, merges = tokens_and_merges(directory)
    types = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
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
    out.add_token_types(types)
    out.add_bos_token_id(config.get("bos_token_id", len(tokens) - 1))
    out.add_eos_token_id(config.get("eos_token_id", len(tokens) - 1))
    out.add_add_bos_token(False)
    for name, values in tensors(directory):
        out.add_tensor(name, values)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    write_gguf(*sys.argv[1:])
