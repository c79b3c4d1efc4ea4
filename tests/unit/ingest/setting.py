"""A trigger with policies, and the ticket of a start, for the tests of each policy."""

import json
from typing import Any

from tests.ingest_fakes import FakeBuckets, FakeClock, FakeLedger, FakeRedrives, FakeStarter, ingest_ports
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger

from aftertrain.ingest.drive import redrive
from aftertrain.ingest.event_record import EventKey
from aftertrain.ingest.policies.decision import Ticket
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import receive
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event
from aftertrain.model.policy import Policies


class Setting:
    """A trigger with policies, and the fate of the events that were sent to it."""

    def __init__(self, buckets: FakeBuckets | None = None, **policies: Any) -> None:
        self.watching = snapshot(trigger(policies=Policies(**policies)))
        self.ledger, self.starter, self.redrives = FakeLedger(), FakeStarter(), FakeRedrives()
        self.clock, self.buckets = FakeClock(), buckets
        self.ports: IngestPorts = ingest_ports(self.ledger, self.starter, self.redrives, self.clock, buckets)

    def send(self, key: str, **more: Any) -> Verdict:
        receive(notification(tigris_event(key, **more)), self.watching, self.ports)
        return self.verdict(key)

    def verdict(self, key: str) -> Verdict:
        (found,) = (record for record in self.ledger.records.values() if record.event.subject == key)
        return found.all_verdicts[0]

    def drive_all(self) -> None:
        for key in list(self.ledger.records):
            redrive(key, self.ports)

    @property
    def inputs(self) -> list[dict[str, Any]]:
        return [json.loads(text) for _, text in self.starter.started.values()]


def ticket(name: str = "n", *, waited: bool = False) -> Ticket:
    event = Event("object.created", "1", "s", "t", "k", {"bucket": "b", "sequencer": "0A"})
    return Ticket(name, "t1", EventKey("s", "1"), event, "arn", 0.0, waited=waited)
