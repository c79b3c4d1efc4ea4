"""Stale events, by each source of order."""

import json
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest_fakes import FakeBuckets, ingest_ports
from tests.unit.ingest.samples import snapshot, trigger
from tests.unit.ingest.setting import Setting, ticket

from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.policies import order
from aftertrain.ingest.policies.group_key import group_key
from aftertrain.ingest.recency import recency_of
from aftertrain.model.event import Event
from aftertrain.model.policy import Key, Order, Policies


@pytest.mark.parametrize("version", [None, "latest", "inf", float("nan"), {"n": 1}])
def test_what_has_no_version_is_seen_and_outrun_by_what_has_one(version: Any) -> None:
    ports = ingest_ports()
    event, numbered = (Event("model.added", "1", "s", "t", "m", {"version": each}) for each in (version, 3))
    state, first = order.decide({}, ticket("a"), recency_of(event, Order(), ticket(), ports))
    state, second = order.decide(state, ticket("b"), recency_of(numbered, Order(), ticket(), ports))
    _, third = order.decide(state, ticket("c"), recency_of(event, Order(), ticket(), ports))

    assert [each.verdict for each in (first, second, third)] == ["started", "started", "stale"]
    assert json.loads(json.dumps(state, allow_nan=False)) == state


@pytest.mark.parametrize(
    ("held", "verdict", "actual"),
    [
        (BucketObject("models", "a", "d41d8cd98f00b204e9800998ecf8427e", 1, 5.0), "started", None),
        (BucketObject("models", "a", "another", 1, 5.0), "stale", "it is gone, or was rewritten"),
        (None, "stale", "it is gone, or was rewritten"),
    ],
)
def test_only_what_the_bucket_still_has_starts(held: BucketObject | None, verdict: str, actual: str | None) -> None:
    setting = Setting(FakeBuckets({"a": held} if held else {}), order=Order())
    setting.send("a")
    setting.clock.now += 61  # a bucket may be behind for a while
    setting.drive_all()

    assert (setting.verdict("a").verdict, setting.verdict("a").actual) == (verdict, actual)


def test_a_bucket_that_is_behind_is_asked_again_in_seconds() -> None:
    setting = Setting(FakeBuckets(), order=Order())
    held = setting.send("a")
    assert setting.buckets is not None
    setting.buckets.held["a"] = BucketObject("models", "a", "d41d8cd98f00b204e9800998ecf8427e", 1, 5.0)
    setting.clock.now += 5
    setting.drive_all()

    assert (held.verdict, held.final, setting.redrives.delays) == ("received", False, [6.0])
    assert setting.verdict("a").verdict == "started"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"sequencer": "0055AED6DCD90281E5"}, {"sequencer": "0055AED6DCD90281E6"}),
        ({"sequencer": "0064D3901D00059242"}, {"sequencer": "0064D390AF"}),
        ({"sequencer": "0064d390"}, {"sequencer": "0064D3901"}),
    ],
)
def test_sequencers_are_compared_as_texts_of_any_length(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    ports = ingest_ports()
    events = [
        Event("object.created", "1", "s", "t", "k", {"event_source": "aws:s3", **data}) for data in (earlier, later)
    ]
    first, second = (recency_of(event, Order(), ticket(), ports) for event in events)
    state, passed = order.decide({}, ticket("a"), second)
    _, refused = order.decide(state, ticket("b"), first)

    assert (passed.verdict, refused.verdict) == ("started", "stale")


@pytest.mark.parametrize(
    ("versions", "words"), [((9, 10), ["started", "started"]), (("v10", "9"), ["started", "stale"])]
)
def test_registries_order_by_their_versions(versions: tuple[Any, Any], words: list[str]) -> None:
    state: dict[str, Any] = {}
    found = []
    for number, version in enumerate(versions):
        event = Event("model.added", str(number), "s", "t", "m", {"version": version})
        state, decision = order.decide(state, ticket(str(number)), recency_of(event, Order(), ticket(), ingest_ports()))
        found.append(decision.verdict)

    assert found == words


def test_a_key_is_the_values_at_its_paths_or_what_its_groups_find() -> None:
    event = Event("object.created", "1", "s", "t", "runs/7/m", {"bucket": "b"})

    assert group_key(event, None) == ""
    assert group_key(event, Key(("bucket", "nothing"))) == '["b",null]'
    assert group_key(event, Key(("subject",), "^runs/([^/]+)/")) == '[["7"]]'
    assert group_key(event, Key(("subject",), "^other/")) == '["runs/7/m"]'


@pytest.mark.parametrize("field", ["version", "model_version"])
def test_models_are_ordered_by_their_version(field: str) -> None:
    events = [Event("model.added", "1", "s", "t", "m", {field: each}) for each in ("7", 3)]
    newer, older = (recency_of(event, Order(), ticket(), ingest_ports()) for event in events)
    state, passed = order.decide({}, ticket("a"), newer)

    assert (passed.verdict, order.decide(state, ticket("b"), older)[1].verdict) == ("started", "stale")


def test_an_object_that_was_deleted_is_gone_and_nothing_else() -> None:
    buckets = FakeBuckets()
    setting = Setting(buckets)
    setting.watching = snapshot(trigger(event_type="object.deleted", policies=Policies(order=Order())))

    assert setting.send("a", eventName="OBJECT_DELETED").verdict == "started"
    buckets.held["b"] = BucketObject("models", "b", "x", 1, 1.0)
    assert setting.send("b", eventName="OBJECT_DELETED").verdict == "stale"


def _ceph(seconds: int, nanoseconds: int) -> str:
    """A sequencer as Ceph writes it: a `utime_t` as it lies in memory."""
    return struct.pack("<II", seconds, nanoseconds).hex().upper()


TIMES = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 999_999_999))


@given(TIMES, TIMES)
def test_cephs_sequencers_are_times(earlier: tuple[int, int], later: tuple[int, int]) -> None:
    def rank(time: tuple[int, int]) -> str:
        data = {"event_source": "ceph:s3", "sequencer": _ceph(*time)}
        found = recency_of(Event("object.created", "1", "s", "t", "k", data), Order(), ticket(), ingest_ports())
        assert found is not None
        return str(found.rank)

    assert (rank(earlier) < rank(later)) == (earlier < later)


def test_the_sequencer_of_cephs_own_sample_is_the_time_of_its_event() -> None:
    data = {"event_source": "ceph:s3", "sequencer": "F7E6D75DC742D108"}
    found = recency_of(Event("object.created", "1", "s", "t", "k", data), Order(), ticket(), ingest_ports())

    assert found is not None
    seconds = int(str(found.rank)[:8], 16)
    assert datetime.fromtimestamp(seconds, UTC).isoformat() == "2019-11-22T13:47:35+00:00"


@pytest.mark.parametrize(
    "data",
    [
        {"event_source": "noobaa:s3", "sequencer": "0055AED6DCD90281E5"},
        {"event_source": "ceph:s3", "sequencer": "F7E6"},
        {"event_source": "ceph:s3", "sequencer": "not a number"},
        {"sequencer": "0055AED6DCD90281E5"},
    ],
)
def test_a_sequencer_of_unknown_form_leaves_the_order_to_the_bucket(data: dict[str, Any]) -> None:
    buckets = FakeBuckets({"k": BucketObject("models", "k", "e", 1, 5.0)})
    event = Event("object.created", "1", "s", "t", "k", {"bucket": "models", "key": "k", "etag": "e", **data})
    found = recency_of(event, Order(), ticket(), ingest_ports(buckets=buckets))

    assert found is not None
    assert (found.sort, found.rank) == ("modified", 5.0)
