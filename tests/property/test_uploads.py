"""Overlapping uploads of one set: the newest of each part starts, once, in every order of their events."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.examples import examples

from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.policies.assemble import decide
from aftertrain.ingest.policies.decision import PolicyDecision, State, Ticket
from aftertrain.ingest.policies.part_notice import PartNotice
from aftertrain.ingest.policies.uploads import LEAST_SECONDS
from aftertrain.model.event import Event
from aftertrain.model.policy import Assemble

PARTS = ("1", "2", "3")
POLICY = Assemble(86_400.0, pattern="unused")
Write = tuple[str, int]  # a part, and the upload that writes it


@st.composite
def interleaved(draw: st.DrawFn) -> list[Write]:
    """The writes of two or three uploads. The first still lacks a part when the second begins."""
    uploads = [[(part, upload) for part in draw(st.permutations(PARTS))] for upload in range(draw(st.integers(2, 3)))]
    first = uploads[0][: draw(st.integers(1, 2))]
    again = (draw(st.sampled_from(first))[0], 1)
    uploads[0] = uploads[0][len(first) :]
    uploads[1].remove(again)
    writes = [*first, again]
    while any(uploads):
        writes.append(draw(st.sampled_from([each for each in uploads if each])).pop(0))
    return writes


class Clock:
    """Asks the policy as the redriver does: a held or woken start asks again when its time has come."""

    def __init__(self) -> None:
        self.now, self.state = 0.0, State()
        self.held: dict[str, tuple[Ticket, PartNotice]] = {}
        self.started: list[list[str]] = []

    def ask(self, ticket: Ticket, piece: PartNotice) -> PolicyDecision:
        self.state, decision = decide(self.state, ticket, piece, POLICY, self.now)
        self.held.pop(ticket.name, None)
        if decision.passes:
            self.started.append([part["etag"] for part in decision.input["parts"]])
        elif not decision.final:
            self.held[ticket.name] = (ticket, piece)
        return decision

    def look(self) -> None:
        for ticket, piece in list(self.held.values()):
            self.ask(ticket, piece)


def ticket(name: str, part: str, etag: str, written: float) -> Ticket:
    time = f"2026-05-15T10:{int(written) // 60:02}:{int(written) % 60:02}Z"
    data: dict[str, Any] = {"bucket": "b", "etag": etag}
    return Ticket(name, "t", EventKey("s", name), Event("object.created", name, "s", time, part, data), "arn", 0.0)


@settings(max_examples=examples(400))
@given(interleaved(), st.lists(st.integers(0, 29), min_size=9, max_size=9), st.data())
def test_what_starts_is_the_newest_of_every_part(writes: list[Write], gaps: list[int], data: st.DataObject) -> None:
    clock, newest = Clock(), dict(writes)
    for number, (part, upload) in enumerate(writes):
        clock.now += gaps[number]
        clock.ask(ticket(f"n{number}", part, f"{part}-{upload}", clock.now), PartNotice(part, total=3))
        if data.draw(st.booleans()):
            clock.look()
    assert clock.started == []
    clock.now += 2 * sum(gaps) + LEAST_SECONDS + 1
    clock.look()

    assert clock.started == [[f"{part}-{newest[part]}" for part in PARTS]]
