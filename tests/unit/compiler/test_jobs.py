"""Jobs on Batch and SageMaker: the requests of a machine, and that no lost answer starts a second machine."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sfnx import testing
from tests.services import OUTPUT, REDRIVEN, Services
from tests.unit.compiler.backends import BACKENDS, NAMES, PARAMS, STAGE, machine, run, submitted

from aftertrain.compiler.compile import compile_pipeline
from aftertrain.model.definition import Compute


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_input_goes_to_the_bucket_and_output_comes_from_there(compute: Compute) -> None:
    services = Services(["succeeds"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    (key,) = (key for key in services.objects if key.endswith("/input.json"))
    told = services.objects[key]
    assert (told["job"], told["params"]) == ("model_evaluate", PARAMS)
    assert told["output_uri"] == f"s3://artifacts/{key.removesuffix('/input.json')}"


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_an_answer_that_gets_lost_does_not_start_a_second_machine(compute: Compute) -> None:
    services = Services(["lost"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    assert submitted(services) == 1


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_program_that_fails_is_tried_again_under_another_name_if_somebody_says_so(compute: Compute) -> None:
    services = Services(["fails", "succeeds"])
    found = run(machine(compute, retry={"max_attempts": 2, "backoff_seconds": 1}), services)

    assert found.output == {"got": OUTPUT}
    assert (submitted(services), len(services.jobs)) == (2, 2)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_program_that_fails_fails_the_step(compute: Compute) -> None:
    services = Services(["fails"])
    found = run(machine(compute), services)

    assert found.error is not None
    assert "Essential container exited" in str(found.cause)
    assert submitted(services) == 1


@pytest.mark.parametrize("step", [{}, {"foreach": {"items": [1]}}], ids=["step", "item"])
def test_a_program_that_fails_on_batch_fails_the_step_with_its_own_words(step: dict[str, Any]) -> None:
    found = run(machine(BACKENDS[0], **step), Services(["fails, and says why"]))

    assert "the accuracy is too low" in str(found.cause)


def test_what_an_earlier_try_has_left_does_not_count() -> None:
    services = Services(["fails, and says why", "fails"])
    found = run(machine(BACKENDS[0], retry={"max_attempts": 2, "backoff_seconds": 1}), services)

    assert "Essential container exited" in str(found.cause)


def test_a_pipeline_that_fails_fast_fails_with_a_programs_own_words() -> None:
    source = {"settings": {"fail_fast": True}, "steps": [{"id": "e", "action": "model_evaluate", "params": PARAMS}]}
    stage = replace(STAGE, compute=Compute(backend="batch"))
    found = run(json.loads(compile_pipeline(source, stage).asl), Services(["fails, and says why"]))

    assert "JobError" in str(found.cause)
    assert "the accuracy is too low" in str(found.cause)


@pytest.mark.parametrize("step", [{}, {"foreach": {"items": [1]}}], ids=["step", "item"])
@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_what_is_refused_each_time_fails_with_what_the_service_said(compute: Compute, step: dict[str, Any]) -> None:
    services = Services(["refused"] * 9)
    found = run(machine(compute, **step), services)

    assert "the image is not there" in str(found.cause)
    assert submitted(services) == 3


def test_what_is_refused_ends_a_pipeline_that_fails_fast() -> None:
    services = Services(["refused"] * 9)
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS, "foreach": {"items": [1]}}]
    source = {"settings": {"fail_fast": True}, "steps": steps}
    stage = replace(STAGE, compute=Compute(backend="batch"))
    found = run(json.loads(compile_pipeline(source, stage).asl), services)

    assert found.error is not None
    assert submitted(services) == 3


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_lost_try_that_fails_is_followed_by_one_of_another_name(compute: Compute) -> None:
    services = Services(["lost, fails", "succeeds"])
    found = run(machine(compute), services)

    assert found.output == {"got": OUTPUT}
    assert len(services.jobs) == 2


@pytest.mark.parametrize(("ends", "jobs"), [("stopped", 2), ("stopped, runs on", 1)])
@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_redrive_looks_for_the_job_before_it_submits_one(
    compute: Compute, ends: str, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step Functions begins a redrive with the state that was stopped, and its earlier input."""
    services = Services([ends, "succeeds"])
    found = machine(compute)
    found["States"]["evaluate"]["Retry"].insert(0, {"ErrorEquals": [REDRIVEN], "MaxAttempts": 5})
    context = testing.execution_context({}, "2026-01-01T00:00:00.000Z")
    services.execution = context["Execution"]  # type: ignore[assignment]  # which says how often it was redriven
    monkeypatch.setattr(testing, "execution_context", lambda *_: context)

    assert run(found, services).output == {"got": OUTPUT}
    assert (submitted(services), len(services.jobs)) == (jobs, jobs)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_a_try_that_never_gets_a_name_fails_in_the_end(compute: Compute) -> None:
    services = Services([])
    found = machine(compute)
    arguments = found["States"]["evaluate"]["Arguments"]
    arguments[next(name for name in arguments if name.endswith("JobName"))] = "{% $error('no name') %}"
    ended = run(found, services)

    assert "no name" in str(ended.cause)
    assert submitted(services) == 0
    assert len(services.calls) < 10


@pytest.mark.parametrize("value", [None, "{{ params.base }}"], ids=["written", "left out"])
@pytest.mark.parametrize("compute", BACKENDS[1:], ids=NAMES[1:])
def test_a_uri_may_be_null(compute: Compute, value: Any) -> None:
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS | {"baseline_uri": value}}]
    source = {"parameters": [{"name": "base", "required": False}], "steps": steps}
    services = Services(["succeeds"])
    found = run(json.loads(compile_pipeline(source, replace(STAGE, compute=compute)).asl), services)
    (told,) = (each for key, each in services.objects.items() if key.endswith("input.json"))

    assert found.error is None, found.cause
    assert [each["path"].rpartition("/")[2] for each in told["mounts"]][:2] == ["model_uri", "dataset_uri"]
    assert len(told["mounts"]) == (3 if compute.spot else 4)


