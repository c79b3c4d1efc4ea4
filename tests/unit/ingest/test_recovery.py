"""The recovery of events that a request left behind."""

import pytest
from tests.ingest_fakes import FakeClock, FakeLedger, FakeRedrives, FakeStarter, ingest_ports
from tests.unit.ingest.samples import notification, snapshot, trigger

from aftertrain.errors import BusyError
from aftertrain.ingest.drive import redrive
from aftertrain.ingest.event_record import EventKey
from aftertrain.ingest.ports import IngestPorts
from aftertrain.ingest.receive import receive
from aftertrain.ingest.sweep import sweep


def left_behind(**more: object) -> tuple[IngestPorts, FakeLedger, FakeStarter, FakeRedrives, EventKey]:
    """An event that was recorded, not started, and not queued either."""
    ledger, starter, redrives = FakeLedger(), FakeStarter(busy=1), FakeRedrives(busy=1)
    ports = ingest_ports(ledger, starter, redrives, **more)
    receive(notification(), snapshot(trigger()), ports)
    (key,) = ledger.records
    assert not redrives.sent
    return ports, ledger, starter, redrives, key


def test_a_redrive_finishes_it() -> None:
    ports, ledger, starter, _, key = left_behind()
    verdicts = redrive(key, ports)

    assert verdicts is not None
    assert list(starter.started) == [verdict.execution for verdict in verdicts]
    assert ledger.records[key].done


def test_a_redrive_of_a_finished_event_does_nothing() -> None:
    ports, _, starter, _, key = left_behind()
    redrive(key, ports)
    calls = starter.calls

    assert redrive(key, ports) is None
    assert starter.calls == calls


def test_a_redrive_of_an_unknown_event_does_nothing() -> None:
    assert redrive(EventKey("bucket", "unknown"), ingest_ports()) is None


def test_a_redrive_that_is_throttled_says_so() -> None:
    ports, _, starter, _, key = left_behind()
    starter.busy = 1
    with pytest.raises(BusyError):
        redrive(key, ports)


def test_the_sweeper_queues_it_after_a_minute_and_then_ever_more_rarely() -> None:
    clock = FakeClock()
    ports, _, _, redrives, key = left_behind(clock=clock)
    swept = []
    for _ in range(16):
        swept.append(sweep(ports))
        clock.now += 60

    assert swept == [0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert redrives.sent == [key] * 4


def test_the_sweeper_finds_nothing_once_it_is_done() -> None:
    clock = FakeClock()
    ports, _, _, _, key = left_behind(clock=clock)
    redrive(key, ports)
    clock.now += 10_000

    assert sweep(ports) == 0
