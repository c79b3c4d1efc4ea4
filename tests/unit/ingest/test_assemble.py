"""Checkpoints of many objects, which start once, when they are complete."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.ingest_fakes import FakeBuckets
from tests.unit.ingest.samples import notification, snapshot, tigris_event, trigger
from tests.unit.ingest.setting import Setting, ticket

from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.policies import assemble
from aftertrain.ingest.policies.part_notice import PartNotice
from aftertrain.ingest.receive import receive
from aftertrain.model.policy import Assemble, Debounce, Key, Order, Policies

INDEX = "model.safetensors.index.json"
SHARDS = Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)")


@pytest.mark.parametrize("key", ["m-x-of-y", "m--of-3", "other"])
def test_what_is_no_part_is_filtered(key: str) -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\w*)-of-(?P<total>\w+)"))

    assert (setting.send(key).verdict, setting.verdict(key).clause) == ("filtered", "assemble")


def test_a_pattern_assembles_what_the_key_has_around_it() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))
    keys = [f"{run}/m-0000{part}-of-00002.safetensors" for part in (1, 2) for run in ("a", "b")]

    assert [setting.send(key).verdict for key in keys] == ["assembling", "assembling", "started", "started"]
    assert [part["key"] for part in setting.inputs[0]["event"]["data"]["parts"]] == keys[::2]


def test_what_is_missing_at_the_deadline_is_named_and_completes_the_set_when_it_comes() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))
    setting.send("m-1-of-3")
    setting.send("m-2-of-3")
    setting.clock.now += 601
    setting.drive_all()
    missed = setting.verdict("m-1-of-3")

    assert (missed.verdict, missed.actual) == ("incomplete", "2 of them; missing: 3")
    assert setting.send("m-3-of-3").verdict == "started"


def sent(setting: Setting, part: int, version: str, written: int) -> str:
    """The verdict on one of three shards, written that many seconds after ten o'clock."""
    key, time = f"m-{part}-of-3", (datetime(2026, 5, 15, 10, tzinfo=UTC) + timedelta(seconds=written)).isoformat()
    given = tigris_event(key, eventTime=time, object={"key": key, "size": 1, "eTag": f"{part}{version}"})
    receive(notification(given), setting.watching, setting.ports)
    records = (r for r in setting.ledger.records.values() if r.event.data["etag"] == f"{part}{version}")
    return next(records).all_verdicts[0].verdict


def started(setting: Setting) -> list[list[str]]:
    return [[part["etag"] for part in given["event"]["data"]["parts"]] for given in setting.inputs]


def test_a_part_in_the_middle_names_the_one_that_names_the_execution() -> None:
    setting = Setting(assemble=SHARDS)
    for part in (1, 2, 3):
        setting.send(f"m-{part}-of-3")
    setting.drive_all()
    first, _, last = setting.ledger.records.values()

    assert setting.verdict("m-2-of-3").actual == (
        f"2 of them; missing: 3; event {first.key.event_id} leads the set, and its verdict names the execution"
    )
    assert first.all_verdicts[0].execution == last.all_verdicts[0].execution == next(iter(setting.starter.started))


def test_two_uploads_that_overlap_are_not_mixed() -> None:
    setting = Setting(assemble=SHARDS)
    words = [sent(setting, *each) for each in ((1, "a", 0), (2, "a", 10), (1, "b", 20), (3, "a", 19))]
    assert words == ["assembling"] * 4
    for part, written in ((2, 30), (3, 40)):
        setting.clock.now += 10
        assert sent(setting, part, "b", written) == "assembling"
    setting.clock.now += 59
    setting.drive_all()
    assert started(setting) == []
    setting.clock.now += 2
    setting.drive_all()

    assert started(setting) == [["1b", "2b", "3b"]]
    assert {sent(setting, 1, "b", 20), sent(setting, 2, "b", 30)} <= {"assembling", "started"}


def test_a_part_that_was_mended_starts_when_it_has_been_quiet() -> None:
    setting = Setting(assemble=SHARDS)
    for each in ((1, "a", 0), (2, "a", 100), (1, "b", 150), (3, "a", 190)):
        sent(setting, *each)
    setting.clock.now += 99  # the longest time between two of the parts was 50 s
    setting.drive_all()
    assert started(setting) == []
    setting.clock.now += 2
    setting.drive_all()

    assert started(setting) == [["1b", "2a", "3a"]]


def test_quiet_is_waited_for_as_long_as_a_set_may_take_and_no_longer() -> None:
    setting = Setting(assemble=SHARDS)
    for each in ((1, "a", 0), (1, "b", 1), (2, "a", 2), (3, "a", 3)):
        sent(setting, *each)
    (last,) = (key for key, record in setting.ledger.records.items() if record.event.data["etag"] == "3a")
    assert setting.ledger.due_at[last] == setting.clock.now + 60  # nobody has to wake it
    for number in range(12):
        assert started(setting) == []
        setting.clock.now += 50
        setting.drive_all()
        sent(setting, 1, f"c{number}", 4 + number)

    assert started(setting) == [["1c10", "2a", "3a"]]


