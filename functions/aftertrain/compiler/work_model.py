"""What a step's Task does, apart from where it stands.

Work("arn:aws:states:::lambda:invoke", {"FunctionName": …}, "$states.result.Payload", timeout=60, …)
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl.states import Retrier
from aftertrain.compiler.jobs.remote import ServiceJob


@dataclass(frozen=True, slots=True)
class ItemLoop:
    """What a Map goes over, what it hands to each item, how many run at once and how many there are at most.

    With a label each item is an execution of its own.
    """

    items: Any
    selector: Any
    concurrency: int
    label: str | None
    most: int


@dataclass(frozen=True, slots=True)
class Work:
    """The part of a Task that says what is done, apart from where it stands.

    `until`: the field of the output that names the time to wait for afterwards. `on_timeout`: the code of the output
    that the step has if nobody answered in time. `service_job`: what surrounds a job that a service runs.
    """

    resource: str
    arguments: Any
    result: str
    timeout: int
    heartbeat: int | None
    retry: tuple[Retrier, ...]
    each: ItemLoop | None = None
    until: str | None = None
    on_timeout: str | None = None
    service_job: ServiceJob | None = None
