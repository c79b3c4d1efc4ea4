"""The states that the compiler emits, as frozen nodes, and their ASL.

    Pass(output={"a": 1}, next=None)  ->  {"Type": "Pass", "Output": {"a": 1}, "End": true}

Only JSONata, and only features that behave alike in AWS and on the local stage: a Parallel has no Output or Assign; the
state after it reads the branches' outputs from its input. `next=None` ends the branch or the machine.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Retrier:
    """Retry after `interval` seconds, then `interval * rate`, at most `cap` seconds apart.

    `transient`: the retries are for rare moments in which an AWS service does not answer. `uses_time_limit`: an attempt
    that ends with these errors has used the state's whole time limit. Neither flag is part of the ASL.
    """

    errors: tuple[str, ...]
    attempts: int
    interval: int
    rate: float
    cap: int | None = None
    jitter: bool = False
    transient: bool = False
    uses_time_limit: bool = False

    def json(self) -> Json:
        """As ASL."""
        return {
            "ErrorEquals": list(self.errors),
            "MaxAttempts": self.attempts,
            "IntervalSeconds": self.interval,
            "BackoffRate": self.rate,
            **({"MaxDelaySeconds": self.cap} if self.cap else {}),
            **({"JitterStrategy": "FULL"} if self.jitter else {}),
        }


@dataclass(frozen=True, slots=True)
class Catcher:
    """The next state after a failure, and its input."""

    next: str
    output: Json = None
    assign: dict[str, Json] = field(default_factory=dict)
    errors: tuple[str, ...] = ("States.ALL",)

    def json(self) -> Json:
        """As ASL."""
        return {
            "ErrorEquals": list(self.errors),
            **({"Assign": self.assign} if self.assign else {}),
            **({} if self.output is None else {"Output": self.output}),
            "Next": self.next,
        }


@dataclass(frozen=True, slots=True)
class Task:
    """Work: a Lambda invocation, an activity, a service call."""

    resource: str
    arguments: Json
    next: str | None
    output: Json = None
    assign: dict[str, Json] = field(default_factory=dict)
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    timeout: int | None = None
    heartbeat: int | None = None
    comment: str | None = None

    def json(self) -> Json:
        """As ASL."""
        return {
            "Type": "Task",
            **({"Comment": self.comment} if self.comment else {}),
            "Resource": self.resource,
            "Arguments": self.arguments,
            **({"TimeoutSeconds": self.timeout} if self.timeout else {}),
            **({"HeartbeatSeconds": self.heartbeat} if self.heartbeat else {}),
            **({"Assign": self.assign} if self.assign else {}),
            **({} if self.output is None else {"Output": self.output}),
            **({"Retry": [item.json() for item in self.retry]} if self.retry else {}),
            **({"Catch": [item.json() for item in self.catch]} if self.catch else {}),
            **_next_field(self.next),
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """One exit of a Choice."""

    condition: str
    next: str
    assign: dict[str, Json] = field(default_factory=dict)
    output: Json = None

    def json(self) -> Json:
        """As ASL."""
        return {
            "Condition": self.condition,
            **({"Assign": self.assign} if self.assign else {}),
            **({} if self.output is None else {"Output": self.output}),
            "Next": self.next,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """The first rule whose condition holds, else the default; without a default, the last rule always holds."""

    rules: tuple[Rule, ...]
    default: str | None = None

    def json(self) -> Json:
        """As ASL."""
        default = {"Default": self.default} if self.default else {}
        return {"Type": "Choice", "Choices": [rule.json() for rule in self.rules], **default}


@dataclass(frozen=True, slots=True)
class Pass:
    """A change of data only."""

    output: Json
    next: str | None
    assign: dict[str, Json] = field(default_factory=dict)

    def json(self) -> Json:
        """As ASL."""
        return {
            "Type": "Pass",
            **({"Assign": self.assign} if self.assign else {}),
            **({} if self.output is None else {"Output": self.output}),
            **_next_field(self.next),
        }


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait until a time, or for some seconds."""

    next: str | None
    timestamp: str | None = None
    seconds: int | None = None
    output: Json = None
    assign: dict[str, Json] = field(default_factory=dict)

    def json(self) -> Json:
        """As ASL."""
        return {
            "Type": "Wait",
            **({"Timestamp": self.timestamp} if self.timestamp else {"Seconds": self.seconds}),
            **({"Assign": self.assign} if self.assign else {}),
            **({} if self.output is None else {"Output": self.output}),
            **_next_field(self.next),
        }


@dataclass(frozen=True, slots=True)
class Fail:
    """The end of the machine, as a failure."""

    error: str
    cause: str
    next: None = None

    def json(self) -> Json:
        """As ASL."""
        return {"Type": "Fail", "Error": self.error, "Cause": self.cause}


@dataclass(frozen=True, slots=True)
class Scope:
    """States by name in display order, and the first of them: a branch or a whole machine."""

    start: str
    states: "dict[str, State]"

    def json(self) -> Json:
        """As ASL."""
        return {"StartAt": self.start, "States": {name: state.json() for name, state in self.states.items()}}


@dataclass(frozen=True, slots=True)
class Parallel:
    """Branches that run side by side; the output is the list of their outputs."""

    branches: tuple[Scope, ...]
    next: str | None
    catch: tuple[Catcher, ...] = ()

    def json(self) -> Json:
        """As ASL."""
        return {
            "Type": "Parallel",
            "Branches": [branch.json() for branch in self.branches],
            **({"Catch": [item.json() for item in self.catch]} if self.catch else {}),
            **_next_field(self.next),
        }


@dataclass(frozen=True, slots=True)
class Map:
    """A scope for each item of an array; the output is the list of theirs. `label` makes each item an execution.

    `max_items`: the largest number of items, for measuring; it is not part of the ASL.
    """

    items: Json
    selector: Json
    scope: Scope
    concurrency: int
    next: str | None
    assign: dict[str, Json] = field(default_factory=dict)
    catch: tuple[Catcher, ...] = ()
    label: str | None = None
    comment: str | None = None
    max_items: int = 1

    def json(self) -> Json:
        """As ASL."""
        mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if self.label else {"Mode": "INLINE"}
        return {
            "Type": "Map",
            **({"Comment": self.comment} if self.comment else {}),
            **({"Label": self.label} if self.label else {}),
            "Items": self.items,
            "ItemSelector": self.selector,
            "MaxConcurrency": self.concurrency,
            "ItemProcessor": {"ProcessorConfig": mode, **self.scope.json()},
            **({"Assign": self.assign} if self.assign else {}),
            **({"Catch": [item.json() for item in self.catch]} if self.catch else {}),
            **_next_field(self.next),
        }


State = Task | Choice | Pass | Wait | Parallel | Map | Fail


def targets(state: State) -> list[str]:
    """The states that a state may lead to."""
    match state:
        case Choice(rules=rules, default=default):
            return [*(rule.next for rule in rules), *([default] if default else [])]
        case Task(next=target, catch=catch) | Parallel(next=target, catch=catch) | Map(next=target, catch=catch):
            return [*([target] if target else []), *(catcher.next for catcher in catch)]
        case _:
            return [state.next] if state.next else []


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole state machine."""

    comment: str
    scope: Scope
    timeout: int | None = None

    def json(self) -> Json:
        """As ASL."""
        return {
            "Comment": self.comment,
            "QueryLanguage": "JSONata",
            **({"TimeoutSeconds": self.timeout} if self.timeout else {}),
            **self.scope.json(),
        }


def _next_field(next_state: str | None) -> Json:
    return {"End": True} if next_state is None else {"Next": next_state}
