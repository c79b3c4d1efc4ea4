"""Event -> the set that its object belongs to, and its part there.

    locate_part("m-2-of-3.bin was created", Assemble(pattern=…))  ->  '["models", "m*.bin", 3]', PartNotice("2", 3)

Only an event that brings bytes is about a part. A deletion, a tag or a folder's own entry is not.
"""

import posixpath
from dataclasses import dataclass

from aftertrain.ingest.bucket_object import BucketObject
from aftertrain.ingest.policies.group_key import compile_pattern
from aftertrain.ingest.sources.object_change import writes_bytes
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json
from aftertrain.model.policy import Assemble


@dataclass(frozen=True, slots=True)
class PartNotice:
    """What one object says about its set.

    `needs`: the names of all parts, if this object lists them. `last`: nothing follows; `there`: the folder's objects
    then.
    """

    part: str
    total: int | None = None
    needs: tuple[str, ...] | None = None
    last: bool = False
    there: tuple[BucketObject, ...] = ()


def locate_part(event: Event, policy: Assemble) -> tuple[str, PartNotice] | None:
    """The set that an object belongs to, and its part there; None if it belongs to none."""
    if not writes_bytes(event.type) or event.subject.endswith("/"):
        return None
    bucket = event.data.get("bucket")
    if policy.pattern is not None:
        match = compile_pattern(policy.pattern).search(event.subject)
        if match is None:
            return None
        part, total = (str(match.group(name) or "") for name in ("part", "total"))
        if not (part.isascii() and part.isdigit() and total.isascii() and total.isdigit()):
            return None
        stem = event.subject[: match.start()] + "*" + event.subject[match.end() :]
        return canonical_json([bucket, stem, int(total)]), PartNotice(str(int(part)), int(total))
    folder, name = posixpath.split(event.subject)
    return canonical_json([bucket, folder]), PartNotice(name, last=name == policy.marker)


def explain_no_part(event: Event, policy: Assemble) -> tuple[str, str]:
    """Why an event is about no part: what was expected, and what it is."""
    if not writes_bytes(event.type):
        return "an object that was written", event.type
    if event.subject.endswith("/"):
        return "an object, not a folder", event.subject
    return f"a key that matches {policy.pattern}", event.subject