def test_what_starts_is_about_the_part_that_came_last_which_the_bucket_still_has() -> None:
    there = {
        f"m-{part}-of-3": BucketObject("models", f"m-{part}-of-3", f"{part}b", 1, 9.0 + part) for part in (1, 2, 3)
    }
    by_set = Key(("subject",), "^(m)-")
    setting = Setting(FakeBuckets(there), assemble=SHARDS, order=Order(key=by_set))
    for each in ((1, "a", 0), (2, "a", 1), (1, "b", 2), (3, "a", 1), (2, "b", 3), (3, "b", 4)):
        sent(setting, *each)
    setting.clock.now += 61
    setting.drive_all()

    assert started(setting) == [["1b", "2b", "3b"]]
    assert setting.inputs[0]["event"]["data"]["etag"] == "3b"


def test_an_older_part_that_comes_late_is_stale() -> None:
    setting = Setting(assemble=SHARDS)

    assert [sent(setting, 1, "b", 9), sent(setting, 1, "a", 0)] == ["assembling", "stale"]


def test_parts_may_be_counted_from_zero() -> None:
    setting = Setting(assemble=Assemble(600.0, pattern=r"-(?P<part>\d+)-of-(?P<total>\d+)"))

    assert [setting.send(f"m-{part}-of-2").verdict for part in (1, 0)] == ["assembling", "started"]


def test_an_index_says_which_files_there_are() -> None:
    names = ("model-1.safetensors", "model-2.safetensors")
    setting = Setting(FakeBuckets(indexes={f"run/{INDEX}": names}), assemble=Assemble(600.0, index=INDEX))
    words = [setting.send(f"run/{name}").verdict for name in (names[1], INDEX, "config.json", names[0])]

    assert words == ["assembling", "assembling", "assembling", "started"]


def test_a_marker_completes_its_folder_with_what_lies_there() -> None:
    there = {key: BucketObject("models", key, "e", 1, 1.0) for key in ("run/a", "run/b")}
    setting = Setting(FakeBuckets(there), assemble=Assemble(600.0, marker="_SUCCESS"))
    words = [setting.send(f"run/{name}").verdict for name in ("a", "_SUCCESS")]

    assert words == ["assembling", "started"]
    parts = {part["key"] for part in setting.inputs[0]["event"]["data"]["parts"]}
    assert parts == {"run/a", "run/b", "run/_SUCCESS"}


def test_the_webhook_leaves_a_look_into_a_bucket_to_the_queue() -> None:
    setting = Setting(None, order=Order())

    assert setting.send("a").verdict == "received"
    assert len(setting.redrives.sent) == 1


def test_too_many_parts_are_refused() -> None:
    piece = PartNotice("1", total=1001)
    policy = Assemble(1.0, pattern="x")
    _, decision = assemble.decide({}, ticket(), piece, policy, 0.0)

    assert (decision.verdict, decision.expected) == ("failed", "at most 1000 parts")


def test_what_was_left_of_an_earlier_upload_completes_none() -> None:
    setting = Setting(assemble=SHARDS)
    sent(setting, 3, "old", 0)
    setting.clock.now += 601
    setting.drive_all()
    day = 24 * 3600
    sent(setting, 1, "new", day)
    sent(setting, 2, "new", day + 10)
    assert started(setting) == []
    sent(setting, 3, "new", day + 20)

    assert started(setting) == [["1new", "2new", "3new"]]


def test_params_are_taken_from_what_policies_add() -> None:
    setting = Setting(assemble=SHARDS)
    setting.watching = snapshot(
        trigger(policies=Policies(assemble=SHARDS), params={"files": "{{ event.parts }}", "key": "{{ event.key }}"})
    )
    setting.send("m-1-of-2")
    setting.send("m-2-of-2")
    (told,) = setting.inputs

    assert [part["key"] for part in told["params"]["files"]] == ["m-1-of-2", "m-2-of-2"]
    assert told["params"]["key"] == "m-2-of-2"


def test_of_a_burst_of_checkpoints_the_newest_brings_its_own_parts() -> None:
    setting = Setting(assemble=SHARDS, debounce=Debounce(30.0, 600.0))
    for run in ("step-100", "step-200"):
        for part in (1, 2):
            setting.send(f"{run}/m-{part}-of-2")
    setting.clock.now += 31
    setting.drive_all()
    (told,) = setting.inputs

    assert told["event"]["subject"] == "step-200/m-2-of-2"
    assert [part["key"] for part in told["event"]["data"]["parts"]] == ["step-200/m-1-of-2", "step-200/m-2-of-2"]
    assert [[part["key"][:8] for part in each["data"]["parts"]] for each in told["event"]["data"]["events"]] == [
        ["step-100"] * 2,
        ["step-200"] * 2,
    ]


def _object(key: str, etag: str, written: int, name: str = "OBJECT_CREATED_PUT") -> dict[str, object]:
    time = (datetime(2026, 5, 15, 10, tzinfo=UTC) + timedelta(seconds=written)).isoformat()
    return tigris_event(key, eventName=name, eventTime=time, object={"key": key, "size": 1, "eTag": etag})


