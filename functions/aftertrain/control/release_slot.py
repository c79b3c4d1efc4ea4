"""A status change of an execution -> its slot is released, if its trigger has `concurrency`."""

from aftertrain.control.ports import Item
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.slots import release_slots, stop_if_cancelled


def release_slot(execution: Item, machine_arn: str, ports: IngestPorts) -> None:
    """Release the slot of an ended execution; stop one that began although it had lost its slot.

    Raises: BusyError; the status change must then be delivered again, which is harmless.
    """
    slot, name = execution["slot"], execution["id"]
    if execution["status"] == "running":
        stop_if_cancelled(slot, machine_arn, name, ports.policy_states, ports.starter)
    else:
        release_slots(slot, frozenset({name}), ports)
