"""Put a trained story model into the package: install.py TRAINED_DIR.

TRAINED_DIR is what train.py leaves behind. Writes config.json, tokenizer.json and model.safetensors into
Sources/StoryModelData, which is itself a Hugging Face directory; tokenizer.json loses its whitespace, so that the three
files stay below 12,000,000 bytes.
Needs tokenizers.
"""
import json, pathlib, shutil, sys
from tokenizers import Tokenizer

trained = pathlib.Path(sys.argv[1])
package = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "StoryModelData"

original = (trained / "tokenizer.json").read_text(encoding="utf-8")
compact = json.dumps(json.loads(original), ensure_ascii=False, separators=(",", ":"))
assert Tokenizer.from_str(compact).to_str() == Tokenizer.from_str(original).to_str()
(package / "tokenizer.json").write_text(compact, encoding="utf-8")

configuration = json.loads((trained / "config.json").read_text(encoding="utf-8"))
configuration.pop("transformers_version", None)
(package / "config.json").write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n", encoding="utf-8")

shutil.copyfile(trained / "model.safetensors", package / "model.safetensors")

size = sum((package / name).stat().st_size for name in ("config.json", "tokenizer.json", "model.safetensors"))
print(f"{size} bytes")
assert size <= 12_000_000
