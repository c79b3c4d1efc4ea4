"""The number of executions at once, when nothing goes wrong."""

import pytest
from tests.unit.ingest.samples import PIPELINE
from tests.unit.ingest.setting import Setting, ticket

from aftertrain.ingest.drive import redrive
from aftertrain.ingest.policies import concurrency
from aftertrain.ingest.slots import reclaim_slots, release_slots
from aftertrain.model.policy import Concurrency, Debounce, Key, Rate


def test_the_second_of_a_full_trigger_waits_and_says_for_whom() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first, second = setting.send("a"), setting.send("b")

    assert (first.verdict, second.verdict, second.final) == ("started", "queued", False)
    assert second.actual == [first.execution]


def test_keys_are_counted_apart() -> None:
    by_run = Key(("subject",), "^runs/([^/]+)/")
    setting = Setting(concurrency=Concurrency(1, "skip", by_run))

    assert [setting.send(key).verdict for key in ("runs/1/a", "runs/2/a", "runs/1/b")] == [
        "started",
        "started",
        "skipped",
    ]


def test_a_slot_whose_end_nobody_heard_of_is_found_when_somebody_waits() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.send("b")
    setting.starter.ended.add(str(first.execution))
    setting.drive_all()
    setting.drive_all()

    assert setting.verdict("b").verdict == "started"


def test_cancel_stops_what_runs() -> None:
    setting = Setting(concurrency=Concurrency(1, "cancel"))
    first, second = setting.send("a"), setting.send("b")

    assert second.verdict == "started"
    assert setting.starter.ended == {first.execution}


def test_a_start_that_is_over_does_not_cancel_what_came_after_it() -> None:
    """Its process died before it recorded the start. A later attempt must not stop the next execution."""
    setting = Setting(concurrency=Concurrency(1, "cancel"))
    setting.send("a")
    (first,) = setting.ledger.records.values()
    name = first.executions[0]
    setting.ledger.records[first.key] = first._replace(done=False, verdicts=())
    setting.starter.ended.add(name)
    release_slots("concurrency#t1", frozenset({name}), setting.ports)
    setting.send("b")
    setting.drive_all()

    assert (setting.verdict("a").verdict, setting.verdict("b").verdict) == ("started", "started")
    assert setting.starter.ended == {name}


def test_a_slot_that_is_given_back_wakes_the_next() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.send("b")
    setting.redrives.sent.clear()
    release_slots("concurrency#t1", frozenset({str(first.execution)}), setting.ports)
    (woken,) = setting.redrives.sent

    assert setting.ledger.records[woken].event.subject == "b"


def test_a_start_that_is_refused_gives_its_slot_back() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    setting.starter.refuses.add(PIPELINE.machine_arn)
    first = setting.send("a")
    setting.starter.refuses.clear()

    assert (first.verdict, setting.send("b").verdict) == ("failed", "started")


@pytest.mark.parametrize("holds", [False, True])
def test_a_start_that_was_given_up_is_refused_and_stopped_whoever_asks_for_it(holds: bool) -> None:
    """Two workers handle one event. One finds that it is stale while the other is about to start it."""
    policy = Concurrency(1, "queue")
    state, _ = concurrency.decide({}, ticket("n"), policy) if holds else ({}, None)
    state, _ = concurrency.forfeit(state, "n")
    state, again = concurrency.decide(state, ticket("n"), policy)
    _, other = concurrency.decide(state, ticket("other"), policy)

    assert (again.verdict, again.final, other.verdict) == ("replaced", True, "started")
    assert concurrency.is_cancelled(state, "n")


def test_a_slot_is_kept_while_its_execution_runs_whatever_start_says() -> None:
    """After a crash, a burst starts with another input. The name exists already, and its execution runs on."""
    setting = Setting(debounce=Debounce(30.0, 600.0), concurrency=Concurrency(1, "queue"))
    setting.send("a")
    setting.clock.now += 31
    setting.drive_all()
    (first,) = setting.ledger.records.values()
    setting.ledger.records[first.key] = first._replace(done=False, verdicts=())
    setting.drive_all()

    state = setting.ports.policy_states.get("concurrency#t1").state
    assert [seat.name for seat in concurrency.claims(state, "running")] == list(setting.starter.started)


def test_a_slot_of_a_start_that_nobody_will_make_is_found() -> None:
    setting = Setting(concurrency=Concurrency(1, "queue"))
    first = setting.send("a")
    setting.starter.started.clear()  # as if the start had never come through, and the record says that it has
    setting.send("b")
    reclaim_slots("concurrency#t1", setting.ports)
    setting.drive_all()

    assert first.verdict == "started"
    assert setting.verdict("b").verdict == "started"


def test_a_burst_takes_and_gives_back_one_and_the_same_slot() -> None:
    """Its events may have other keys of `concurrency`. The first one's key is the burst's."""
    by_run = Key(("subject",), "^runs/([^/]+)/")
    setting = Setting(debounce=Debounce(30.0, 600.0), concurrency=Concurrency(1, "queue", by_run))
    setting.send("runs/1/a")
    setting.send("runs/2/a")
    setting.clock.now += 31
    setting.drive_all()
    taken = [name for name in setting.ports.policy_states.states if name.startswith("concurrency")]

    assert taken == [setting.inputs[0]["trigger"]["slot"]]


def test_who_waits_for_a_slot_is_not_counted_again() -> None:
    setting = Setting(rate=Rate(60, 3600.0), concurrency=Concurrency(1, "queue"))
    for number in range(250):
        setting.clock.now += 120
        setting.send(f"k{number}")
        if number % 10 == 0:
            setting.drive_all()
    setting.drive_all()

    verdicts = [record.all_verdicts[0].verdict for record in setting.ledger.records.values()]
    assert (verdicts.count("started"), verdicts.count("queued")) == (1, 249)


def test_a_slot_is_kept_by_what_started_while_it_was_looked_at() -> None:
    setting = Setting(concurrency=Concurrency(1, "skip"))
    setting.starter.busy = 1
    setting.send("a")
    (key,) = setting.ledger.records
    running = setting.starter.running

    def starts_meanwhile(machine_arn: str, name: str) -> bool | None:
        setting.starter.running = running  # type: ignore[method-assign]  # it happens once
        before = running(machine_arn, name)
        redrive(key, setting.ports)
        return before

    setting.starter.running = starts_meanwhile  # type: ignore[method-assign]  # another worker, between two calls
    reclaim_slots("concurrency#t1", setting.ports)

    assert setting.verdict("a").verdict == "started"
    assert setting.send("b").verdict == "skipped"
