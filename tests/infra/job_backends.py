"""The stack of a stage with jobs on Batch and SageMaker, and deployments to SageMaker and ECS."""

from pathlib import Path
from typing import Any

from aws_cdk import App
from infra.settings import Settings
from infra.stack import AftertrainStack

WITH_BACKENDS = Settings(
    stage="gpu",
    model_buckets=("weights",),
    bucket_access={"tigris": {"endpoint": "https://t3.storage.dev", "secret": "tigris-keys"}},
    backends=("batch", "sagemaker", "worker"),
    compute={"spot": True},
    job_image="REPOSITORY/aftertrain-jobs:1",
    zones=("us-east-1b", "us-east-1d", "us-east-1f"),
    gpu_types=("L4", "H100"),
    fleets=("sagemaker-endpoint", "ecs"),
    fleet_roles=("arn:aws:iam::123456789012:role/models",),
    cluster_check_minutes=5,
)


def stack_with_backends(folder: Path) -> Any:
    """The stack in its own app. Other tests check the bundle's content."""
    (folder / "x.py").write_text("")
    return AftertrainStack(App(), "Aftertrain-gpu", settings=WITH_BACKENDS, bundle=folder)
