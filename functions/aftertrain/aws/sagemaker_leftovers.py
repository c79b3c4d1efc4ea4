"""Endpoint configurations and models that roll-outs have left behind, of which SageMaker bounds the number.

    forget(sagemaker, "aftertrain-prod-prod-digits-3f9a61c0-", kept={"…-5d41402abc4b"}, before=an_hour_ago)

A model goes if no configuration that stays serves it. What is young stays: another roll-out may be about to use it.
"""

from collections.abc import Set
from datetime import datetime
from typing import Any


def forget(sagemaker: Any, begin: str, kept: Set[str], before: datetime) -> None:
    """Delete what was made before a time and has a name that begins so, but what is kept.

    Raises: ClientError, BotoCoreError.
    """
    configs = _made(sagemaker, "list_endpoint_configs", "EndpointConfig", begin)
    gone = {name for name, made in configs.items() if made < before and name not in kept}
    serving = {model for config in configs.keys() - gone for model in _models(sagemaker, config)}
    for config in sorted(gone):
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model, made in sorted(_made(sagemaker, "list_models", "Model", begin).items()):
        if made < before and model not in serving:
            sagemaker.delete_model(ModelName=model)


def _made(sagemaker: Any, operation: str, kind: str, begin: str) -> dict[str, datetime]:
    pages = sagemaker.get_paginator(operation).paginate(NameContains=begin)
    found = {str(each[f"{kind}Name"]): each["CreationTime"] for page in pages for each in page[f"{kind}s"]}
    return {name: made for name, made in found.items() if name.startswith(begin)}


def _models(sagemaker: Any, config: str) -> list[str]:
    found = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    return [variant["ModelName"] for variant in found["ProductionVariants"]]
