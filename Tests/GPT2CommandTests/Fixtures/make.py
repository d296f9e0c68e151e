"""Makes the model directory tiny and expected.json beside this file, with Hugging Face transformers and tokenizers.

    pip install torch transformers tokenizers numpy
    python make.py

tiny is a GPT-2 of 2 layers, 16 channels, 2 heads and context 32, with random weights wide enough that no logits tie,
and a byte-level BPE of 300 tokens, the last of them <|endoftext|>. expected.json says what transformers and tokenizers
make of it: the tokens of some texts, the logits of a prompt in float64, the tokens of a greedy continuation, and the
mean loss of a text.
"""

import json
import pathlib
import shutil

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

here = pathlib.Path(__file__).parent
folder = here / "tiny"
shutil.rmtree(folder, ignore_errors=True)

text = (
    "Once upon a time there was a fox. The fox said to the stork: once upon a time there was a time.\n"
    "But the stork answered nothing, and went away with an air of dignity and unconcern.\n"
)
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=299, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=[], show_progress=False
)
tokenizer.train_from_iterator([text] * 4, trainer)
tokenizer.add_special_tokens(["<|endoftext|>"])
vocabulary = tokenizer.get_vocab_size()
end = tokenizer.token_to_id("<|endoftext|>")
assert (vocabulary, end) == (300, 299), (vocabulary, end)


def make_model(seed):
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocabulary, n_positions=32, n_embd=16, n_layer=2, n_head=2, bos_token_id=end, eos_token_id=end
        )
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # A narrow token embedding, or the tied head would only say the last token again.
            parameter.normal_(0, 0.3 if "wte" in name else 0.7)
    return model.eval().double()


def logits(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0]


def greedy(model, tokens, count):
    tokens = list(tokens)
    for _ in range(count):
        tokens.append(int(logits(model, tokens)[-1].argmax()))
    return tokens[-count:]


texts = ["Once upon a time", "", " the fox\r\n\t said", "naïve — 狐狸 🦊", "a<|endoftext|>b"]
ids = {text: tokenizer.encode(text, add_special_tokens=False).ids for text in texts[:4]}
prompt = ids["Once upon a time"]
# Of some seeds the one whose greedy text has the most different tokens, and does not end.
model = max(map(make_model, range(40)), key=lambda m: len(set(greedy(m, prompt, 12)) - {end}))
assert end not in greedy(model, prompt, 12)
scored = [end] + tokenizer.encode(text).ids[:31]
loss = torch.nn.functional.cross_entropy(logits(model, scored)[:-1], torch.tensor(scored[1:])).item()
expected = {
    "tokens": ids,
    "special": tokenizer.encode(texts[4]).ids,
    "logits": logits(model, prompt).tolist(),
    "greedy": greedy(model, prompt, 12),
    "scored_text": tokenizer.decode(scored[1:]),
    "scored_tokens": len(scored) - 1,
    "loss": loss,
}
(here / "expected.json").write_text(json.dumps(expected, ensure_ascii=False))
model.float().save_pretrained(folder)
tokenizer.save(str(folder / "tokenizer.json"))
