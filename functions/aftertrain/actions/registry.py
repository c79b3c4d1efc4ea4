"""The actions by name. A new action is a file beside this one and a line here."""

from aftertrain.actions import (
    aggregate,
    approval,
    cluster_health,
    conditional,
    deployment_create,
    deployment_rollback,
    event_emit,
    fail,
    http_request,
    job_run,
    log,
    model_benchmark,
    model_convert,
    model_evaluate,
    notification,
    pipeline_run,
    set_output,
    transform,
    wait_until,
)
from aftertrain.actions.action import Action

_MODULES = (
    aggregate,
    approval,
    cluster_health,
    conditional,
    deployment_create,
    deployment_rollback,
    event_emit,
    fail,
    http_request,
    job_run,
    log,
    model_benchmark,
    model_convert,
    model_evaluate,
    notification,
    pipeline_run,
    set_output,
    transform,
    wait_until,
)
ACTIONS: dict[str, Action] = {module.ACTION.name: module.ACTION for module in _MODULES}
