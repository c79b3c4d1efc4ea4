"""What the stack says of the places where jobs run -> what the compiler is told.

    {"batch": {"queue_prefix": "arn:…:job-queue/aftertrain-prod-", …}, "sagemaker": {"role": …, "image": …}}

Environment: `BACKENDS`, `COMPUTE`, `GPU_TYPES` and `PLACES`, each JSON; none of them has to be there.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aftertrain.aws.job_definitions import BatchDefinitions
from aftertrain.compiler.bindings import Batch, SageMaker
from aftertrain.model.definition import Compute


def definitions(environment: Mapping[str, str], client: Callable[[str], Any]) -> BatchDefinitions | None:
    """What makes Batch's job definitions, if the stage has Batch."""
    place = json.loads(environment.get("PLACES", "{}")).get("batch")
    if place is None:
        return None
    return BatchDefinitions(client("batch"), place["definition_prefix"].rpartition("/")[2], place["job_definition"])


def places(environment: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Bindings` that speak of jobs."""
    found = json.loads(environment.get("PLACES", "{}"))
    kinds = ("cpu", *(each.lower() for each in json.loads(environment.get("GPU_TYPES", "[]"))))
    more: dict[str, Any] = {}
    if "batch" in found:
        more["batch"] = Batch(**found["batch"], kinds=kinds)
    if "sagemaker" in found:
        more["sagemaker"] = SageMaker(**found["sagemaker"])
    return {
        "backends": tuple(json.loads(environment.get("BACKENDS", '["worker"]'))),
        "compute": Compute.model_validate_json(environment.get("COMPUTE", "{}"), strict=False),
        **more,
    }