@pytest.mark.parametrize(
    ("model", "brought"),
    [
        ("s3://m/final/model.safetensors", "s3://m/final/"),
        ("s3://m/model.safetensors", "s3://m/model.safetensors"),
        ("s3://m/final/", "s3://m/final/"),
    ],
)
def test_sagemaker_brings_no_more_than_belongs_to_the_job(model: str, brought: str) -> None:
    params = PARAMS | {"model_uri": model}
    sent: list[Any] = []
    services = Services(["succeeds"])

    def note(call: Any) -> Any:
        sent.append(call.arguments)
        return services(call)

    found = machine(Compute(backend="sagemaker"), params=params)
    testing.run(found, {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}, tasks=note)
    (inputs,) = (each["ProcessingInputs"] for each in sent if "ProcessingInputs" in each)
    by_name = {each["InputName"]: each["S3Input"]["S3Uri"] for each in inputs}

    assert by_name["model-uri"] == brought
    assert by_name["dataset-uri"] == PARAMS["dataset_uri"]


def test_a_container_with_a_network_fetches_what_it_needs_itself() -> None:
    buckets = {"w": {"endpoint": "https://t3.storage.dev", "secret": "keys"}}
    place = replace(STAGE.sagemaker, network_isolation=False, buckets=buckets)
    services = Services(["succeeds"])
    stage = replace(STAGE, sagemaker=place, compute=Compute(backend="sagemaker"))
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS}]
    found = json.loads(compile_pipeline({"steps": steps}, stage).asl)
    run(found, services)
    (told,) = (each for key, each in services.objects.items() if key.endswith("input.json"))

    assert told["buckets"] == buckets
    assert "VpcConfig" not in found["States"]["evaluate"]["Arguments"]["NetworkConfig"]
    assert len(found["States"]["evaluate"]["Arguments"]["ProcessingInputs"]) == 1


@pytest.mark.parametrize(
    ("compute", "disk"),
    [
        ({}, True),
        ({"spot": True}, True),
        ({"gpu": 1, "gpu_type": "L4"}, False),  # its disks are its own
        ({"instance_types": ["c9.huge"]}, True),
    ],
)
def test_a_key_of_ones_own_is_told_to_sagemaker(compute: dict[str, Any], disk: bool) -> None:
    stage = replace(STAGE, sagemaker=replace(STAGE.sagemaker, kms_key="arn:aws:kms:us-east-1:1:key/k"))
    steps = [{"id": "evaluate", "action": "model_evaluate", "params": PARAMS, "compute": compute}]
    stage = replace(stage, compute=Compute(backend="sagemaker"))
    found = json.loads(compile_pipeline({"steps": steps}, stage).asl)
    services = Services(["succeeds"])

    assert run(found, services).error is None  # what it is sent, the services' models know
    sent = json.dumps(found["States"]["evaluate"]["Arguments"])
    assert sent.count('"KmsKeyId": "arn:aws:kms:us-east-1:1:key/k"') == 1
    assert ("VolumeKmsKeyId" in sent) is disk


@pytest.mark.parametrize(
    ("backend", "errors"), [("worker", ["JobError", "States.Timeout"]), ("batch", ["States.TaskFailed"])]
)
def test_a_retry_names_errors_as_where_the_job_runs_they_are_called(backend: str, errors: list[str]) -> None:
    found = machine(Compute(backend=backend), retry={"on": ["JobError", "States.Timeout"], "max_attempts": 2})  # type: ignore[arg-type]  # one of them

    assert found["States"]["evaluate"]["Retry"][-1]["ErrorEquals"] == errors


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_each_item_is_a_job_of_its_own(compute: Compute) -> None:
    services = Services(["succeeds", "succeeds", "lost"])
    found = run(machine(compute, foreach={"items": [1, 2, 3]}), services)

    assert found.output == {"got": [OUTPUT] * 3}
    assert len(services.jobs) == 3
    assert all(len(name) <= 63 for name in services.jobs)


@pytest.mark.parametrize("compute", BACKENDS, ids=NAMES)
def test_slots_are_held_by_jobs_that_services_run(compute: Compute) -> None:
    steps = [{"id": f"s{n}", "action": "model_evaluate", "params": PARAMS} for n in range(3)]
    source = {"settings": {"max_parallel_steps": 2}, "steps": steps}
    found = json.loads(compile_pipeline(source, replace(STAGE, compute=compute)).asl)
    text = json.dumps(found)

    assert text.count('"Next": "Prepare s1"') == 2  # with a slot at once, and after the queue


def test_what_a_container_without_network_needs_is_brought_to_it() -> None:
    services = Services(["succeeds"])
    found = machine(Compute(backend="sagemaker"))
    run(found, services)
    (told,) = (value for key, value in services.objects.items() if key.endswith("/input.json"))

    assert {each["uri"]: each["path"] for each in told["mounts"]} == {
        "s3://m/final/": "/opt/ml/processing/input/model_uri",
        "s3://d/": "/opt/ml/processing/input/dataset_uri",
        told["output_uri"] + "/": "/opt/ml/processing/output",
        told["output_uri"] + "/progress.json": "/opt/ml/processing/progress/progress.json",
    }
    arguments = found["States"]["evaluate"]["Arguments"]
    assert arguments["NetworkConfig"]["EnableNetworkIsolation"] is True
