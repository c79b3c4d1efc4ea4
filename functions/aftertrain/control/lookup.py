"""Reading what has to be there, with an error that says what is not."""

from collections.abc import Callable
from typing import TypeVar

from aftertrain.control.ports import Entry, Registry, StaleError
from aftertrain.errors import ConflictError, NotFoundError

ATTEMPTS = 5
Result = TypeVar("Result")


def existing(registry: Registry, kind: str, item_id: str) -> Entry:
    """An item that the caller names.

    Raises:
        NotFoundError: there is none.
    """
    entry = registry.get(kind, item_id)
    if entry is None:
        raise NotFoundError(f"there is no {kind} {item_id!r}", field=f"{kind}_id")
    return entry


def absent(registry: Registry, kind: str, item_id: str) -> None:
    """Make sure that an id is free.

    Raises:
        ConflictError: it is not.
    """
    if registry.get(kind, item_id) is not None:
        raise ConflictError(f"there is a {kind} {item_id!r} already: update it, or choose another id", field="id")


def settled(change: Callable[[], Result]) -> Result:
    """Read, decide and commit again where somebody else was faster, so that nobody's change is lost."""
    for _ in range(ATTEMPTS - 1):
        try:
            return change()
        except StaleError:
            continue
    return change()
