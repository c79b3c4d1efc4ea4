"""A trigger and an event -> what would happen, without starting anything.

dry_run(event, sender, {"id": "trig-1", "event_type": "object.created", "where": '`key` REGEXP "^final/"', …})
->  {"matched": False, "verdict": "filtered", "clause": "where", "expected": '`key` REGEXP "^final/"',
     "actual": "tmp/x", "params": None, "would_start": None, …}
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from aftertrain.control import triggers
from aftertrain.control.bodies import BacktestRequest, TriggerTest
from aftertrain.control.explain import explain, sender_of
from aftertrain.control.ports import ControlPorts
from aftertrain.control.require import published_definition
from aftertrain.errors import AftertrainError, AuthorError
from aftertrain.expressions.budget import Budget, OverBudgetError
from aftertrain.expressions.pattern import Pattern, compile_pattern
from aftertrain.expressions.where import Comparison, compile_where
from aftertrain.ingest.event_record import event_path_params
from aftertrain.ingest.map_params import map_params
from aftertrain.ingest.normalise import normalise
from aftertrain.ingest.parse import parse
from aftertrain.ingest.policies.part_notice import explain_no_part, locate_part
from aftertrain.ingest.sources.delivery import Delivery
from aftertrain.model.definition import Parameter, TriggerSpec, types_of
from aftertrain.model.event import Event
from aftertrain.model.names import slug
from aftertrain.model.policy_spec import policies_of
from aftertrain.model.source import SOURCE_KINDS, Source

LOOKED_AT = 5000  # stored events that a backtest reads, the newest ones
_BESIDE = ("pipeline_id", "types")  # fields of an item that a trigger in a definition does not have
NEAREST = 20


def triggers_in(value: Any, name: str) -> list[dict[str, Any]]:
    """The triggers in a file: a single trigger, or those of a pipeline.

    Raises: AuthorError
    """
    if not isinstance(value, dict):
        raise AuthorError(f"{name} is not a trigger: write an object with event_type")
    listed = value.get("triggers", [value])
    declared = value.get("types")
    if declared is not None and not (
        isinstance(declared, dict) and all(isinstance(item, str) for item in declared.values())
    ):
        raise AuthorError(f"{name}: types must be an object of texts", field="types")
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        raise AuthorError(f"{name}: triggers must be a list of objects with event_type")
    pipeline = slug(str(value["name"])) if "name" in value else None
    try:
        specs = [TriggerSpec.model_validate({k: v for k, v in item.items() if k not in _BESIDE}) for item in listed]
    except ValidationError as error:
        first = error.errors()[0]
        raise AuthorError(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    types = _types(value.get("parameters")) if declared is None else declared
    return [
        spec.model_dump(mode="json")
        | {
            "types": types,
            "id": spec.id or f"{name}-{number}",
            "pipeline_id": item.get("pipeline_id", pipeline),
        }
        for number, (spec, item) in enumerate(zip(specs, listed, strict=True))
    ]


def _types(parameters: Any) -> dict[str, str]:
    """The declared types of the parameters; `validate` reports what is wrong with them."""
    try:
        return types_of([Parameter.model_validate(parameter) for parameter in parameters or ()])
    except (ValidationError, TypeError):
        return {}


def events_in(value: Any, name: str) -> tuple[list[Event], Source]:
    """The events of a sample request, {source, headers, body}, or the one of an envelope, and a sender of its kind.

    Raises: AuthorError for an unknown kind of source, SenderError for a request that no such sender sends.
    """
    request = isinstance(value, dict) and {"source", "headers", "body"} <= value.keys()
    kind = value["source"] if request else "platform"
    if kind not in SOURCE_KINDS:
        raise AuthorError(f"{name}: unknown kind of source {kind!r}")
    if request and not isinstance(value["headers"], dict):
        raise AuthorError(f"{name}: headers must be an object of texts")
    headers = {key.lower(): str(text) for key, text in value["headers"].items()} if request else {}
    body = value["body"] if request else value
    payload = parse(body.encode(errors="surrogatepass")) if isinstance(body, str) else body
    sender = Source("", kind, "none")
    drafts = normalise(Delivery(payload, sender, headers, datetime.now(UTC).isoformat()))
    for draft in drafts:
        if isinstance(draft, AftertrainError):
            raise draft
    return [draft for draft in drafts if isinstance(draft, Event)], sender


def dry_run(event: Event, sender: Source | None, item: dict[str, Any]) -> dict[str, Any]:
    """The verdict that a trigger would give. `would_start` names the pipeline and the policies that still decide."""
    verdict = explain(event, sender, item)
    base: dict[str, Any] = {"event_id": event.id, "subject": event.subject, "trigger_id": item["id"]}
    matched = verdict.clause == "created_at"  # every filter lets the event pass
    if not matched:
        return (
            base
            | verdict.item()
            | {"matched": False, "passed": _count_passed(event, item), "params": None, "would_start": None}
        )
    try:
        params = map_params(event_path_params(item.get("params") or {}), event, item.get("types") or {})
    except AftertrainError as error:
        failed = {"verdict": "failed", "clause": error.field, "expected": "a value", "actual": error.message}
        return base | failed | {"matched": True, "passed": 0, "params": None, "would_start": None}
    policies = policies_of(item)
    start = {"pipeline_id": item.get("pipeline_id"), "policies": list(policies.item())}
    outcome = {"verdict": "started", "clause": "", "expected": None, "actual": None}
    if policies.assemble is not None:
        if locate_part(event, policies.assemble) is None:
            expected, actual = explain_no_part(event, policies.assemble)
            filtered = {"verdict": "filtered", "clause": "assemble", "expected": expected, "actual": actual}
            return base | filtered | {"matched": False, "passed": 0, "params": None, "would_start": None}
        outcome |= {"verdict": "assembling", "clause": "assemble"}
    elif policies.debounce is not None:
        outcome |= {"verdict": "debounced", "clause": "debounce"}
    return base | outcome | {"matched": True, "passed": 0, "params": params, "would_start": start}


def _count_passed(event: Event, item: dict[str, Any]) -> int:
    """How many conditions of a trigger an event meets; more means nearer to a match."""
    where, pattern, budget = item.get("where"), item.get("filter") or {}, Budget()
    conditions: list[Comparison | Pattern] = [*(compile_where(where).comparisons if where else ())]
    conditions += [compile_pattern({key: value}) for key, value in pattern.items()]
    passed = 0
    with suppress(OverBudgetError):
        for condition in conditions:
            passed += condition.failure(event, budget) is None
    return passed


def run_test(body: TriggerTest, ports: ControlPorts) -> list[dict[str, Any]]:
    """The verdicts for an event, or for the events of a request. Raises: AuthorError, NotFoundError."""
    item = _item(body.trigger, ports)
    events, sender = events_in(body.event, "the event")
    return [dry_run(event, sender, item) for event in events]


def run_backtest(body: BacktestRequest, ports: ControlPorts) -> dict[str, Any]:
    """Which stored events a trigger would have matched, and its nearest misses; replays do not count.

    Returns: {events, matched, missed, complete}. `events` counts the events read; not `complete` means that more exist.
    """
    item, now = _item(body.trigger, ports), datetime.fromisoformat(ports.clock())
    since = (now - timedelta(seconds=body.since_seconds)).isoformat(timespec="milliseconds")
    scan = ports.runs.all_events(since, now.isoformat(timespec="milliseconds"), LOOKED_AT)
    entries = [entry for entry in scan.items if "~" not in entry["record_id"]]
    senders = {source_id: sender_of(source_id, ports) for source_id in {entry["source_id"] for entry in entries}}
    verdicts = [dry_run(Event.from_envelope(entry), senders[entry["source_id"]], item) for entry in entries]
    missed = [entry for entry in verdicts if not entry["matched"] and entry["clause"] != "event_type"]
    return {
        "events": len(verdicts),
        "matched": [entry for entry in verdicts if entry["matched"]],
        "missed": sorted(missed, key=lambda entry: -entry["passed"])[:NEAREST],
        "complete": scan.complete,
    }


def _item(trigger: str | dict[str, Any], ports: ControlPorts) -> dict[str, Any]:
    """A trigger by its id, or a definition that does not exist yet."""
    if isinstance(trigger, str):
        return _with_types(triggers.get(trigger, ports), ports)
    (item, *extra) = triggers_in(trigger, "the trigger")
    if extra:
        raise AuthorError("the file has several triggers: pass one", field="trigger")
    return item if item["types"] else _with_types(item, ports)


def _with_types(item: dict[str, Any], ports: ControlPorts) -> dict[str, Any]:
    pipeline_id = item["pipeline_id"]  # a trigger that does not exist yet need not name its pipeline
    pipeline = ports.registry.get("pipeline", pipeline_id) if pipeline_id else None
    return item | {"types": published_definition(pipeline.item["definition"]).types if pipeline else {}}
