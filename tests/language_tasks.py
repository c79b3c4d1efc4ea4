"""A language of six words for tests of language models: its tokenizer, and harness tasks in it."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

WORDS = ["<end>", "one", "two", "three", "cat", "dog"]
_TASK = """
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {name}.jsonl}}}}
test_split: test
output_type: {output}
doc_to_text: "{{{{question}}}}"
{more}
"""
CHOICE = """doc_to_choice: "{{choices}}"
doc_to_target: "{{answer}}"
metric_list: [{metric: acc, aggregation: mean, higher_is_better: true}]"""


def save_tokenizer(folder: Path) -> None:
    """The language's tokenizer.json."""
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<end>"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def save_task(folder: Path, name: str, output: str, more: str, rows: list[dict[str, Any]]) -> None:
    """A task and its data. Each row has a `question`, and the fields in `more`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(_TASK.format(name=name, output=output, more=more))
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
