"""A bound on the work of matching one event, in steps: a look at one value by one condition.

    budget = Budget(); budget.spend(3)  ->  budget.left == 199_997

An array of 60,000 items below nested alternatives would take minutes, and the sender's request with it. Whatever is not
decided when the steps are used up counts as failed, and the event is recorded all the same.
"""

from typing import Final

MAX_STEPS: Final = 200_000  # about a second of a small function; a usual event takes fewer than one step a trigger


class OverBudgetError(Exception):
    """The steps are used up."""


class Budget:
    """The steps that are left for one event."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps. Raises: OverBudgetError if there are not as many left."""
        self.left -= steps
        if self.left < 0:
            raise OverBudgetError
