"""A webhook of the Hugging Face Hub -> events.

    {"event": {"action": "update", "scope": "repo.content"}, "repo": {"type": "model", "name": "org/m", …},
     "updatedRefs": [{"ref": "refs/heads/main", "oldSha": "ce…", "newSha": "57…"}]}
    ->  model.updated  {model_id, model_name, model_source: "hugging_face", ref, sha, …}

Format: huggingface.co/docs/hub/webhooks. Only a change of `refs/heads/main` updates the model. Another branch or a pull
request gives `model.ref_updated`, a deleted ref `model.ref_deleted`, and a change of settings `model.config_updated`. A
delivery has no id, so the id is made of the change itself.
"""

from collections.abc import Mapping
from typing import Any

from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.ingest.sources.draft import Draft, drafts, mapping, optional_text, text
from aftertrain.ingest.sources.object_change import normalise_type
from aftertrain.model.event import Event
from aftertrain.model.names import digest

MAIN = "refs/heads/main"
_REPO = {"create": "added", "delete": "deleted", "update": "updated", "move": "moved"}


def read(delivery: Delivery) -> list[Draft]:
    """One event per updated ref, or one for any other change."""
    fields = mapping(delivery.payload, "body")
    change, repo = mapping(fields.get("event"), "event"), mapping(fields.get("repo"), "repo")
    action, scope = text(change, "action", "event"), text(change, "scope", "event")
    refs = fields.get("updatedRefs")
    if scope == "repo.content" and isinstance(refs, list) and refs:
        return drafts(refs, lambda ref, path: _ref_event(mapping(ref, path), repo, delivery), "updatedRefs")
    family = text(repo, "type", "repo")
    word = _REPO.get(action) or normalise_type(action)
    if scope != "repo.content" and action == "update":  # the repository's settings changed, not its content
        word = "config_updated"
    kind = f"{normalise_type(family)}.{word}" if scope.startswith("repo") else ""
    kind = kind or f"{normalise_type(scope.partition('.')[0])}.{normalise_type(action)}"
    changed = [str(fields.get(name)) for name in ("updatedConfig", "discussion", "comment", "movedTo")]
    event_id = digest(scope, action, text(repo, "name", "repo"), str(repo.get("headSha")), *changed)
    return [_event(kind, event_id, repo, {"action": action, "scope": scope}, delivery)]


def _ref_event(ref: Mapping[str, Any], repo: Mapping[str, Any], delivery: Delivery) -> Event:
    name = text(ref, "ref", "updatedRefs")
    old, new = optional_text(ref, "oldSha", "updatedRefs"), optional_text(ref, "newSha", "updatedRefs")
    word = "ref_deleted" if not (new or "").strip("0") else "updated" if name == MAIN else "ref_updated"
    kind = f"{normalise_type(text(repo, 'type', 'repo'))}.{word}"
    event_id = digest(text(repo, "name", "repo"), name, str(old), str(new))
    return _event(kind, event_id, repo, {"ref": name, "old_sha": old, "sha": new}, delivery)


def _event(kind: str, event_id: str, repo: Mapping[str, Any], extra: dict[str, Any], delivery: Delivery) -> Event:
    name = text(repo, "name", "repo")
    data: dict[str, Any] = {
        "model_id": name,
        "model_name": name.rpartition("/")[2],
        "model_source": "hugging_face",
        "model_uri": f"hf://{name}",
        "head_sha": optional_text(repo, "headSha", "repo"),
        "private": repo.get("private") is True,
        "tags": repo.get("tags") if isinstance(repo.get("tags"), list) else [],
    }
    return Event(kind, event_id, delivery.source.id, delivery.received, name, data | extra)
