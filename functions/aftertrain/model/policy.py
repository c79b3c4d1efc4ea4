"""A trigger's policies: what happens to matching events before one starts the pipeline.

    Policies.from_item({"concurrency": {"key": None, "limit": 1, "on_full": "replace"}})

They decide in this order: assemble, order, debounce, rate, concurrency. Times are in seconds.
"""

from typing import Any, Literal, NamedTuple

OnFull = Literal["queue", "skip", "replace", "cancel"]
KINDS = ("assemble", "order", "debounce", "rate", "concurrency")


class Key(NamedTuple):
    """What groups events: the values at some paths, or with a `pattern` (RE2), its groups in them."""

    paths: tuple[str, ...]
    pattern: str | None = None

    @classmethod
    def from_item(cls, item: dict[str, Any] | None) -> "Key | None":
        """Read the form in which snapshot and ledger carry it."""
        return None if item is None else cls(tuple(item["paths"]), item["pattern"])


class Order(NamedTuple):
    """Only the newest starts. `by`: the path of a version; None uses the sequencer, the version or the bucket."""

    key: Key | None = None
    by: str | None = None


class Assemble(NamedTuple):
    """Many objects start once, when all are there. One of three fields defines what "all" means.

    `pattern`: RE2 with the groups `part` and `total`, applied to the subject. `index`: the name of a file whose
    `weight_map` lists the others. `marker`: the name of a file that is written last.
    """

    deadline: float
    pattern: str | None = None
    index: str | None = None  # type: ignore[assignment]  # replaces tuple.index, which nobody uses here
    marker: str | None = None


class Debounce(NamedTuple):
    """Starts after `quiet` seconds without an event, at most `max_wait` after the first one."""

    quiet: float
    max_wait: float
    key: Key | None = None


class Rate(NamedTuple):
    """More than `limit` starts in `per` seconds pause the trigger until a person resumes it."""

    limit: int
    per: float


class Concurrency(NamedTuple):
    """At most `limit` executions at once; `on_full` decides about the next one."""

    limit: int
    on_full: OnFull
    key: Key | None = None


class Policies(NamedTuple):
    """The policies of a trigger."""

    assemble: Assemble | None = None
    order: Order | None = None
    debounce: Debounce | None = None
    rate: Rate | None = None
    concurrency: Concurrency | None = None

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> "Policies":
        """Read the form in which snapshot and ledger carry it."""
        return cls(**{kind: _read_policy(_TYPES[kind], fields) for kind, fields in item.items()})

    def item(self) -> dict[str, Any]:
        """The form that `from_item` reads; absent policies are left out."""
        return {kind: _write_policy(value) for kind in KINDS if (value := getattr(self, kind)) is not None}


_TYPES = {"assemble": Assemble, "order": Order, "debounce": Debounce, "rate": Rate, "concurrency": Concurrency}


def _write_policy(policy: Any) -> dict[str, Any]:
    item: dict[str, Any] = policy._asdict()
    return item | ({"key": item["key"]._asdict()} if item.get("key") is not None else {})


def _read_policy(kind: Any, item: dict[str, Any]) -> Any:
    return kind(**item | ({"key": Key.from_item(item["key"])} if "key" in item else {}))
