"""Send a message through one of the stage's channels."""

from typing import Any

from aftertrain.actions.notification import NotificationParams
from aftertrain.tasks.ports import Call, Channel, Ports, TaskError


def run(params: NotificationParams, call: Call, ports: Ports) -> dict[str, Any]:
    """Deliver the message.

    Raises: TaskError if the stage has no such channel, OperatorError if it cannot be delivered.
    """
    channel = channel_of(params.channel, ports)
    message = params.model_dump() | {"execution": call.execution, "step": call.step}
    message |= {} if call.item is None else {"item": call.item}
    sent_as = channel.send(message)
    return {"sent": True, "channel": params.channel, "kind": channel.kind, "notification_id": sent_as}


def channel_of(name: str, ports: Ports) -> Channel:
    """A channel of the stage. Raises: TaskError if it has none of that name."""
    channel = ports.channels.get(name) or ports.channels.get("*")
    if channel is None:
        names = ", ".join(sorted(ports.channels)) or "none"
        raise TaskError(f"this stage has no channel {name!r}; it has {names}: see docs/operations")
    return channel
