"""Language models: the real harness, offline, on a bigram model in ONNX with its own tokenizer."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.language_tasks import CHOICE, WORDS, save_task, save_tokenizer

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.jobs import language, model_folder
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.language import evaluate_language
from aftertrain.jobs.onnx_language import OnnxLanguageModel

FOLLOWS = {"one": "two", "two": "three", "cat": "dog", "dog": "cat", "three": "<end>", "<end>": "one"}
# A question, the right answer and a wrong one, of which the model prefers the right one in three of four.
QUESTIONS = [("one two", "three", "one"), ("cat dog", "cat", "one"), ("dog cat", "dog", "one"), ("cat", "three", "dog")]


def model(folder: Path, follows: dict[str, str]) -> None:
    """A model that predicts after each word, with near certainty, the next one."""
    folder.mkdir(parents=True)
    table = np.zeros((len(WORDS), len(WORDS)), np.float32)
    for word, following in follows.items():
        table[WORDS.index(word), WORDS.index(following)] = 5
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])],
        "bigram",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "length", len(WORDS)])],
        [numpy_helper.from_array(table, "table")],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    save_tokenizer(folder)
    (folder / "config.json").write_text('{"eos_token_id": 0, "max_position_embeddings": 8}')


GENERATE = """doc_to_target: "{{answer}}"
generation_kwargs: {until: ["cat"], max_gen_toks: 4}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]"""
ROLLING = """doc_to_target: "{{question}}"
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]"""


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Path]:
    """Models `good` and `bad`, and tasks of three kinds."""
    root = tmp_path / "bucket"
    model(root / "good", FOLLOWS)
    model(root / "bad", FOLLOWS | {"cat": "one", "dog": "one", "two": "one"})
    choices = [
        {"question": question, "choices": [wrong, right] if turned else [right, wrong], "answer": turned}
        for question, right, wrong in QUESTIONS
        for turned in (0, 1)
    ] * 3
    spoken = [{"question": "one", "answer": "two three"}, {"question": "dog", "answer": ""}]
    save_task(root / "tasks", "follows", "multiple_choice", CHOICE, choices)
    save_task(root / "tasks", "says", "generate_until", GENERATE, spoken)
    save_task(root / "tasks", "reads", "loglikelihood_rolling", ROLLING, [{"question": "one two three"}])

    def fetch_folder(uri: str, folder: Path, *, below: bool = True) -> Path:
        return Path(shutil.copytree(root / uri.removeprefix("s3://m/"), folder))

    with (
        mock.patch.object(language, "fetch_folder", fetch_folder),
        mock.patch.object(model_folder, "fetch_folder", fetch_folder),
    ):
        yield root


def evaluate(tmp_path: Path, which: str = "good", **params: Any) -> dict[str, Any]:
    given = {"model_uri": f"s3://m/{which}/", "tasks_uri": "s3://m/tasks/", "tasks": ["follows"], "backend": "onnx"}
    folder = tmp_path / "job"
    folder.mkdir()
    return evaluate_language(JobInput("language_model_evaluate", "s", "e", given | params, "s3://o"), folder)


def test_a_model_whose_training_diverged_is_not_scored(bucket: Path, tmp_path: Path) -> None:
    graph = onnx.load(bucket / "good" / "model.onnx")
    table = numpy_helper.to_array(graph.graph.initializer[0])
    graph.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full_like(table, np.nan), "table"))
    onnx.save(graph, bucket / "good" / "model.onnx")

    with pytest.raises(JobError, match="answers with NaN"):
        evaluate(tmp_path)


def test_answers_that_no_backend_may_give_are_none() -> None:
    found = {"samples": {"t": [{"resps": [[(math.nan, False)]], "filter": "none"}]}, "results": {"t": {}}}

    with pytest.raises(JobError, match="t: the model answers with NaN"):
        language._metrics("t", found)


def test_scores_of_a_tasks_own_filters_have_their_names(bucket: Path, tmp_path: Path) -> None:
    strict = """filter_list: [{name: strict, filter: [{function: take_first}]}]\n"""
    spoken = [{"question": "one", "answer": "two three"}, {"question": "dog", "answer": "cat"}]
    save_task(bucket / "tasks", "filtered", "generate_until", strict + GENERATE, spoken)
    output = evaluate(tmp_path, tasks=["filtered"])

    assert output["scores"] == {"filtered": {"exact_match,strict": 0.5}}
    assert output["examples"] == {"filtered": 2}
    assert "exact_match,strict" in output["low"]["filtered"]


def test_a_model_is_scored_on_local_tasks_with_intervals(bucket: Path, tmp_path: Path) -> None:
    output = evaluate(tmp_path)

    assert ACTIONS["language_model_evaluate"].check_output(output) == output
    assert output["scores"] == {"follows": {"acc": 0.75}}
    assert output["low"]["follows"]["acc"] < 0.75 < output["high"]["follows"]["acc"]
    assert (output["examples"], output["baseline_scores"]) == ({"follows": 24}, None)


def test_what_a_model_says_and_how_it_reads_are_scored_too(bucket: Path, tmp_path: Path) -> None:
    scores = evaluate(tmp_path, tasks=["says", "reads"])["scores"]

    assert scores["says"]["exact_match"] == 1.0
    assert 1.0 < scores["reads"]["word_perplexity"] < 1.2


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"min_scores": {"follows": {"acc": 0.8}}}, r"follows acc is 0\.7500, below the gate's 0\.8"),
        ({"min_scores": {"follows": {"f1": 0.8}}}, "there is no score follows f1"),
        ({"tasks": ["reads"], "min_scores": {"reads": {"word_perplexity": 1.0}}}, "above the gate's 1"),
        ({"tasks": ["sings"]}, "has no task 'sings'; it has"),
        ({"backend": "lua"}, "unknown backend 'lua'"),
    ],
)
def test_what_misses_a_gate_or_cannot_be_done_fails(bucket: Path, tmp_path: Path, params: Any, why: str) -> None:
    with pytest.raises(JobError, match=why):
        evaluate(tmp_path, **params)


@pytest.mark.parametrize(("backend", "needs"), [("hf", "torch and transformers"), ("vllm", "vllm")])
def test_a_backend_that_is_not_installed_says_what_it_needs(
    backend: str, needs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "find_spec", lambda name: name if name == "lm_eval" else None)
    with pytest.raises(JobError, match=f"the backend '{backend}' needs {needs} in the job's image"):
        evaluate(tmp_path, backend=backend)


def test_a_model_that_is_worse_than_the_one_deployed_fails(bucket: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="the model is worse than the baseline: follows acc is 0"):
        evaluate(tmp_path, "bad", baseline_uri="s3://m/good/")


def test_a_model_that_is_as_good_passes(bucket: Path, tmp_path: Path) -> None:
    assert evaluate(tmp_path, baseline_uri="s3://m/good/")["baseline_scores"] == {"follows": {"acc": 0.75}}


def test_a_model_whose_graph_has_a_cache_is_refused(tmp_path: Path) -> None:
    model(tmp_path / "m", FOLLOWS)
    graph = onnx.load(tmp_path / "m" / "model.onnx")
    graph.graph.input.append(helper.make_tensor_value_info("past_key_values.0", TensorProto.FLOAT, [1]))
    onnx.save(graph, tmp_path / "m" / "model.onnx")
    with pytest.raises(JobError, match=r"takes 'past_key_values.0': export it without a cache"):
        OnnxLanguageModel(tmp_path / "m")


def test_a_folder_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"the model's folder has no tokenizer.json"):
        OnnxLanguageModel(tmp_path)
