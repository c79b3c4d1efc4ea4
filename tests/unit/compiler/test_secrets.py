"""Values that are no secrets, although their names suggest it."""

from typing import Any

import pytest

from aftertrain.compiler.parse import parse
from aftertrain.compiler.secrets import check_secrets


@pytest.mark.parametrize(
    "given",
    [
        {"outputs": {"pad_token": "<|endoftext|>", "mask_token": "[MASK]"}},
        {"outputs": {"token": "abc"}},
        {"outputs": {"tokens": ["password", "swordfish"]}},
        {"parameters": [{"name": "max_tokens", "type": "string", "default": "1048576"}]},
        {"parameters": [{"name": "stop_tokens", "type": "array", "default": ["<|im_end|>"]}]},
    ],
)
def test_tokens_of_models_are_none(given: dict[str, Any]) -> None:
    step = {"id": "a", "action": "log", "params": {"message": "x"}}
    assert list(check_secrets(parse({"steps": [step], **given}).definition)) == []
