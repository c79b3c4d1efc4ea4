"""The record that describes an action.

    Action("log", LogParams, LogOutputs, runs="task")

What it `runs` decides where the work happens:

- `task`: a short call in the tasks Lambda.
- `job`: heavy work on the stage's compute.
- `wait`: a task that computes the time until which the path waits.
- `question`: a task whose answer a person sends later.
- `pipeline`: an execution of another pipeline.
- `deployment`: a task that answers when its fleet has changed, maybe long after the call.

A param written as a template has no value before the event arrives, so publishing a pipeline checks only the other
params; a task checks all of its params when the step runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aftertrain.asl.states import Retrier
from aftertrain.errors import AuthorError
from aftertrain.expressions.shapes import Shape
from aftertrain.model.names import canonical_json

Runs = Literal["task", "job", "wait", "question", "pipeline", "deployment"]


class Params(BaseModel):
    """The params of a step; if `one_of` is set, exactly one of those must be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    one_of: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _check_one_of(self) -> Self:
        if (problem := self.not_one(self.__dict__, lambda _: False)) is not None:
            raise ValueError(problem)
        return self

    @classmethod
    def not_one(cls, params: Mapping[str, Any], may_be_null: Callable[[Any], bool]) -> str | None:
        """What is wrong with the set of given params; None if nothing is."""
        present = [params[name] for name in cls.one_of if params.get(name) not in (None, [])]
        unsure = sum(map(may_be_null, present))
        if not cls.one_of or len(present) - unsure <= 1 <= len(present):
            return None
        return f"give one of {', '.join(cls.one_of[:-1])} and {cls.one_of[-1]}"


# A URL: values that a template puts into it must be encoded.
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Outputs(BaseModel):
    """What later steps can read: `{{ steps.ID.output.FIELD }}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SMALL, MEDIUM, LARGE = 2_048, 32_768, 131_072  # bytes of JSON


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its name, the shapes of its params and outputs, where it runs, and what is retried.

    `shape`: for an action whose output depends on its params, the output's shape given theirs. `passes`: what else the
    task needs: the token for a later answer, or the depth of the execution's chain of events. `max_bytes`: the largest
    output as JSON, which counts towards a state's limit. `alone`: params that name a single object, without its folder.
    """

    name: str
    params: type[Params]
    outputs: type[Outputs]
    runs: Runs
    timeout_seconds: int
    retry: tuple[Retrier, ...] = ()
    shape: Callable[[Mapping[str, Shape]], Shape] | None = None
    passes: tuple[Literal["token", "depth"], ...] = ()
    max_bytes: int = SMALL
    alone: tuple[str, ...] = ("dataset_uri", "sample_uri")

    def check_output(self, value: Any) -> dict[str, Any]:
        """The output as later steps read it, checked against its model. Raises: AuthorError if it is too large."""
        output = self.outputs.model_validate(value).model_dump(mode="json")
        size = len(canonical_json(output).encode())
        if size > self.max_bytes:
            raise AuthorError(
                f"the output of {self.name} has {size} bytes, and the limit is {self.max_bytes}: return references"
            )
        return output


# Errors of Lambda itself, not of the function; calling again is safe.
LAMBDA_RETRY = Retrier(
    errors=(
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ),
    attempts=6,
    interval=2,
    rate=2.0,
    cap=60,
    jitter=True,
    transient=True,
)

# A lost worker sends no heartbeats; its job goes to another one.
WORKER_LOST_RETRY = Retrier(errors=("States.HeartbeatTimeout",), attempts=2, interval=1, rate=2.0)

# Replaces an unknown action while the rest of a definition is checked: its output may be anything.
UNKNOWN = Action("unknown", Params, Outputs, runs="task", timeout_seconds=60, shape=lambda _: Shape())
