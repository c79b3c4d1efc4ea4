"""The dialects: the events of each payload, and the field that a refusal names."""

from typing import Any
from urllib.parse import quote_plus

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


CLOUD = {"specversion": "1.0", "source": "/s", "id": "1"}


def cloud(**more: Any) -> Any:
    headers = {"content-type": "application/cloudevents+json"}
    (draft,) = normalise(Delivery(CLOUD | more, Source("c", "cloudevents", "none"), headers, "now"))
    return draft


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("com.example.Trained", "com.example.Trained"),
        ("com.amazonaws.s3.ObjectCreated:Put", "com.amazonaws.s3.object_created_put"),
        ("mytype", "cloudevent.mytype"),
        ("com.example/v1.x", "com.example_v1.x"),
    ],
)
def test_any_type_of_a_cloudevent_is_a_dotted_name(name: str, event_type: str) -> None:
    event = cloud(type=name, data={"x": 1})

    assert event.type == event_type
    assert event.data == {"x": 1} | ({} if event_type == name else {"cloudevent_type": name})


def test_data_in_base64_is_read_if_it_is_json() -> None:
    assert cloud(type="a.b", data_base64="eyJ4IjogMX0=").data == {"x": 1}
    assert cloud(type="a.b", data_base64="AAEC").data == {"base64": "AAEC"}
    with pytest.raises(SenderError, match="not both"):
        cloud(type="a.b", data_base64="AAEC", data={})


def hub(**more: Any) -> list[Any]:
    payload = {"event": {"action": "update", "scope": "repo.content"}, "repo": {"type": "model", "name": "o/m"}} | more
    return normalise(Delivery(payload, Source("h", "hugging_face", "secret"), received="now"))


def test_settings_of_a_repository_are_no_update_of_its_model() -> None:
    (event,) = hub(event={"action": "update", "scope": "repo.config"}, updatedConfig={"private": True})
    refs = [{"ref": "refs/heads/main", "oldSha": "a", "newSha": new} for new in ("b", None)]

    assert event.type == "model.config_updated"
    assert [each.type for each in hub(updatedRefs=refs)] == ["model.updated", "model.ref_deleted"]


def test_a_bad_ref_does_not_lose_its_neighbours() -> None:
    found = hub(updatedRefs=[7, {"ref": "refs/heads/main", "oldSha": "a", "newSha": "b"}])

    assert [type(each) for each in found] == [SenderError, Event]


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("ObjectLifecycle:Expiration:Current", "object.deleted"),
        ("ObjectLifecycle:Transition:Current", "object.transitioned"),
    ],
)
def test_cephs_lifecycle_is_like_that_of_aws(name: str, event_type: str) -> None:
    s3 = {"bucket": {"name": "b"}, "object": {"key": "k"}}
    record = {"eventName": name, "eventTime": "2026-01-01T00:00:00Z", "eventSource": "ceph:s3", "s3": s3}
    (event,) = read({"Records": [record]}, Source("c", "s3", "none"))

    assert event.type == event_type


def _s3(name: str, *, writer: str = "minio:s3", **fields: Any) -> Any:
    obj = {"key": "final/m.bin", "size": 1, "eTag": "e"} | fields
    record = {"eventName": name, "eventTime": "2026-05-15T10:30:00Z", "eventSource": writer}
    (draft,) = read({"Records": [record | {"s3": {"bucket": {"name": "models"}, "object": obj}}]}, S3)
    return draft


S3 = Source("weights", "s3", "none")


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("s3:ObjectCreated:Put", "object.created"),
        ("s3:ObjectCreated:Copy", "object.created"),
        ("s3:ObjectCreated:CompleteMultipartUpload", "object.created"),
        ("s3:ObjectCreated:SomethingNew", "object.created"),
        ("s3:ObjectCreated:PutTagging", "object.tagging_put"),
        ("s3:ObjectCreated:DeleteTagging", "object.tagging_delete"),
        ("s3:ObjectCreated:PutRetention", "object.retention_put"),
        ("s3:ObjectCreated:PutLegalHold", "object.legal_hold_put"),
        ("ObjectCreated:PutObjectAcl", "object.acl_put"),
        ("ObjectTagging:Put", "object.tagging_put"),
        ("s3:ObjectTransition:Complete", "object.transitioned"),
        ("s3:ObjectTransition:Failed", "object.transition_failed"),
        ("s3:ObjectAccessed:Get", "object.accessed_get"),
    ],
)
def test_what_changes_no_bytes_is_no_creation(name: str, event_type: str) -> None:
    assert _s3(name).type == event_type


def test_tigris_attributes_are_no_creations_either() -> None:
    assert tigris(eventName="OBJECT_CREATED_PUT_TAGGING").type == "object.tagging_put"
    assert tigris(eventName="OBJECT_CREATED_MULTIPART").type == "object.created"


@pytest.mark.parametrize(("etag", "event_type"), [("", "object.created_post"), ("e", "object.created")])
def test_an_upload_that_begins_at_an_old_ceph_is_no_creation(etag: str, event_type: str) -> None:
    assert _s3("ObjectCreated:Post", writer="ceph:s3", eTag=etag).type == event_type


def test_a_key_is_measured_after_decoding() -> None:
    longest = "ü" * 512

    assert _s3("ObjectCreated:Put", key=quote_plus(longest)).subject == longest
    with pytest.raises(SenderError, match=r"Records\[0\].s3.object.key is longer than 1024 bytes"):
        raise _s3("ObjectCreated:Put", key=quote_plus(longest + "u"))


def test_a_key_that_its_sender_does_not_encode_stays() -> None:
    assert _s3("ObjectCreated:Put", writer="noobaa:s3", key="a+b%20c").subject == "a+b%20c"


@pytest.mark.parametrize("sequencer", [7, None, [], ""])
def test_a_sequencer_that_is_no_text_is_left_out(sequencer: Any) -> None:
    assert "sequencer" not in _s3("ObjectCreated:Put", sequencer=sequencer).data
