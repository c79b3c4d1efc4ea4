"""Slots of `concurrency`: given back when an execution ends, and looked after where that was never heard of."""

from collections.abc import Callable

from aftertrain.ingest.ask import ask
from aftertrain.ingest.key import EventKey
from aftertrain.ingest.policies import concurrency
from aftertrain.ingest.policies.concurrency import Seat
from aftertrain.ingest.policies.decision import PASS, Answer, State
from aftertrain.ingest.ports import Gates, Ports, Starter

LOOKED_AT = 10  # seats, the oldest first: each look is a call of Step Functions


def give_back(slot: str, ended: frozenset[str], ports: Ports) -> None:
    """The executions have ended; those whose turn it is are woken.

    Raises: BusyError; giving back once more is harmless.
    """
    _change(slot, lambda state: concurrency.release(state, ended), ports)


def give_up(slot: str, name: str, ports: Ports) -> None:
    """The start will never be made. Raises: BusyError; giving up once more is harmless."""
    _change(slot, lambda state: concurrency.forfeit(state, name), ports)


def withdraw(slot: str, name: str, ports: Ports) -> bool:
    """Whether the start will never be made; it will if somebody has come for its slot.

    Raises: BusyError; withdrawing once more is harmless.
    """
    answer = ask(slot, lambda state: concurrency.withdraw(state, name), ports.gates)
    _wake(answer.wakes, ports)
    return not answer.passes


def note_stopped(slot: str, names: frozenset[str], ports: Ports) -> None:
    """The executions were stopped for what takes their place. Raises: BusyError"""
    _change(slot, lambda state: (concurrency.stopped(state, names), ()), ports)


def heal(slot: str, ports: Ports) -> None:
    """Give back the slots of executions that are over: news of an end is delivered by best effort, and may be lost.

    Raises: BusyError
    """
    state = ports.gates.get(slot).state
    held = concurrency.seats(state, "running")
    if len(held) < state.get("limit", 1):
        return
    for seat in held[:LOOKED_AT]:
        running = ports.starter.running(seat.machine_arn, seat.name)
        if running is False:
            give_back(slot, frozenset({seat.name}), ports)
        elif running is None and _never_started(seat, ports):
            give_up(slot, seat.name, ports)


def stop_if_cancelled(slot: str, machine_arn: str, name: str, gates: Gates, starter: Starter) -> bool:
    """Stop an execution that began although its slot was taken from it while it was being started."""
    if not concurrency.is_cancelled(gates.get(slot).state, name):
        return False
    starter.stop(machine_arn, name, concurrency.TAKEN)
    return True


def _never_started(seat: Seat, ports: Ports) -> bool:
    """Whether nobody has started it and nobody will.

    Once its record is done that is decided, and only then can be asked for: it may have started since it was last.
    """
    record = ports.ledger.get(seat.event_key)
    decided = record is None or record.done
    return decided and ports.starter.running(seat.machine_arn, seat.name) is None


def _change(slot: str, change: Callable[[State], tuple[State, tuple[EventKey, ...]]], ports: Ports) -> None:
    def decide(state: State) -> Answer:
        state, woken = change(state)
        return state, concurrency.waking(PASS, woken)

    _wake(ask(slot, decide, ports.gates).wakes, ports)


def _wake(keys: tuple[EventKey, ...], ports: Ports) -> None:
    for key in keys:
        ports.redrives.send(key)  # if it fails, whoever gives back does so again, and wakes again
