"""Event + the triggers it fires -> the ledger's record: the event, and the executions to start for it.

    EventRecord(key=EventKey("tigris-models", "4f1c…"), event=…, starts=(Start(name="trig-1-0d9c…", …),), done=False)

Everything that a start needs is decided here, once. Whoever drives the record later, now or after a crash, starts the
same version under the same name with the same bytes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aftertrain.expressions.budget import MAX_STEPS
from aftertrain.expressions.event_path import path_of
from aftertrain.ingest.event_key import EventKey
from aftertrain.ingest.index import Fired
from aftertrain.ingest.map_params import ParamError, map_params
from aftertrain.ingest.verdict import Outcome, Verdict
from aftertrain.model.event import Event
from aftertrain.model.names import canonical_json, execution_name
from aftertrain.model.policy import Policies
from aftertrain.model.trigger import PipelineVersion, Trigger

ADDED = [("data", name) for name in ("parts", "events", "events_left_out")]
ACCEPTED = "Step Functions accepts it"  # the expected outcome of a start


class Start(NamedTuple):
    """One execution to start. Its name never changes, and its params are those of the first delivery.

    `extra_input`: what policies added to the original event, if this is a replay.
    """

    name: str
    trigger_id: str
    pipeline: PipelineVersion
    params: Mapping[str, Any]
    policies: Policies = Policies()
    extra_input: Mapping[str, Any] = {}

    def input(self, event: Event, extra_input: Mapping[str, Any], slot: str | None = None) -> str:
        """The execution's input: the same bytes for the same record and the same decision.

        `extra_input` is what policies add: `event` replaces the record's event; `parts` and `events` stand beside the
        event's data, where params can read them.
        Raises: ParamError if the event lacks a field that a param reads, or the field has the wrong type.
        """
        extra_input = extra_input if "event" in extra_input else {**self.extra_input, **extra_input}
        envelope = extra_input.get("event", event.envelope())
        extra_data = {name: value for name, value in extra_input.items() if name != "event"}
        envelope = envelope | {"data": envelope["data"] | extra_data} if extra_data else envelope
        deferred = self.policies.debounce or self.policies.assemble
        return canonical_json(
            {
                "event": envelope,
                "params": map_params(self.params, Event.from_envelope(envelope), self.pipeline.types)
                if deferred
                else dict(self.params),
                "trigger": {"id": self.trigger_id} | ({"slot": slot} if slot else {}),
                "pipeline": {"id": self.pipeline.pipeline_id, "version": self.pipeline.version},
            }
        )


class EventRecord(NamedTuple):
    """An event in the ledger. It is `done` when every start has happened or never will.

    `verdicts` leaves out plain starts.
    """

    key: EventKey
    event: Event
    received_at: float
    verdicts: tuple[Verdict, ...]
    starts: tuple[Start, ...]
    done: bool

    def verdict_of(self, trigger_id: str) -> Verdict | None:
        """The recorded verdict of one trigger; None if the trigger simply starts."""
        return next((verdict for verdict in self.verdicts if verdict.trigger_id == trigger_id), None)

    @property
    def unread(self) -> list[Verdict]:
        """The verdicts of triggers that could not be read when the event arrived, and are not decided yet."""
        known = {start.trigger_id for start in self.starts}
        return [verdict for verdict in self.verdicts if not verdict.final and verdict.trigger_id not in known]

    @property
    def all_verdicts(self) -> list[Verdict]:
        """The verdicts of all triggers that the event fired."""
        outcome: Outcome = "started" if self.done else "received"
        decided = {verdict.trigger_id for verdict in self.verdicts}
        undecided = [
            Verdict(start.trigger_id, outcome, execution=start.name, final=self.done)
            for start in self.starts
            if start.trigger_id not in decided
        ]
        return sorted([*self.verdicts, *undecided], key=lambda verdict: verdict.trigger_id)

    @property
    def executions(self) -> list[str]:
        """The ids of the executions that belong to this event, or will once they start."""
        names = {start.trigger_id: start.name for start in self.starts}
        execution_names = []
        for verdict in self.all_verdicts:
            if (not verdict.final or verdict.verdict == "started") and verdict.trigger_id in names:
                execution_names.append(names[verdict.trigger_id])
            elif verdict.verdict in ("assembling", "debounced") and verdict.execution:
                execution_names.append(verdict.execution)
        return execution_names


def new_record(event: Event, source_id: str, fired: Fired, now: float, attempt: str = "") -> EventRecord:
    """The record of a new event. It is done at once if no trigger matches.

    `attempt` makes a replay: a record and executions of its own.
    """
    key = EventKey(source_id, event.id + attempt)
    waiting = [_unreadable(trigger_id) for trigger_id in fired.unreadable]
    verdicts = [over_budget(compiled.trigger.id) for compiled in fired.undecided]
    decided = [new_start(compiled.trigger, event, key) for compiled in fired.matches]
    verdicts += [each for each in decided if isinstance(each, Verdict)]
    starts = tuple(each for each in decided if isinstance(each, Start))
    return EventRecord(key, event, now, (*verdicts, *waiting), starts, done=not starts and not waiting)


def new_start(trigger: Trigger, event: Event, key: EventKey) -> Start | Verdict:
    """The execution that a trigger starts for an event, or why its params cannot be given."""
    deferred = trigger.policies.debounce or trigger.policies.assemble
    try:
        available_params = event_path_params(trigger.params) if deferred else trigger.params
        params = map_params(available_params, event, trigger.pipeline.types)
    except ParamError as error:
        return Verdict(trigger.id, "failed", error.field or "params", "a value", error.message)
    name = execution_name(key.source_id, key.event_id, trigger.id)
    return Start(name, trigger.id, trigger.pipeline, trigger.params if deferred else params, trigger.policies)


def _unreadable(trigger_id: str) -> Verdict:
    """The verdict of a trigger that a newer version wrote, until code comes that can read it."""
    actual = "a newer version wrote it: the event waits"
    return Verdict(trigger_id, "received", "trigger", "code that can read the trigger", actual, final=False)


def over_budget(trigger_id: str) -> Verdict:
    """The verdict of a trigger whose filter the event is too large for."""
    actual = "the event is too large for this filter: ask for fewer nested fields, or send less"
    return Verdict(trigger_id, "failed", "filter", f"matching within {MAX_STEPS} steps", actual)


def event_path_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params except those that read values which policies add later."""
    return {name: value for name, value in params.items() if path_of(value) not in ADDED}
