"""Evaluation and conversion of a small checkpoint, and the errors for a bad one."""

from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.unit.jobs.conftest import FolderBucket

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.jobs import devices
from aftertrain.jobs.benchmark import benchmark
from aftertrain.jobs.catalogue import JOBS, find
from aftertrain.jobs.contract import JobError, JobInput
from aftertrain.jobs.conversion import OutputComparison, compare
from aftertrain.jobs.convert import convert
from aftertrain.jobs.evaluate import evaluate
from aftertrain.jobs.intervals import chance, share
from aftertrain.jobs.mlp import Mlp

WEIGHTS = "s3://models/final/model.safetensors"
DATA = "s3://models/data.safetensors"


def job(name: str, **params: Any) -> JobInput:
    given: dict[str, Any] = {"model_uri": WEIGHTS, "dataset_uri": DATA, "sample_uri": DATA, "command": ["true"]}
    return JobInput(name, "s", "e1", given | params, "s3://artifacts/executions/e1/s")


def test_every_job_is_in_the_catalogue_and_puts_out_what_its_action_promises(
    bucket: FolderBucket, tmp_path: Path
) -> None:
    assert set(JOBS) == {action.name for action in ACTIONS.values() if action.runs == "job"}
    onnx_uri = convert(job("model_convert"), tmp_path)["model_uri"]
    for name in JOBS:
        assert callable(find(name))
        if name.startswith("language_"):
            continue  # needs models of another kind: test_language and test_convert_language have them
        given = job(name, model_uri=onnx_uri) if name == "model_benchmark" else job(name)
        ACTIONS[name].outputs.model_validate(find(name)(given, tmp_path))


def test_a_benchmark_times_as_many_requests_as_it_is_told(bucket: FolderBucket, tmp_path: Path) -> None:
    onnx_uri = convert(job("model_convert"), tmp_path)["model_uri"]
    found = benchmark(job("model_benchmark", model_uri=onnx_uri, requests=50, batch_size=7), tmp_path)

    assert found["requests"] == 50
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["examples_per_second"] > 7 * 1000 / found["p99_ms"] / 10
    with pytest.raises(JobError, match="above the gate's 1e-06 ms"):
        benchmark(job("model_benchmark", model_uri=onnx_uri, max_p99_ms=1e-6), tmp_path)


def test_what_is_deployed_is_a_baseline_too(bucket: FolderBucket, tmp_path: Path) -> None:
    deployed = convert(job("model_convert"), tmp_path)["model_uri"]
    found = evaluate(job("model_evaluate", baseline_uri=deployed), tmp_path)

    assert deployed.endswith(".onnx")
    assert found["baseline_accuracy"] == pytest.approx(found["accuracy"])


