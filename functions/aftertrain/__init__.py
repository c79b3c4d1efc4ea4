"""Aftertrain: a checkpoint lands in a bucket, is evaluated, converted and serving.

    from aftertrain import Client

    client = Client()
    client.event_triggers.list(pipeline_id="eval-convert-deploy")

Importing this package imports nothing else: a Lambda that needs `aftertrain.ingest` must not pay for the SDK.
"""

import importlib

__all__ = ["ApiError", "Client"]

_HOMES = {"ApiError": "aftertrain.client", "Client": "aftertrain.client"}


def __getattr__(name: str) -> object:
    """Import an exported name on first use (PEP 562)."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'aftertrain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
