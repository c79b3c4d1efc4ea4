"""Status changes of executions, pushed by EventBridge -> the ledger's list of executions."""

from typing import Any

from aftertrain.control.executions import changed
from aftertrain.lambdas.observability import count, logger, metrics
from aftertrain.lambdas.runtime import control as runtime


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point."""
    execution = changed(event["detail"], runtime.runs(), runtime.machines())
    if execution is None:
        count("ExecutionsOfOthers")
    else:
        count(f"Executions{execution['status'].title().replace('_', '')}")
        logger.info("execution", extra={"id": execution["id"], "status": execution["status"]})