def test_a_job_that_was_given_a_gpu_does_not_run_on_a_processor(
    bucket: FolderBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx_uri = convert(job("model_convert"), tmp_path)["model_uri"]
    monkeypatch.setenv("AFTERTRAIN_GPUS", "1")

    with pytest.raises(JobError, match="put onnxruntime-gpu into the image"):
        benchmark(job("model_benchmark", model_uri=onnx_uri), tmp_path)


def test_nor_where_onnxruntime_gives_up_on_the_gpu(
    bucket: FolderBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build for GPUs lists CUDA among its providers even if it finds no GPU."""
    onnx_uri = convert(job("model_convert"), tmp_path)["model_uri"]
    monkeypatch.setenv("AFTERTRAIN_GPUS", "1")
    monkeypatch.setattr(devices, "providers", lambda: [devices.CUDA, devices.CPU])
    with (
        pytest.warns(UserWarning, match="not in available provider names"),
        pytest.raises(JobError, match="could not use CUDA"),
    ):
        benchmark(job("model_benchmark", model_uri=onnx_uri), tmp_path)


def test_what_is_no_onnx_model_cannot_be_timed(bucket: FolderBucket, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="is not an ONNX model that can be run here"):
        benchmark(job("model_benchmark"), tmp_path)


def test_accuracy_is_the_share_of_right_answers(bucket: FolderBucket, tmp_path: Path) -> None:
    found = evaluate(job("model_evaluate"), tmp_path)

    assert (found["model_uri"], found["accuracy"], found["examples"]) == (WEIGHTS, 0.75, 4)
    assert found["accuracy_low"] < 0.75 < found["accuracy_high"]


@pytest.mark.parametrize("uri", [WEIGHTS, "s3://artifacts/executions/e1/s/model.onnx"])
def test_a_model_whose_training_diverged_is_not_scored(bucket: FolderBucket, tmp_path: Path, uri: str) -> None:
    """NaN would be taken for the first class, which is right often enough."""
    weights = {
        "layers.0.weight": np.full((2, 2), np.nan, np.float32),
        "layers.0.bias": np.zeros(2, np.float32),
    }
    bucket.tensors(WEIGHTS, weights)
    with mock.patch("aftertrain.jobs.convert.compare", return_value=OutputComparison(0.0, 4, 4)):
        convert(job("model_convert"), tmp_path)

    with pytest.raises(JobError, match=r"model\.(safetensors|onnx) answers 4 of 4 examples with NaN"):
        evaluate(job("model_evaluate", model_uri=uri), tmp_path)


def test_a_gate_that_is_missed_fails_the_job(bucket: FolderBucket, tmp_path: Path) -> None:
    assert evaluate(job("model_evaluate", min_accuracy=0.75), tmp_path)["accuracy"] == 0.75
    with pytest.raises(JobError, match=r"accuracy is 0\.7500, below the gate's 0\.8"):
        evaluate(job("model_evaluate", min_accuracy=0.8), tmp_path)


def test_a_model_may_not_be_worse_than_the_baseline_by_more_than_chance(bucket: FolderBucket, tmp_path: Path) -> None:
    """The baseline is right on 36 of 40 examples. A model that swaps two classes is right on the other four."""
    inputs = np.tile(np.array([[2, 1], [1, 2]], np.float32), (20, 1))
    labels = np.tile(np.array([0, 1]), 20)
    labels[:4] = 1 - labels[:4]
    bucket.tensors(DATA, {"inputs": inputs, "labels": labels})
    turned = {"layers.0.weight": np.array([[0, 1], [1, 0]], np.float32), "layers.0.bias": np.zeros(2, np.float32)}
    bucket.tensors("s3://models/turned/model.safetensors", turned)
    bucket.text("s3://models/turned/config.json", '{"architecture": "mlp"}')
    same = evaluate(job("model_evaluate", baseline_uri=WEIGHTS), tmp_path)

    assert (same["accuracy"], same["baseline_accuracy"]) == (0.9, 0.9)
    turned_uri = "s3://models/turned/model.safetensors"
    with pytest.raises(
        JobError, match=r"worse than the baseline: the accuracy is 0\.1000 after 0\.9000 of the same 40 examples"
    ):
        evaluate(job("model_evaluate", model_uri=turned_uri, baseline_uri=WEIGHTS), tmp_path)


def test_intervals_are_those_of_the_literature() -> None:
    low, high = share(90, 100)

    assert (round(low, 4), round(high, 4)) == (0.8256, 0.9448)
    assert chance(np.array([0, 0, 0, 1]), np.array([1, 1, 1, 0])) == 5 / 16
    assert share(0, 5)[0] == pytest.approx(0)
    assert share(5, 5)[1] == pytest.approx(1)
    assert chance(np.array([1]), np.array([1])) == 1.0


def test_the_onnx_model_computes_the_same(bucket: FolderBucket, tmp_path: Path) -> None:
    output = convert(job("model_convert"), tmp_path)
    written = bucket.path(output["model_uri"])

    assert output["model_uri"] == "s3://artifacts/executions/e1/s/model.onnx"
    assert (output["compared"], output["size_bytes"]) == (4, written.stat().st_size)
    assert output["max_abs_error"] <= 1e-6
    (logits,) = onnxruntime.InferenceSession(str(written)).run(None, {"input": np.array([[2, 1]], np.float32)})
    np.testing.assert_allclose(logits, [[3, 2]])


def test_half_precision_is_half_the_size_and_has_its_own_tolerance(bucket: FolderBucket, tmp_path: Path) -> None:
    bucket.tensors(
        "s3://models/data.safetensors", {"inputs": np.array([[0.1, 0.3]], np.float32), "labels": np.zeros(1)}
    )
    given = {"format": "safetensors", "precision": "float16"}
    output = convert(job("model_convert", **given, tolerance=1e-2), tmp_path)
    whole = convert(job("model_convert", format="safetensors"), tmp_path)

    assert (output["model_uri"], output["precision"]) == ("s3://artifacts/executions/e1/s/model.safetensors", "float16")
    assert output["size_bytes"] < whole["size_bytes"]
    assert whole["max_abs_error"] == 0
    again = job("model_evaluate", model_uri=whole["model_uri"])
    assert evaluate(again, tmp_path)["examples"] == 1


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic"])
def test_every_activation_is_the_same_in_both(activation: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    shapes = [(5, 4), (3, 5)]
    model = Mlp(
        tuple(numbers.normal(size=shape).astype(np.float32) for shape in shapes),
        tuple(numbers.normal(size=shape[0]).astype(np.float32) for shape in shapes),
        activation,
    )
    inputs = numbers.normal(size=(7, 4)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.onnx().SerializeToString())

    np.testing.assert_allclose(session.run(None, {"input": inputs})[0], model.logits(inputs), atol=1e-5)


def test_a_conversion_that_computes_something_else_is_refused(bucket: FolderBucket, tmp_path: Path) -> None:
    honest = Mlp.onnx

    def wrong(self: Mlp) -> onnx.ModelProto:
        return honest(Mlp(self.weights, tuple(bias + 0.01 for bias in self.biases), self.activation))

    with mock.patch.object(Mlp, "onnx", wrong), pytest.raises(JobError, match="differs from the original by 0"):
        convert(job("model_convert"), tmp_path)
    assert not bucket.path("s3://artifacts/executions/e1/s/model.onnx").exists()


def test_a_conversion_of_faint_logits_is_held_to_their_own_scale() -> None:
    """All of them are closer to each other than the tolerance."""
    faint = np.array([[1e-5, 2e-5], [2e-5, 1e-5]], np.float32)
    for found, why in (
        (np.zeros((2, 2)), "differs from the original"),
        (np.zeros((2, 1)), r"returns the shape \(2, 1\)"),
    ):
        with pytest.raises(JobError, match=why):
            compare(lambda _: faint, lambda _, found=found: found, [{}], 1e-4)


def test_a_model_that_puts_out_nan_is_refused(bucket: FolderBucket, tmp_path: Path) -> None:
    bucket.tensors(
        "s3://models/data.safetensors", {"inputs": np.full((1, 2), np.nan, np.float32), "labels": np.zeros(1)}
    )
    with pytest.raises(JobError, match="differs from the original by nan"):
        convert(job("model_convert"), tmp_path)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ('{"architecture": "llama"}', "unknown architecture 'llama'"),
        ('{"architecture": "mlp", "activation": "gelu"}', "unknown activation 'gelu'"),
        ("[]", "must be an object"),
        ("{", "not JSON"),
    ],
)
def test_a_config_that_does_not_fit_is_named(bucket: FolderBucket, tmp_path: Path, config: str, why: str) -> None:
    bucket.text("s3://models/final/config.json", config)
    with pytest.raises(JobError, match=why):
        evaluate(job("model_evaluate"), tmp_path)


def test_weights_that_do_not_fit_are_named(bucket: FolderBucket, tmp_path: Path) -> None:
    bucket.tensors(WEIGHTS, {"weight": np.zeros((2, 2), np.float32)})
    with pytest.raises(JobError, match=r"layers.0.weight, layers.0.bias, …; this has \['weight'\]"):
        evaluate(job("model_evaluate"), tmp_path)
    layers = {
        f"layers.{layer}.{part}": np.zeros(shape, np.float32)
        for layer, part, shape in [(0, "weight", (3, 2)), (0, "bias", 3), (1, "weight", (2, 4)), (1, "bias", 2)]
    }
    bucket.tensors(WEIGHTS, layers)
    with pytest.raises(JobError, match="layer 0 returns 3 values, but the next one takes 4"):
        evaluate(job("model_evaluate"), tmp_path)


def test_a_pickle_is_not_read(bucket: FolderBucket, tmp_path: Path) -> None:
    bucket.text(WEIGHTS, "cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(JobError, match="not a safetensors file"):
        evaluate(job("model_evaluate"), tmp_path)


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ({"x": np.zeros(1)}, r"has \['x'\]"),
        ({"inputs": np.zeros((2, 2)), "labels": np.zeros(3)}, "2 inputs and 3 labels"),
        ({"inputs": np.zeros((0, 2)), "labels": np.zeros(0)}, "0 inputs and 0 labels"),
        ({"inputs": np.zeros((2, 5)), "labels": np.zeros(2)}, r"takes inputs \[n, 2\]; these are \[2, 5\]"),
    ],
)
def test_a_data_set_that_does_not_fit_is_named(
    bucket: FolderBucket, tmp_path: Path, tensors: dict[str, Any], why: str
) -> None:
    bucket.tensors(DATA, tensors)
    with pytest.raises(JobError, match=why):
        evaluate(job("model_evaluate"), tmp_path)


def test_what_is_missing_is_named(bucket: FolderBucket, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="model_evaluate needs the param 'dataset_uri'"):
        evaluate(job("model_evaluate", dataset_uri=None), tmp_path)
    with pytest.raises(JobError, match="unknown job 'dance'"):
        find("dance")
    with pytest.raises(JobError, match="unknown format 'gguf'"):
        convert(job("model_convert", format="gguf"), tmp_path)
    with pytest.raises(JobError, match="the format 'tensorrt' needs an NVIDIA GPU"):
        convert(job("model_convert", format="tensorrt"), tmp_path)
    with pytest.raises(JobError, match="an ONNX model is written in float32"):
        convert(job("model_convert", precision="float16"), tmp_path)
