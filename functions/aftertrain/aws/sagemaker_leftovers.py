"""Endpoint configurations and models that roll-outs left behind; SageMaker limits their number.

    delete_leftovers(sagemaker, "aftertrain-prod-prod-digits-3f9a61c0-", kept={"…-5d41402abc4b"}, before=an_hour_ago)

A model is deleted if no remaining configuration uses it. Recent ones stay: another roll-out may be about to use them.
"""

from collections.abc import Set
from datetime import datetime
from typing import Any


def delete_leftovers(sagemaker: Any, begin: str, kept: Set[str], before: datetime) -> None:
    """Delete everything with this prefix created before a time, except `kept`.

    Raises: ClientError, BotoCoreError.
    """
    configs = _creation_times(sagemaker, "list_endpoint_configs", "EndpointConfig", begin)
    stale = {name for name, created in configs.items() if created < before and name not in kept}
    serving = {model for config in configs.keys() - stale for model in _models_of(sagemaker, config)}
    for config in sorted(stale):
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model, created in sorted(_creation_times(sagemaker, "list_models", "Model", begin).items()):
        if created < before and model not in serving:
            sagemaker.delete_model(ModelName=model)


def _creation_times(sagemaker: Any, operation: str, kind: str, begin: str) -> dict[str, datetime]:
    pages = sagemaker.get_paginator(operation).paginate(NameContains=begin)
    times = {str(summary[f"{kind}Name"]): summary["CreationTime"] for page in pages for summary in page[f"{kind}s"]}
    return {name: created for name, created in times.items() if name.startswith(begin)}


def _models_of(sagemaker: Any, config: str) -> list[str]:
    response = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    return [variant["ModelName"] for variant in response["ProductionVariants"]]
