"""Every service integration that a machine may contain, checked against the service's model."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.session import get_session

from aftertrain.actions.catalogue import ACTIONS
from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.model.definition import Backend, Compute

SOURCES = sorted([*Path("pipelines").glob("*.yaml"), *Path("tests/golden/machines").glob("*.yaml")])
CALLS = {
    "params": {"pipeline": "other"},
    "settings": {"timeout_seconds": 60, "max_parallel_steps": 1},
    "on_failure": [{"id": "why", "action": "log", "params": {"message": "{{ failure.cause }}"}}],
}
# The emulated arm of an optimised integration, its service's name in botocore, and what is asked of it.
KNOWN = {
    "aws-sdk:batch:listJobs": ("batch", "ListJobs"),
    "aws-sdk:dynamodb:updateItem.waitForTaskToken": ("dynamodb", "UpdateItem"),
    "aws-sdk:s3:getObject": ("s3", "GetObject"),
    "aws-sdk:s3:putObject": ("s3", "PutObject"),
    "aws-sdk:sagemaker:listProcessingJobs": ("sagemaker", "ListProcessingJobs"),
    "aws-sdk:sagemaker:listTrainingJobs": ("sagemaker", "ListTrainingJobs"),
    "aws-sdk:sfn:sendTaskSuccess": ("stepfunctions", "SendTaskSuccess"),
    "batch:submitJob.sync": ("batch", "SubmitJob"),
    "dynamodb:getItem": ("dynamodb", "GetItem"),
    "dynamodb:updateItem": ("dynamodb", "UpdateItem"),
    "lambda:invoke": ("lambda", "Invoke"),
    "lambda:invoke.waitForTaskToken": ("lambda", "Invoke"),
    "sagemaker:createProcessingJob.sync": ("sagemaker", "CreateProcessingJob"),
    "sagemaker:createTrainingJob.sync": ("sagemaker", "CreateTrainingJob"),
    "states:startExecution.sync:2": ("stepfunctions", "StartExecution"),
}


def definitions() -> Iterator[Any]:
    yield from (path.read_text() for path in SOURCES)
    call = {"id": "call", "action": "pipeline_run", "params": {"pipeline": "other"}}
    step = {"action": "log", "params": {"message": "m"}}
    yield {"settings": CALLS["settings"], "steps": [call, {"id": "b", **step}], "on_failure": CALLS["on_failure"]}


def tasks(scope: Any) -> Iterator[dict[str, Any]]:
    for state in scope["States"].values():
        if state["Type"] == "Task":
            yield state
        for inner in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])):
            yield from tasks(inner)


def emitted() -> list[dict[str, Any]]:
    found = []
    for backend in get_args(Backend):
        for spot in (False, True):
            stage = replace(PLACEHOLDERS, compute=Compute(backend=backend, spot=spot, gpu=1, gpu_type="L4"))
            for source in definitions():
                found += tasks(json.loads(compile_pipeline(source, stage).asl))
    return found


@pytest.fixture(scope="module")
def every() -> dict[str, list[Any]]:
    """The arguments of all tasks that are no activities, by the API that they call."""
    found: dict[str, list[Any]] = {}
    for task in emitted():
        if ":::" in task["Resource"]:
            found.setdefault(task["Resource"].rpartition(":::")[2], []).append(task.get("Arguments", {}))
    return found


def test_these_are_all(every: dict[str, list[Any]]) -> None:
    assert set(every) == set(KNOWN)
    runs = {action.runs for action in ACTIONS.values()}
    assert runs == {"task", "job", "wait", "question", "pipeline", "deployment"}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_is_sent_is_what_the_service_takes(every: dict[str, list[Any]], name: str) -> None:
    service, operation = KNOWN[name]
    shape = get_session().get_service_model(service).operation_model(operation).input_shape
    for arguments in every[name]:
        assert list(wrong(arguments, shape, name)) == []


def wrong(value: Any, shape: Any, where: str) -> Iterator[str]:
    """The mistakes that a service would report, as far as they are visible before expressions have values."""
    if isinstance(value, str) and value.startswith("{%"):
        return
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            yield from wrong_fields(value, shape, where)
        case "list" if isinstance(value, list):
            for item in value:
                yield from wrong(item, shape.member, where)
        case "map" if isinstance(value, dict):
            for key, item in value.items():
                yield from wrong(item, shape.value, f"{where}.{key}")
        case "string" if getattr(shape, "enum", None):
            yield from [] if value in shape.enum else [f"{where} is {value!r}, none of {shape.enum}"]
        case kind if not isinstance(value, SCALARS.get(kind, ())):
            yield f"{where} is {value!r}, no {kind}"


# Step Functions writes an object as text where a service takes a text, or bytes.
SCALARS: dict[str, Any] = {
    "string": (str, dict),
    "blob": (str, dict),
    "integer": int,
    "long": int,
    "boolean": bool,
    "float": float,
    "double": float,
}


def wrong_fields(value: dict[str, Any], shape: Any, where: str) -> Iterator[str]:
    names = {name[0].upper() + name[1:]: name for name in shape.members}
    needed = {name[0].upper() + name[1:] for name in shape.required_members}
    yield from (f"{where} has no {key}" for key in value if key not in names)
    yield from (f"{where} needs {name}" for name in needed - value.keys())
    for key in value.keys() & names.keys():
        yield from wrong(value[key], shape.members[names[key]], f"{where}.{key}")
