"""Slots of `concurrency`: given back when an execution ends, and looked after where that was never heard of."""

from aftertrain.ingest.ask import ask
from aftertrain.ingest.policies import concurrency
from aftertrain.ingest.policies.decision import PASS, Answer, State
from aftertrain.ingest.ports import Gates, Ports, Starter


def give_back(slot: str, ended: frozenset[str], ports: Ports) -> None:
    """The executions have ended, or never will begin; those whose turn it is are woken.

    Raises: BusyError; giving back once more is harmless.
    """

    def decide(state: State) -> Answer:
        state, woken = concurrency.release(state, ended)
        return state, concurrency.waking(PASS, woken)

    for key in ask(slot, decide, ports.gates).wakes:
        ports.redrives.send(key)  # if it fails, whoever gives back does so again, and wakes again


def heal(slot: str, ports: Ports) -> None:
    """Give back the slots of executions that are over: news of an end is delivered by best effort, and may be lost.

    Raises: BusyError
    """
    held = concurrency.seats(ports.gates.get(slot).state, "running")
    ended = frozenset(seat.name for seat in held if ports.starter.running(seat.machine_arn, seat.name) is False)
    if ended:
        give_back(slot, ended, ports)


def stop_if_cancelled(slot: str, machine_arn: str, name: str, gates: Gates, starter: Starter) -> bool:
    """Stop an execution that began although its slot was taken from it while it was being started."""
    if not concurrency.is_cancelled(gates.get(slot).state, name):
        return False
    starter.stop(machine_arn, name, concurrency.TAKEN)
    return True
