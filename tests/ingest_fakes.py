"""One fake per port of ingest, in memory, with the real adapter's behaviour as tested in `tests/adapters`.

ports = ingest_ports(FakeLedger(), FakeStarter())
ports.starter.busy = 1          # the next start is throttled
ports.starter.started           # {"name": (machine_arn, input_json)}
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aftertrain.errors import BusyError
from aftertrain.ingest import ports as ingest
from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.event_record import EventRecord
from aftertrain.ingest.verdict import Verdict
from aftertrain.model.event import Event


@dataclass
class FakeClock:
    """A clock that shows the time it is set to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeLedger:
    """Keeps records in a dict. The first `busy` calls fail."""

    records: dict[EventKey, EventRecord] = field(default_factory=dict)
    due_at: dict[EventKey, float] = field(default_factory=dict)
    looks: dict[EventKey, int] = field(default_factory=dict)
    busy: int = 0

    def record(self, record: EventRecord) -> EventRecord | None:
        self._maybe_busy()
        if record.key in self.records:
            return self.records[record.key]
        self.records[record.key] = record
        if not record.done:
            self.due_at[record.key] = record.received_at + 60
        return None

    def get(self, key: EventKey) -> EventRecord | None:
        self._maybe_busy()
        return self.records.get(key)

    def done(self, key: EventKey, verdicts: Sequence[Verdict]) -> None:
        self._maybe_busy()
        self.records[key] = self.records[key]._replace(done=True, verdicts=_merged(self.records[key], verdicts))
        self.due_at.pop(key, None)

    def hold(self, key: EventKey, verdicts: Sequence[Verdict], until: float | None) -> None:
        self._maybe_busy()
        if not self.records[key].done:
            self.records[key] = self.records[key]._replace(verdicts=_merged(self.records[key], verdicts))
            self.due_at[key] = self.due_at[key] if until is None else until

    def due(self, now: float, limit: int) -> list[EventKey]:
        return sorted((key for key, at in self.due_at.items() if at <= now), key=lambda key: self.due_at[key])[:limit]

    def postpone(self, key: EventKey, now: float) -> None:
        if key in self.due_at:
            self.looks[key] = self.looks.get(key, 0) + 1
            self.due_at[key] = now + min(60 * 2 ** (self.looks[key] - 1), 3600)

    def _maybe_busy(self) -> None:
        if self.busy:
            self.busy -= 1
            raise BusyError("throttled")


def _merged(record: EventRecord, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts of the first write stay, as in an item's body: they belong to triggers that start nothing."""
    starting = {start.trigger_id for start in record.starts}
    return (*(each for each in record.verdicts if each.trigger_id not in starting), *verdicts)


@dataclass
class FakePolicyStates:
    """Policy states in a dict. They pass through JSON, as in the table."""

    states: dict[str, ingest.PolicyState] = field(default_factory=dict)

    def get(self, gate: str) -> ingest.PolicyState:
        found = self.states.get(gate, ingest.PolicyState())
        return ingest.PolicyState(json.loads(json.dumps(found.state)), found.revision)

    def put(self, gate: str, state: dict[str, Any], revision: int) -> bool:
        if self.states.get(gate, ingest.PolicyState()).revision != revision:
            return False
        self.states[gate] = ingest.PolicyState(json.loads(json.dumps(state)), revision + 1)
        return True


@dataclass
class FakeBuckets:
    """Objects by key. `indexes` has the content of index files."""

    held: dict[str, BucketObject] = field(default_factory=dict)
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def head(self, event: Event) -> BucketObject | None:
        return self.held.get(event.subject)

    def weight_files(self, event: Event) -> tuple[str, ...] | None:
        return self.indexes.get(event.subject)

    def objects(self, event: Event, prefix: str) -> tuple[BucketObject, ...]:
        """As the adapter lists: one level, without what lies in folders below."""
        keys = (key for key in sorted(self.held) if key.startswith(prefix))
        return tuple(self.held[key] for key in keys if "/" not in key.removeprefix(prefix))


@dataclass
class FakeStarter:
    """Remembers the started executions, each name once. `busy` starts are throttled, and machines in `gone` always are.

    An execution runs until it is in `ended`, or is stopped.
    """

    started: dict[str, tuple[str, str]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    calls: int = 0
    busy: int = 0
    refuses: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def start(self, machine_arn: str, name: str, input_json: str) -> bool:
        self.calls += 1
        if self.busy:
            self.busy -= 1
            raise BusyError("throttled")
        if machine_arn in self.gone:
            raise BusyError("StateMachineDoesNotExist")
        if machine_arn in self.refuses:
            raise ingest.StartRefusedError("StateMachineDeleting")
        standing = self.started.setdefault(name, (machine_arn, input_json))
        return name not in self.ended and standing == (machine_arn, input_json)

    def stop(self, machine_arn: str, name: str, why: str) -> None:
        if name in self.started:
            self.ended.add(name)

    def running(self, machine_arn: str, name: str) -> bool | None:
        return name not in self.ended if name in self.started else None


@dataclass
class FakeRedrives:
    """A queue as a list. The first `busy` sends fail; `delays` has the delays of the others."""

    sent: list[EventKey] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    busy: int = 0

    def send(self, key: EventKey, delay: float = 0) -> None:
        if self.busy:
            self.busy -= 1
            raise BusyError("throttled")
        self.sent.append(key)
        self.delays.append(delay)


def ingest_ports(
    ledger: FakeLedger | None = None,
    starter: FakeStarter | None = None,
    redrives: FakeRedrives | None = None,
    clock: Callable[[], float] | None = None,
    buckets: FakeBuckets | None = None,
) -> ingest.IngestPorts:
    """Ports of ingest, with a fake for each missing one, except buckets."""
    return ingest.IngestPorts(
        ledger or FakeLedger(),
        FakePolicyStates(),
        starter or FakeStarter(),
        redrives or FakeRedrives(),
        clock or FakeClock(),
        buckets,
    )
