"""An execution's change of status -> its slot, for one whose trigger has `concurrency`."""

from aftertrain.control.ports import Item
from aftertrain.ingest.ports import Ports
from aftertrain.ingest.slots import give_back, stop_if_cancelled


def settle_slot(execution: Item, machine_arn: str, ports: Ports) -> None:
    """Give the slot of what ended to the next; stop what began although another took its slot meanwhile.

    Raises: BusyError; the change has to be delivered again then, and may be.
    """
    slot, name = execution["slot"], execution["id"]
    if execution["status"] == "running":
        stop_if_cancelled(slot, machine_arn, name, ports.gates, ports.starter)
    else:
        give_back(slot, frozenset({name}), ports)
