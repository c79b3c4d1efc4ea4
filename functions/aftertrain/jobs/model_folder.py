"""The folder of a language model, as transformers writes it.

config.json      {"architectures": ["LlamaForCausalLM"], "eos_token_id": 2, "max_position_embeddings": 2048, …}
tokenizer.json   and other files of the tokenizer
model.safetensors, or shards with model.safetensors.index.json; or model.onnx
"""

import json
from pathlib import Path
from typing import Any

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.storage import fetch_folder, sibling

# A model's files besides its weights. Not every *.json: a step's own files may be in the same folder.
BESIDE = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len")


def fetch_model(uri: str, folder: Path) -> Path:
    """Fetch a model by the URI of its folder, its weights, their index or its config.

    Subfolders, such as training states, are left out.
    Raises: JobError
    """
    if not uri.endswith((".safetensors", ".json")):
        return fetch_folder(uri, folder, below=False)
    if uri.count("/") < 4:  # s3://bucket/folder/file
        raise JobError(f"{uri} is at the bucket's root: put the model into a folder")
    return fetch_folder(sibling(uri, ""), folder, below=False)


def part(folder: Path, name: str) -> Path:
    """A file of the folder. Raises: JobError if it does not exist."""
    if not (folder / name).exists():
        raise JobError(f"the model's folder has no {name}")
    return folder / name


def read_config(path: Path) -> dict[str, Any]:
    """A config.json. Raises: JobError if it is no object."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise JobError(f"config.json is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise JobError("config.json must be an object")
    return config


def longest(config: dict[str, Any], default: int) -> int:
    """The longest input in tokens by the model's config, or the default."""
    text = config.get("text_config")
    sections = (config, text if isinstance(text, dict) else {})
    lengths = [section[name] for section in sections for name in _LENGTHS if isinstance(section.get(name), int)]
    return int(lengths[0]) if lengths else default


def ends(config: dict[str, Any]) -> tuple[int, ...]:
    """The tokens that end a text, the usual one first. Raises: JobError if the config has none."""
    value = config.get("eos_token_id")
    tokens = tuple(value) if isinstance(value, list) else (value,)
    if not tokens or not all(isinstance(token, int) for token in tokens):
        raise JobError(f"config.json has no valid eos_token_id: {value!r}")
    return tokens
