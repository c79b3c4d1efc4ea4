"""What must hold when the senders have ended and nothing is killed any more."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aftertrain.aws.record_item import from_item
from aftertrain.ingest.event_record import EventRecord
from aftertrain.model.names import execution_name
from tests.chaos.stage import LEDGER, POLICIES, Stage
from tests.chaos.traffic import PARTS, Sent


def records(stage: Stage) -> dict[tuple[str, str], EventRecord]:
    """Every recorded event, by its source and id."""
    pages = stage.client("dynamodb").get_paginator("scan").paginate(TableName=LEDGER)
    items = [item for page in pages for item in page["Items"] if item["pk"]["S"].startswith("event#")]
    found = [from_item(item) for item in items]
    return {(record.key.source_id, record.key.event_id): record for record in found}


def executions(stage: Stage) -> dict[str, list[str]]:
    """The names of the executions of each kind."""
    paginator = stage.client("stepfunctions").get_paginator("list_executions")
    return {
        kind: [each["name"] for page in paginator.paginate(stateMachineArn=arn) for each in page["executions"]]
        for kind, arn in stage.machines.items()
    }


def unfinished(stage: Stage) -> int:
    """The events that are recorded and not done, and the messages in the queue."""
    open_records = sum(not record.done for record in records(stage).values())
    return open_records + _messages(stage, stage.environment["REDRIVE_QUEUE_URL"])


def broken(sent: list[Sent], stage: Stage) -> Iterator[str]:
    """Every violation, as a sentence."""
    known, started = records(stage), executions(stage)
    for kind, names in started.items():
        yield from (f"{kind}: {name} started {count} times" for name, count in Counter(names).items() if count > 1)
    by_kind: dict[str, list[Sent]] = defaultdict(list)
    for each in sent:
        by_kind[each.kind].append(each)
        record = known.get((each.source, each.envelope["event_id"]))
        if record is None:
            yield f"{each.envelope['event_id']} was acknowledged and is not recorded"
        elif not record.done:
            yield f"{each.envelope['event_id']} is stuck: {record.all_verdicts}"
    for kind in POLICIES:
        events = map(_Frozen, by_kind[kind])
        expected = {each: execution_name(each.source, each.id, kind) for each in events}
        yield from _broken_policy(Outcome(stage, kind, expected, set(started[kind]), known))
    if dead := _messages(stage, stage.dead_letters):
        yield f"{dead} dead letters"


@dataclass(frozen=True)
class Outcome:
    """What became of one kind of event: the name that each event's execution has, and the executions that started."""

    stage: Stage
    kind: str
    names: dict["_Frozen", str]
    started: set[str]
    known: dict[tuple[str, str], EventRecord]

    @property
    def groups(self) -> dict[str, list[str]]:
        """The names of the executions that each group's events may have."""
        found: dict[str, list[str]] = defaultdict(list)
        for each, name in self.names.items():
            found[each.group].append(name)
        return found


def _broken_policy(outcome: Outcome) -> Iterator[str]:
    if extra := outcome.started - {*outcome.names.values()}:
        yield f"{outcome.kind}: {len(extra)} executions belong to no event"
    yield from (f"{outcome.kind}: {breach}" for breach in _LAWS[outcome.kind](outcome))


def _each_has_one(outcome: Outcome) -> Iterator[str]:
    yield from (f"{each} has no execution" for each, name in outcome.names.items() if name not in outcome.started)


def _each_set_has_one(outcome: Outcome) -> Iterator[str]:
    for group, names in outcome.groups.items():
        ran = [name for name in names if name in outcome.started]
        if len(ran) != 1:
            yield f"{group} started {len(ran)} times"
        elif len(_input(outcome.stage, outcome.kind, ran[0])["event"]["data"]["parts"]) != PARTS:
            yield f"{group} started without all parts"


def _each_group_has_some(outcome: Outcome) -> Iterator[str]:
    yield from (f"{group} never started" for group, names in outcome.groups.items() if not outcome.started & {*names})


def _the_newest_started(outcome: Outcome) -> Iterator[str]:
    newest = {each.group: each for each in sorted(outcome.names, key=lambda each: each.version)}
    late = (group for group, each in newest.items() if outcome.names[each] not in outcome.started)
    yield from (f"the newest of {group} did not start" for group in late)


def _each_verdict_is_true(outcome: Outcome) -> Iterator[str]:
    for each, name in outcome.names.items():
        verdict = outcome.known[each.source, each.id].all_verdicts[0].verdict
        if (verdict == "started") != (name in outcome.started):
            yield f"{each} says {verdict}"


_LAWS: dict[str, Callable[[Outcome], Iterator[str]]] = {
    **dict.fromkeys(("plain", "heavy", "queue", "rate"), _each_has_one),
    "skip": _each_verdict_is_true,
    "sets": _each_set_has_one,
    "debounce": _each_group_has_some,
    "order": _the_newest_started,
}


class _Frozen:
    """A sent event that can be a key."""

    def __init__(self, sent: Sent) -> None:
        self.source, self.group, self.id = sent.source, sent.group, str(sent.envelope["event_id"])
        self.version = int(sent.envelope["data"]["version"])

    def __str__(self) -> str:
        return self.id


def _input(stage: Stage, kind: str, name: str) -> Any:
    arn = f"{stage.machines[kind].replace(':stateMachine:', ':execution:')}:{name}"
    return json.loads(stage.client("stepfunctions").describe_execution(executionArn=arn)["input"])


def _messages(stage: Stage, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stage.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found.get(name, 0)) for name in names)
