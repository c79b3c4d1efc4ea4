"""Status changes of executions, pushed by EventBridge -> the ledger's list of executions, slots, jobs left behind."""

from typing import Any

from aftertrain.control.executions import changed
from aftertrain.control.slots import settle_slot
from aftertrain.lambdas.observability import count, logger, metrics
from aftertrain.lambdas.runtime import control as runtime
from aftertrain.lambdas.runtime import ingest


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point."""
    execution = changed(event["detail"], runtime.runs(), runtime.machines())
    if execution is None:
        count("ExecutionsOfOthers")
    else:
        if execution["slot"]:
            settle_slot(execution, event["detail"]["stateMachineArn"], ingest.ports())
        end_left = runtime.left_jobs()
        if end_left is not None and (ended := end_left(execution)):
            logger.warning("ended jobs", extra={"id": execution["id"], "jobs": ended})
        count(f"Executions{execution['status'].title().replace('_', '')}")
        logger.info("execution", extra={"id": execution["id"], "status": execution["status"]})
