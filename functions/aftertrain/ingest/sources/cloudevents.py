"""CloudEvents 1.0 over HTTP, binary, structured and batched -> events.

    ce-id: A234, ce-type: com.example.trained, ce-source: /trainer, ce-specversion: 1.0   body: {"run": 7}
    ->  com.example.trained  {"run": 7}

A type that is no dotted name becomes one: com.amazonaws.s3.ObjectCreated:Put becomes
com.amazonaws.s3.object_created_put, and trained becomes cloudevent.trained. `cloudevent_type` keeps the original.

Format: github.com/cloudevents/spec. A sender's `source` and `id` together identify an event, so our id contains both.
Data that is no object stands in `value`; data that is no JSON stands in `base64`.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aftertrain.errors import SenderError
from aftertrain.ingest.parse import parse
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import MAX_TEXT, MAX_TYPE, Draft, drafts, mapping, optional_text, short_text
from aftertrain.ingest.sources.object_change import normalise_type
from aftertrain.model.event import Event
from aftertrain.model.names import digest

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
_BATCH, _STRUCTURED = "application/cloudevents-batch", "application/cloudevents"


def read(delivery: Delivery) -> list[Draft]:
    """The events of a request; the content type says how they are packed."""
    content = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content.startswith(_BATCH):
        if not isinstance(delivery.payload, list):
            raise SenderError("a batch of CloudEvents must be a list", field="body")
        return drafts(delivery.payload, lambda entry, path: _structured(entry, path, delivery), "events")
    if content.startswith(_STRUCTURED):
        return [_structured(delivery.payload, "", delivery)]
    attributes = {
        name.removeprefix("ce-"): unquote(value) for name, value in delivery.headers.items() if name.startswith("ce-")
    }
    return [_event(attributes, delivery.payload, "", delivery)]


def _structured(entry: Any, path: str, delivery: Delivery) -> Event:
    fields = mapping(entry, path or "body")
    if "data" in fields and "data_base64" in fields:
        raise SenderError("a CloudEvent has data or data_base64, not both", field="data_base64")
    data = _decode_data(fields["data_base64"]) if "data_base64" in fields else fields.get("data")
    return _event(fields, data, path, delivery)


def _decode_data(text: Any) -> Any:
    """Read data that is JSON in a string; leave anything else unchanged."""
    try:
        return parse(base64.b64decode(text, validate=True))
    except (SenderError, TypeError, ValueError):
        return {"base64": text}


def _event(fields: Mapping[str, Any], data: Any, path: str, delivery: Delivery) -> Event:
    version = short_text(fields, "specversion", path, 10)
    if not version.startswith("1."):
        raise SenderError(f"specversion is {version!r}: only CloudEvents 1.0 is supported", field="specversion")
    sent_by, sent_id = short_text(fields, "source", path, MAX_TEXT), short_text(fields, "id", path, MAX_TEXT)
    name = short_text(fields, "type", path, MAX_TYPE)
    folded = _fold_type(name)
    data = data if isinstance(data, dict) else {} if data is None else {"value": data}
    return Event(
        type=folded,
        id=digest(sent_by, sent_id),
        source=sent_by,
        time=optional_text(fields, "time", path) or delivery.received,
        subject=optional_text(fields, "subject", path) or "",
        data=data if folded == name else data | {"cloudevent_type": name},
    )


def _fold_type(name: str) -> str:
    """A dotted name, in the sender's own case if it already is one."""
    if _TYPE.fullmatch(name):
        return name
    words = [normalise_type(part) for part in name.split(".") if part]
    return ".".join(words if len(words) > 1 else ["cloudevent", *words])[:MAX_TYPE]
