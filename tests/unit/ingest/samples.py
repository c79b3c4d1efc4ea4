"""Snapshots and requests that the ingest tests share."""

import json
from typing import Any

from aftertrain.ingest.request import Request
from aftertrain.ingest.snapshot import Snapshot, read_snapshot
from aftertrain.model.source import Source, secret_hash
from aftertrain.model.trigger import PipelineVersion, Trigger

TOKEN = "s3cret"
PIPELINE = PipelineVersion("deploy", 3, "arn:aws:states:us-east-1:1:stateMachine:deploy:3")


def snapshot(*triggers: Trigger) -> Snapshot:
    """A Tigris and a platform source with the same token, one with basic, one open, and these triggers."""
    hashes = (secret_hash(TOKEN.encode()),)
    sources = [
        Source("bucket", "tigris", "bearer", hashes),
        Source("platform", "platform", "bearer", hashes),
        Source("basic", "platform", "basic", (secret_hash(b"basic:pass"),)),
        Source("rotating", "platform", "bearer", (secret_hash(b"old"), secret_hash(b"new"))),
        Source("open", "platform", "none"),
    ]
    content = {"sources": [source.item() for source in sources], "triggers": [each.item() for each in triggers]}
    return read_snapshot(1, json.loads(json.dumps(content)))


def trigger(trigger_id: str = "t1", event_type: str = "object.created", **more: Any) -> Trigger:
    """A trigger of the sample pipeline."""
    return Trigger(trigger_id, event_type, PIPELINE, **more)


def tigris_event(key: str = "final/model.safetensors", **more: Any) -> dict[str, Any]:
    """One entry of a Tigris notification."""
    return {
        "eventVersion": "1",
        "eventSource": "tigris",
        "eventName": "OBJECT_CREATED_PUT",
        "eventTime": "2026-05-15T10:30:00.000Z",
        "bucket": "models",
        "object": {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e"},
    } | more


def request(body: Any, source: str = "bucket", authorization: str | None = f"Bearer {TOKEN}") -> Request:
    """A POST with a JSON body, or raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(source, {"authorization": authorization} if authorization else {}, raw)


def notification(*entries: dict[str, Any]) -> Request:
    """A Tigris notification of these entries, or of one sample entry."""
    return request({"events": list(entries or (tigris_event(),))})
