"""Send a message through one of the stage's channels."""

from typing import Any

from aftertrain.actions.notification import NotificationParams
from aftertrain.errors import OperatorError
from aftertrain.tasks.ports import Channel, StepCall, TaskError, TaskPorts


def run(params: NotificationParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """Send the message. A failure is an error only if `must_arrive` is set, since the earlier steps are done anyway.

    Raises: TaskError if the stage has no such channel, OperatorError if a message that must arrive cannot be delivered.
    """
    channel = channel_of(params.channel, ports)
    message = params.model_dump(exclude={"must_arrive"}) | {"execution": call.execution, "step": call.step}
    message |= {} if call.item is None else {"item": call.item}
    output = {"sent": True, "channel": params.channel, "kind": channel.kind, "notification_id": "", "problem": None}
    try:
        return output | {"notification_id": channel.send(message)}
    except OperatorError as error:
        if params.must_arrive:
            raise
        ports.log("error", f"a notification was not sent: {error.message}", message)
        return output | {"sent": False, "problem": error.message}


def channel_of(name: str, ports: TaskPorts) -> Channel:
    """A channel of the stage. Raises: TaskError if it does not exist."""
    channel = ports.channels.get(name) or ports.channels.get("*")
    if channel is None:
        names = ", ".join(sorted(ports.channels)) or "none"
        raise TaskError(f"this stage has no channel {name!r}; it has {names}: see the setting `channels`")
    return channel
