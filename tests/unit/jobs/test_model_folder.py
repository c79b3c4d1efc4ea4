"""The config of a language model, in the variants that exist."""

from pathlib import Path
from typing import Any

import pytest

from aftertrain.jobs.contract import JobError
from aftertrain.jobs.model_folder import ends, longest, part, read_config


@pytest.mark.parametrize(("given", "found"), [(2, (2,)), ([128001, 128009], (128001, 128009))])
def test_a_text_ends_with_one_of_these(given: Any, found: tuple[int, ...]) -> None:
    assert ends({"eos_token_id": given}) == found


@pytest.mark.parametrize("given", [None, [], "</s>"])
def test_a_config_without_an_end_says_so(given: Any) -> None:
    with pytest.raises(JobError, match="no valid eos_token_id"):
        ends({"eos_token_id": given})


@pytest.mark.parametrize(
    ("config", "tokens"),
    [
        ({"max_position_embeddings": 4096}, 4096),
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 8}}, 8),
        ({"text_config": None}, 2048),
    ],
)
def test_how_many_tokens_a_model_takes(config: dict[str, Any], tokens: int) -> None:
    assert longest(config, 2048) == tokens


@pytest.mark.parametrize(("text", "why"), [("[]", "must be an object"), ("{", "is not JSON"), (None, "has no config")])
def test_a_config_that_is_none_is_an_error(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(JobError, match=why):
        read_config(part(tmp_path, "config.json"))
