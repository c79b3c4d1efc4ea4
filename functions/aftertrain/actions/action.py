"""What an action is.

    Action("log", LogParams, LogOutputs, runs="task")

A `task` is a short call that the tasks Lambda makes; a `job` is heavy and runs on the stage's compute. A `wait` is a
task that says until when the path waits then; a `question` is one whose answer somebody sends later; a `pipeline` is
an execution of another pipeline; a `deployment` is a task that answers when its fleet has changed, which may be long
after the call. Params that are written as templates have no value before the event arrives, so only
the others are checked when a pipeline is written; all of them are checked again when the step runs.
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
    """What a step gives to its action; of those in `one_of` exactly one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    one_of: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _check_one_of(self) -> Self:
        if (problem := self.not_one(self.__dict__, lambda _: False)) is not None:
            raise ValueError(problem)
        return self

    @classmethod
    def not_one(cls, params: Mapping[str, Any], may_be_null: Callable[[Any], bool]) -> str | None:
        """What is wrong with which params there are, whatever they are; None if nothing is."""
        present = [params[name] for name in cls.one_of if params.get(name) not in (None, [])]
        unsure = sum(map(may_be_null, present))
        if not cls.one_of or len(present) - unsure <= 1 <= len(present):
            return None
        return f"give one of {', '.join(cls.one_of[:-1])} and {cls.one_of[-1]}"


# A text that is used as an address: what a template puts into it has to be encoded.
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Outputs(BaseModel):
    """What later steps can read: `{{ steps.ID.output.FIELD }}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SMALL, MEDIUM, LARGE = 2_048, 32_768, 131_072  # bytes of JSON


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its name in definitions, the shapes of its params and outputs, where it runs, what is tried again.

    `shape`: for an action whose output depends on its params, the shape that it has given theirs. `passes`: what its
    task is told besides: the token to answer with, or how many events led to this execution. `max_bytes`: how much
    JSON it puts out at most; what a state hands on is counted with it. `alone`: params that name one object, to which
    nothing that lies beside it belongs.
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
        """The output as later steps see it, if it has the promised shape. Raises: AuthorError if it is too large."""
        output = self.outputs.model_validate(value).model_dump(mode="json")
        size = len(canonical_json(output).encode())
        if size > self.max_bytes:
            raise AuthorError(
                f"{self.name} puts out {size} bytes, and may put out {self.max_bytes}: pass references on"
            )
        return output


# Lambda answers with these when it, not the function, is at fault; the function may be called again.
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

# A worker that is gone stops its heartbeat; the job goes to another one.
WORKER_LOST_RETRY = Retrier(errors=("States.HeartbeatTimeout",), attempts=2, interval=1, rate=2.0)

# What stands for an action that nobody knows while the rest of a definition is looked at: it puts out anything.
UNKNOWN = Action("unknown", Params, Outputs, runs="task", timeout_seconds=60, shape=lambda _: Shape())
