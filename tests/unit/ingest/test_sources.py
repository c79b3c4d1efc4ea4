"""The dialects: which payload becomes which events, and which field is named when it does not."""

from typing import Any

import pytest
from tests.unit.ingest.samples import tigris_event

from aftertrain.errors import SenderError, TooLargeError
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.event import Event
from aftertrain.model.source import Source

BUCKET = Source("bucket", "tigris", "bearer")
PLATFORM = Source("platform", "platform", "bearer")
ENVELOPE = {
    "event_type": "model.added",
    "event_id": "evt_abc123",
    "timestamp": "2024-01-29T12:00:00Z",
    "source": "budmodel",
    "data": {"model_name": "Llama-3.2-1B"},
}


def read(payload: Any, source: Source) -> list[Any]:
    return normalise(Delivery(payload, source))


def tigris(**more: Any) -> Any:
    (draft,) = read({"events": [tigris_event(**more)]}, BUCKET)
    return draft


def platform(**more: Any) -> Any:
    (draft,) = read(ENVELOPE | more, PLATFORM)
    return draft


def test_a_tigris_entry_becomes_an_event() -> None:
    event = tigris()

    assert event == Event(
        type="object.created",
        id=event.id,
        source="bucket",
        time="2026-05-15T10:30:00.000Z",
        subject="final/model.safetensors",
        data={
            "bucket": "models",
            "key": "final/model.safetensors",
            "size": 1024,
            "etag": "d41d8cd98f00b204e9800998ecf8427e",
            "event_name": "OBJECT_CREATED_PUT",
            "uri": "s3://models/final/model.safetensors",
        },
    )


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("OBJECT_CREATED_PUT", "object.created"),
        ("OBJECT_CREATED_MULTIPART", "object.created"),
        ("OBJECT_CREATED_COPY", "object.created"),
        ("OBJECT_DELETED", "object.deleted"),
        ("OBJECT_RENAME", "object.renamed"),
        ("OBJECT_TRANSITIONED", "object.transitioned"),
        ("OBJECT_RESTORED", "object.restored"),
        ("Something New!", "object.something_new"),
    ],
)
def test_event_names_are_an_open_set(name: str, event_type: str) -> None:
    assert tigris(eventName=name).type == event_type


def test_a_redelivery_has_the_same_id_and_every_change_another_one() -> None:
    ids = {
        tigris().id,
        tigris().id,
        tigris(bucket="other").id,
        tigris(eventName="OBJECT_CREATED_COPY").id,
        tigris(eventTime="2026-05-15T10:30:01.000Z").id,
        tigris(object={"key": "final/other", "eTag": "d41d8cd98f00b204e9800998ecf8427e"}).id,
        tigris(object={"key": "final/model.safetensors", "eTag": "other"}).id,
    }

    assert len(ids) == 6


def test_a_quoted_etag_is_the_same_etag() -> None:
    quoted = tigris(object={"key": "k", "size": 1, "eTag": '"abc"'})
    bare = tigris(object={"key": "k", "size": 1, "eTag": "abc"})

    assert quoted == bare


def test_a_deletion_may_come_without_size_and_etag() -> None:
    data = tigris(eventName="OBJECT_DELETED", object={"key": "k"}).data

    assert (data["size"], data["etag"]) == (None, None)


def test_weights_larger_than_32_bits_keep_their_size() -> None:
    assert tigris(object={"key": "k", "size": 2**40, "eTag": "x"}).data["size"] == 2**40


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"eventName": None}, "events[0].eventName"),
        ({"bucket": ""}, "events[0].bucket"),
        ({"eventTime": 5}, "events[0].eventTime"),
        ({"object": None}, "events[0].object"),
        ({"object": {"size": 1}}, "events[0].object.key"),
        ({"object": {"key": "k" * 2000}}, "events[0].object.key"),
        ({"object": {"key": "k", "size": "1"}}, "events[0].object.size"),
        ({"object": {"key": "k", "size": True}}, "events[0].object.size"),
        ({"object": {"key": "k", "size": -1}}, "events[0].object.size"),
        ({"object": {"key": "k", "eTag": 7}}, "events[0].object.eTag"),
    ],
)
def test_a_bad_entry_is_named_by_its_field(more: dict[str, Any], field: str) -> None:
    draft = tigris(**more)

    assert isinstance(draft, SenderError)
    assert draft.field == field


@pytest.mark.parametrize("payload", [[], "x", None, {}, {"events": {}}, {"Records": []}])
def test_a_notification_without_events_is_refused(payload: Any) -> None:
    with pytest.raises(SenderError):
        read(payload, BUCKET)


def test_one_bad_entry_does_not_lose_its_neighbours() -> None:
    drafts = read({"events": [tigris_event("a"), {"bad": 1}, 7, tigris_event("b")]}, BUCKET)

    assert [type(draft).__name__ for draft in drafts] == ["Event", "SenderError", "SenderError", "Event"]


def test_the_platform_envelope_becomes_an_event() -> None:
    assert platform() == Event(
        "model.added", "evt_abc123", "budmodel", "2024-01-29T12:00:00Z", "", {"model_name": "Llama-3.2-1B"}
    )


def test_the_envelopes_source_may_be_left_out() -> None:
    assert platform(source=None).source == "platform"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"event_type": "model"}, "event_type"),
        ({"event_type": "Model.Added"}, "event_type"),
        ({"event_type": "model.*"}, "event_type"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": 5}, "event_id"),
        ({"event_id": "x" * 257}, "event_id"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"data": []}, "data"),
        ({"source": 5}, "source"),
    ],
)
def test_a_bad_envelope_is_named_by_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(SenderError) as caught:
        platform(**more)

    assert caught.value.field == field


def test_an_event_over_200_kib_is_refused() -> None:
    assert isinstance(platform(data={"blob": "x" * 200_000}), Event)
    assert isinstance(platform(data={"blob": "x" * (200 * 1024)}), TooLargeError)
