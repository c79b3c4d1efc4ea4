"""Choose among steps: the first branch whose condition holds names the one that runs."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.model.definition import StepId

# When the step runs it is true or false; where it is written it is an expression.
Condition = Annotated[StrictBool, Field(json_schema_extra={"type": ["boolean", "string"]})]


class Branch(Params):
    """`condition` is an expression, bare or in braces. The steps that other branches name are skipped."""

    id: str
    condition: Condition
    target_step: StepId | None = None
    label: str = ""


class ConditionalParams(Params):
    """Either `branches`, or one `condition` with what to put out if it holds and if it does not."""

    one_of = ("branches", "condition")

    branches: list[Branch] = Field(default_factory=list)
    condition: Condition | None = None
    true_result: Any = Field(default_factory=lambda: {"branch": "true"})
    false_result: Any = Field(default_factory=lambda: {"branch": "false"})

    @classmethod
    def not_one(cls, params: Mapping[str, Any], may_be_null: Callable[[Any], bool]) -> str | None:  # noqa: ARG003 - the signature is the base's
        """A condition is true or false, and never null."""
        return super().not_one(params, lambda _: False)


class ConditionalOutputs(Outputs):
    """`target_step`: the step that runs. `branch` is "true" or "false" where there was one condition."""

    matched_branch: str | None
    matched_label: str | None
    target_step: str | None
    result: Any
    branch: str | None


ACTION = Action("conditional", ConditionalParams, ConditionalOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
