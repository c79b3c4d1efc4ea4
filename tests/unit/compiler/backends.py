"""A pipeline of one job for each container backend, and its run."""

import json
from dataclasses import replace
from typing import Any

from sfnx import testing
from tests.services import Services

from aftertrain.compiler.bindings import PLACEHOLDERS, SageMakerBinding
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.model.definition import Compute

ROLE = "arn:aws:iam::123456789012:role/jobs"
STAGE = replace(
    PLACEHOLDERS,
    artifacts_uri="s3://artifacts",
    sagemaker=SageMakerBinding(ROLE, "image:1", {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}),
)
PARAMS = {"model_uri": "s3://m/final/model.safetensors", "dataset_uri": "s3://d/holdout.safetensors"}
BACKENDS = [Compute(backend="batch"), Compute(backend="sagemaker"), Compute(backend="sagemaker", spot=True)]
NAMES = ["batch", "processing", "training"]
SUBMITS = ("batch:submitJob.sync", "sagemaker:createProcessingJob.sync", "sagemaker:createTrainingJob.sync")


def machine(default: Compute, **step: Any) -> dict[str, Any]:
    steps = [
        {"id": "evaluate", "action": "model_evaluate", "params": PARAMS, **step},
    ]
    source = {"steps": steps, "outputs": {"got": "{{ steps.evaluate.output }}"}}
    found: dict[str, Any] = json.loads(compile_pipeline(source, replace(STAGE, compute=default)).asl)
    return found


def run(found: dict[str, Any], services: Services) -> testing.Execution:
    given = {"event": {"data": {}}, "params": {}, "trigger": {"id": "t"}}
    return testing.run(found, given, tasks=services, on_wait=lambda _: None)


def submitted(services: Services) -> int:
    return sum(services.calls.count(each) for each in SUBMITS)
