"""Every minute: acknowledged but unfinished events are queued again."""

from typing import Any

from aftertrain.ingest.sweep import sweep
from aftertrain.lambdas.observability import count, logger, metrics
from aftertrain.lambdas.runtime import ingest as runtime


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> dict[str, int]:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point."""
    swept = sweep(runtime.ports())
    count("EventsSwept", swept)
    if swept:
        logger.warning("swept", extra={"events": swept})
    return {"swept": swept}
