"""What a step's Task does, independent of its position.

Work("arn:aws:states:::lambda:invoke", {"FunctionName": …}, "$states.result.Payload", timeout=60, …)
"""

from dataclasses import dataclass
from typing import Any

from aftertrain.asl.states import Retrier
from aftertrain.compiler.jobs.remote import ServiceJob


@dataclass(frozen=True, slots=True)
class ItemLoop:
    """The items of a Map, the input of each item, the concurrency, and the maximal number of items.

    With a label, each item is an execution of its own.
    """

    items: Any
    selector: Any
    concurrency: int
    label: str | None
    max_items: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a Task does, independent of its position.

    `until`: the output field with the time to wait for afterwards. `on_timeout`: the code of the output if nobody
    answered in time. `service_job`: the states around a job that a service runs.
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
