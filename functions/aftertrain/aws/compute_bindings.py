"""The stack's description of its job backends -> the compiler's bindings.

    {"batch": {"queue_prefix": "arn:…:job-queue/aftertrain-prod-", …}, "sagemaker": {"role": …, "image": …}}

Environment: `BACKENDS`, `COMPUTE`, `GPU_TYPES` and `JOB_BACKENDS`, each JSON and each optional.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from aftertrain.aws.job_definitions import BatchDefinitions
from aftertrain.compiler.bindings import BatchBinding, SageMakerBinding
from aftertrain.model.definition import Compute


def definitions(environment: Mapping[str, str], client: Callable[[str], Any]) -> BatchDefinitions | None:
    """The maker of Batch's job definitions, if the stage has Batch."""
    binding = json.loads(environment.get("JOB_BACKENDS", "{}")).get("batch")
    if binding is None:
        return None
    return BatchDefinitions(client("batch"), binding["definition_prefix"].rpartition("/")[2], binding["job_definition"])


def compute_bindings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Bindings` about jobs."""
    configured = json.loads(environment.get("JOB_BACKENDS", "{}"))
    kinds = ("cpu", *(gpu_type.lower() for gpu_type in json.loads(environment.get("GPU_TYPES", "[]"))))
    bindings: dict[str, Any] = {}
    if "batch" in configured:
        bindings["batch"] = BatchBinding(**configured["batch"], kinds=kinds)
    if "sagemaker" in configured:
        bindings["sagemaker"] = SageMakerBinding(**configured["sagemaker"])
    return {
        "backends": tuple(json.loads(environment.get("BACKENDS", '["worker"]'))),
        "compute": Compute.model_validate_json(environment.get("COMPUTE", "{}"), strict=False),
        **bindings,
    }
