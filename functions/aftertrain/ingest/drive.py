"""Record -> started executions, and the record is done.

Safe to run by anyone, any number of times, at the same time: names are deterministic and the ledger's `done` can be
repeated. That is why there is no lease and no lock.
"""

from aftertrain.errors import BusyError
from aftertrain.ingest.ports import Ports, RefusedError
from aftertrain.ingest.record import EventKey, Record


def drive(record: Record, ports: Ports) -> None:
    """Start everything that a record asks for.

    Raises:
        BusyError: something could not be started now; the record stays as it is and may be driven again.
    """
    refused: list[str] = []
    busy: list[BusyError] = []
    for start in record.starts:
        try:
            ports.starter.start(start.pipeline.machine_arn, start.name, start.input(record.event))
        except RefusedError as error:
            refused.append(f"{start.name}: {error.message}")
        except BusyError as error:
            busy.append(error)  # one start that cannot be made must not keep the others from being made
    if busy:
        raise busy[0]
    ports.ledger.done(record.key, refused)


def redrive(key: EventKey, ports: Ports) -> Record | None:
    """Finish a record that was left behind; one that is done already costs a read.

    Returns: the record that was driven, or None if there was nothing to do.
    Raises: BusyError as `drive` does.
    """
    record = ports.ledger.get(key)
    if record is None or record.done:
        return None
    drive(record, ports)
    return record


def drive_or_hand_over(record: Record, ports: Ports) -> None:
    """Drive a record within a request: what cannot be done now goes to the queue, and at the latest to the sweeper."""
    try:
        drive(record, ports)
    except BusyError:
        hand_over(record.key, ports)


def hand_over(key: EventKey, ports: Ports) -> None:
    """Leave a record to the queue; if that fails too, the sweeper finds it, for it is recorded."""
    try:
        ports.redrives.send(key)
    except BusyError:
        return
