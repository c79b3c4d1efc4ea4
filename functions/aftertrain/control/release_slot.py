"""An execution's change of status -> its slot, for one whose trigger has `concurrency`."""

from aftertrain.control.ports import Item
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.slots import release_slots, stop_if_cancelled


def release_slot(execution: Item, machine_arn: str, ports: IngestPorts) -> None:
    """Give the slot of what ended to the next; stop what began although another took its slot meanwhile.

    Raises: BusyError; the change has to be delivered again then, and may be.
    """
    slot, name = execution["slot"], execution["id"]
    if execution["status"] == "running":
        stop_if_cancelled(slot, machine_arn, name, ports.policy_states, ports.starter)
    else:
        release_slots(slot, frozenset({name}), ports)
