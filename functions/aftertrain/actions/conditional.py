"""Choose among steps: the first branch whose condition holds names the step that runs."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool

from aftertrain.actions.action import MEDIUM, Action, Outputs, Params
from aftertrain.model.definition import StepId

# An expression in the definition; true or false when the step runs.
Condition = Annotated[StrictBool, Field(json_schema_extra={"type": ["boolean", "string"]})]


class Branch(Params):
    """One choice. A step that other branches name is skipped."""

    id: str
    """The branch's id, unique in the step."""
    condition: Condition
    """An expression, with or without braces."""
    target_step: StepId | None = None
    """The step that runs if this branch is chosen."""
    label: str = ""
    """A text for people."""


class ConditionalParams(Params):
    """Either `branches`, or one `condition` with two results."""

    one_of = ("branches", "condition")

    branches: list[Branch] = Field(default_factory=list)
    """The branches, in the order in which they are tried."""
    condition: Condition | None = None
    """A single condition."""
    true_result: Any = Field(default_factory=lambda: {"branch": "true"})
    """The `result` if the single condition holds."""
    false_result: Any = Field(default_factory=lambda: {"branch": "false"})
    """The `result` if it does not."""

    @classmethod
    def not_one(cls, params: Mapping[str, Any], may_be_null: Callable[[Any], bool]) -> str | None:  # noqa: ARG003 - the signature is the base's
        """A condition is true or false, and never null."""
        return super().not_one(params, lambda _: False)


class ConditionalOutputs(Outputs):
    """The chosen branch."""

    matched_branch: str | None
    """The id of the chosen branch."""
    matched_label: str | None
    """Its label."""
    target_step: str | None
    """The step that runs."""
    result: Any
    """The result of a single condition."""
    branch: str | None
    """`true` or `false` for a single condition."""


ACTION = Action("conditional", ConditionalParams, ConditionalOutputs, runs="task", timeout_seconds=60, max_bytes=MEDIUM)
