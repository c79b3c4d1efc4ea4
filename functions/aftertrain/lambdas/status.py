"""Status changes of executions, pushed by EventBridge -> the ledger's executions, slots and orphaned jobs."""

from typing import Any

from aftertrain.control.executions import record_change
from aftertrain.control.release_slot import release_slot
from aftertrain.lambdas.observability import count, logger, metrics
from aftertrain.lambdas.runtime import control as runtime
from aftertrain.lambdas.runtime import ingest


@metrics.log_metrics
def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Lambda's entry point."""
    execution = record_change(event["detail"], runtime.runs(), runtime.machines())
    if execution is None:
        count("ExecutionsOfOthers")
    else:
        if execution["slot"]:
            release_slot(execution, event["detail"]["stateMachineArn"], ingest.ports())
        end_jobs = runtime.service_jobs()
        if end_jobs is not None and (ended := end_jobs(execution)):
            logger.warning("ended jobs", extra={"id": execution["id"], "jobs": ended})
        count(f"Executions{execution['status'].title().replace('_', '')}")
        logger.info("execution", extra={"id": execution["id"], "status": execution["status"]})
