"""Language models of transformers: made here, converted by PyTorch, and scored before and after.

PyTorch is not in the lock, because of its size. `make torch` installs it; without it, most of these tests are skipped.
"""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from tests.language_tasks import CHOICE, WORDS, save_task, save_tokenizer
from tests.unit.jobs.conftest import FolderBucket

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.jobs import conversion, convert_language, language, model_folder
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.conversion import onnx_logits

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="make torch")
# PyTorch's own, of itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:# The axis name:UserWarning"),
]
QUESTIONS = [
    {"question": f"{first} {second}", "choices": [right, "dog"], "answer": 0}
    for first in WORDS[1:] for second in WORDS[1:] for right in WORDS[1:4]
]  # fmt: skip


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderBucket]:
    """A Llama of two layers with its initial weights, texts, and a task."""
    bucket = FolderBucket(tmp_path_factory.mktemp("bucket"))
    bucket.path("s3://m/llama").mkdir(parents=True)
    bucket.path("s3://m/texts.txt").write_text("one two three\n\ncat\ndog cat " + "one " * 20 + "\n")
    save_task(bucket.path("s3://m/tasks"), "follows", "multiple_choice", CHOICE, QUESTIONS)
    with (
        mock.patch.object(convert_language, "fetch", bucket.fetch),
        mock.patch.object(model_folder, "fetch_folder", bucket.fetch_folder),
        mock.patch.object(conversion, "store", bucket.store),
        mock.patch.object(language, "fetch_folder", bucket.fetch_folder),
    ):
        yield bucket


@pytest.fixture(scope="module")
def llama(bucket: FolderBucket) -> str:
    """The checkpoint, by the URI of its weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=16, initializer_range=0.4, eos_token_id=0, bos_token_id=0,
    )  # fmt: skip
    folder = bucket.path("s3://m/llama")
    LlamaForCausalLM(config).save_pretrained(folder)
    save_tokenizer(folder)
    PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), eos_token="<end>").save_pretrained(folder)
    return "s3://m/llama/model.safetensors"


def convert(folder: Path, model_uri: str, **params: Any) -> dict[str, Any]:
    given = {"model_uri": model_uri, "sample_uri": "s3://m/texts.txt", **params}
    folder.mkdir(exist_ok=True)
    return convert_language.convert_language(
        JobInput("language_model_convert", "s", "e", given, f"s3://m/out-{folder.name}"), folder
    )


def scores(folder: Path, model_uri: str, backend: str) -> Any:
    given = {"model_uri": model_uri, "tasks_uri": "s3://m/tasks/", "tasks": ["follows"], "backend": backend}
    folder.mkdir()
    found = language.evaluate_language(JobInput("language_model_evaluate", "s", "e", given, "s3://o"), folder)
    return found["scores"]["follows"]["acc"]


@needs_torch
def test_what_comes_out_in_onnx_scores_as_the_checkpoint_does(bucket: FolderBucket, llama: str, tmp_path: Path) -> None:
    output = convert(tmp_path / "onnx", llama)

    assert ACTIONS["language_model_convert"].check_output(output) == output
    assert output["max_abs_error"] < 1e-4
    assert (output["agreement"], output["compared"]) == (1.0, 3 + 1 + 16)  # the last text is cut where the model ends
    # As a replica is probed when the model is rolled out: a finite answer to nothing but zeros.
    nothing = np.zeros((1, 1), np.int64)
    probed = onnx_logits(bucket.path(output["model_uri"] + "model.onnx"))
    assert np.isfinite(probed({"input_ids": nothing, "attention_mask": nothing})).all()
    before = scores(tmp_path / "before", llama, "hf")
    assert scores(tmp_path / "after", output["model_uri"], "onnx") == before
    assert 0 < before < 1


@needs_torch
@pytest.mark.parametrize("kind", ["onnx", "safetensors"])
def test_half_precision_is_half_as_large_and_nearly_the_same(
    bucket: FolderBucket, llama: str, tmp_path: Path, kind: str
) -> None:
    output = convert(tmp_path / f"half-{kind}", llama, format=kind, precision="float16", tolerance=0.05)

    weights = {"onnx": "model.onnx.data", "safetensors": "model.safetensors"}[kind]
    size = bucket.path(output["model_uri"] + weights).stat().st_size
    assert size < 0.6 * bucket.path("s3://m/llama/model.safetensors").stat().st_size
    assert 0 < output["max_abs_error"] < 0.05
    assert bucket.path(output["model_uri"] + "tokenizer.json").exists()


@needs_torch
def test_a_model_that_differs_by_more_than_the_tolerance_is_not_stored(
    bucket: FolderBucket, llama: str, tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="the converted model differs from the original by"):
        convert(tmp_path / "strict", llama, format="safetensors", precision="float16", tolerance=1e-9)
    assert not bucket.path("s3://m/out-strict").exists()


@needs_torch
def test_weights_in_pickles_are_not_loaded(bucket: FolderBucket, llama: str, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    shutil.copytree(bucket.path("s3://m/llama"), bucket.path("s3://m/pickled"))
    torch.save(
        load_file(bucket.path("s3://m/pickled/model.safetensors")), bucket.path("s3://m/pickled/pytorch_model.bin")
    )
    bucket.path("s3://m/pickled/model.safetensors").unlink()
    with pytest.raises(JobError, match="transformers cannot load the checkpoint"):
        convert(tmp_path / "p", "s3://m/pickled/")


@needs_torch
def test_weights_that_do_not_fit_their_config_are_refused(bucket: FolderBucket, llama: str, tmp_path: Path) -> None:
    shutil.copytree(bucket.path("s3://m/llama"), bucket.path("s3://m/misfit"))
    config = bucket.path("s3://m/misfit/config.json")
    config.write_text(config.read_text().replace('"hidden_size": 32', '"hidden_size": 64'))
    with pytest.raises(JobError, match="transformers cannot load the checkpoint"):
        convert(tmp_path / "m", "s3://m/misfit/", format="safetensors")


@needs_torch
def test_the_files_of_another_step_are_not_taken_along(bucket: FolderBucket, llama: str, tmp_path: Path) -> None:
    shutil.copytree(bucket.path("s3://m/llama"), bucket.path("s3://m/step"))
    bucket.path("s3://m/step/input.json").write_text('{"job": "another"}')
    output = convert(tmp_path / "step", "s3://m/step/", format="safetensors")

    assert output["model_uri"] == "s3://m/out-step/model/"
    assert "input.json" not in {path.name for path in bucket.path("s3://m/out-step").rglob("*")}


@needs_torch
def test_a_file_without_texts_is_refused(bucket: FolderBucket, llama: str, tmp_path: Path) -> None:
    bucket.path("s3://m/empty.txt").write_text("\n\n")
    with pytest.raises(JobError, match=r"empty\.txt has no text: write one per line"):
        convert(tmp_path / "e", llama, format="safetensors", sample_uri="s3://m/empty.txt")


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert_language, "find_spec", lambda name: None if name == "torch" else name)
    with pytest.raises(JobError, match=r"torch is missing in the job's image: install aftertrain\[torch\]"):
        convert(tmp_path / "m", "s3://m/llama/")
