"""The actions by name. A new action is a file beside this one and a line here."""

from aftertrain.actions import (
    cluster_health,
    deployment_create,
    log,
    model_convert,
    model_evaluate,
    notification,
)
from aftertrain.actions.action import Action

ACTIONS: dict[str, Action] = {
    module.ACTION.name: module.ACTION
    for module in (cluster_health, deployment_create, log, model_convert, model_evaluate, notification)
}