def _words(setting: Setting) -> list[str]:
    return sorted(record.all_verdicts[0].verdict for record in setting.ledger.records.values())


TRAINER = ("config.json", "model-1.bin", "model-2.bin", INDEX, "optimizer.pt", "rng_state.pth", "trainer_state.json")


def _trainer() -> Setting:
    """A folder as the Trainer of transformers writes it, several times."""
    names = ("model-1.bin", "model-2.bin")
    return Setting(FakeBuckets(indexes={f"last/{INDEX}": names}), assemble=Assemble(600.0, index=INDEX))


def _upload(setting: Setting, epoch: int, order: tuple[str, ...] = TRAINER) -> None:
    for number, name in enumerate(order):
        setting.clock.now += 1
        entry = _object(f"last/{name}", f"{name}@{epoch}", epoch * 3000 + number)
        receive(notification(entry), setting.watching, setting.ports)
        setting.drive_all()


def test_files_beside_a_checkpoint_raise_no_alarm() -> None:
    setting = _trainer()
    setting.clock.now = datetime(2026, 5, 15, 10, tzinfo=UTC).timestamp()
    _upload(setting, 0)
    setting.clock.now += 601
    setting.drive_all()

    assert "incomplete" not in _words(setting)
    assert not setting.ledger.due_at


@pytest.mark.parametrize("order", [TRAINER, TRAINER[::-1], (*TRAINER[4:], *TRAINER[:4]), (INDEX, *TRAINER[:3])])
def test_a_folder_that_is_overwritten_starts_once_per_upload_and_mixes_none(order: tuple[str, ...]) -> None:
    setting = _trainer()
    for epoch in range(3):
        setting.clock.now = datetime(2026, 5, 15, 10, tzinfo=UTC).timestamp() + 3000 * epoch
        _upload(setting, epoch, order)
    setting.clock.now += 601
    setting.drive_all()

    assert started(setting) == [
        [f"{name}@{epoch}" for name in ("model-1.bin", "model-2.bin", INDEX)] for epoch in range(3)
    ]
    assert "incomplete" not in _words(setting)


def test_parts_that_the_listing_showed_begin_no_set_when_their_events_come() -> None:
    names = [f"__{number}_0.distcp" for number in range(4)]
    there = {f"run/{name}": BucketObject("models", f"run/{name}", f"e{name}", 1, 1.0) for name in names}
    setting = Setting(FakeBuckets(there), assemble=Assemble(600.0, marker=".metadata"))
    setting.clock.now = datetime(2026, 5, 15, 10, tzinfo=UTC).timestamp()
    for number, name in enumerate([".metadata", *names]):
        entry = _object(f"run/{name}", f"e{name}", number - 60)
        receive(notification(entry), setting.watching, setting.ports)
    setting.clock.now += 601
    setting.drive_all()
    (execution,) = setting.starter.started

    assert _words(setting) == [*["assembling"] * 4, "started"]
    assert {execution} == {record.all_verdicts[0].execution for record in setting.ledger.records.values()}


def test_a_shard_that_was_sent_twice_raises_no_alarm() -> None:
    setting = Setting(assemble=SHARDS)
    setting.clock.now = datetime(2026, 5, 15, 10, tzinfo=UTC).timestamp()
    for part, written in ((1, 0), (2, 1), (3, 2), (2, 30)):
        entry = _object(f"m-{part}-of-3", f"{part}a", written)
        receive(notification(entry), setting.watching, setting.ports)
    setting.clock.now += 601
    setting.drive_all()

    assert _words(setting) == ["assembling", "assembling", "assembling", "started"]


def test_a_second_upload_that_keeps_a_shard_starts_when_it_is_quiet() -> None:
    setting = Setting(assemble=SHARDS)
    begin = setting.clock.now = datetime(2026, 5, 15, 10, tzinfo=UTC).timestamp()
    for epoch, etags in enumerate((("1a", "2a", "3a"), ("1b", "2a", "3b"))):
        for part in (2, 1, 3):
            setting.clock.now = begin + epoch * 300 + part
            entry = _object(f"m-{part}-of-3", etags[part - 1], epoch * 300 + part)
            receive(notification(entry), setting.watching, setting.ports)
    setting.clock.now += 61
    setting.drive_all()

    assert started(setting) == [["1a", "2a", "3a"], ["1b", "2a", "3b"]]


@pytest.mark.parametrize("name", ["OBJECT_DELETED", "OBJECT_TRANSITIONED", "OBJECT_CREATED_PUT_TAGGING"])
def test_what_brings_no_bytes_is_no_part(name: str) -> None:
    setting = Setting(assemble=SHARDS)
    setting.watching = snapshot(trigger("t1", "object.*", policies=Policies(assemble=SHARDS)))
    for part in (1, 2, 3):
        receive(notification(_object(f"m-{part}-of-3", "", part, name)), setting.watching, setting.ports)

    assert _words(setting) == ["filtered"] * 3


def test_a_folders_own_entry_is_no_part() -> None:
    setting = Setting(assemble=Assemble(600.0, marker="_SUCCESS"))

    assert setting.send("run/").verdict == "filtered"
    assert setting.verdict("run/").expected == "an object, not a folder"
