"""Ask a person. The step ends when somebody answers, so this call returns no output.

Stored are the task's token, which only Step Functions and we know, and the hash of the key in the link.
"""

from datetime import UTC, datetime
from typing import Any

from aftertrain.actions.approval import ApprovalParams
from aftertrain.model.names import digest
from aftertrain.model.source import secret_hash
from aftertrain.tasks.notification import channel_of
from aftertrain.tasks.ports import StepCall, TaskPorts


def run(params: ApprovalParams, call: StepCall, ports: TaskPorts) -> dict[str, Any]:
    """Store the question and send it.

    Raises: as `notification` does.
    """
    channel = channel_of(params.channel, ports)
    approval_id, key = digest(call.execution, call.step, str(call.item)), ports.secret()
    ports.approvals.put(
        approval_id,
        {
            "id": approval_id,
            "execution": call.execution,
            "step": call.step,
            "title": params.title,
            "message": params.message,
            "status": "pending",
            "asked_at": datetime.fromtimestamp(ports.clock(), UTC).isoformat(timespec="seconds"),
            "key_hash": secret_hash(key.encode()),
            "token": call.token,
        },
    )
    link = f"{ports.approvals_url}/{approval_id}?key={key}"
    message = params.model_dump(include={"title", "channel", "recipients"}) | {
        "message": f"{params.message}\n{link}",
        "severity": "warning",
        "priority": "high",
        "execution": call.execution,
        "step": call.step,
    }
    channel.send(message)
    return {}
