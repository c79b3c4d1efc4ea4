"""A trigger's policies as authors write them -> the form that ingest uses.

    {"order": "latest", "concurrency": {"limit": 1, "on_full": "replace"}, "debounce": {"quiet": "30s"}}
    ->  Policies(order=Order(), debounce=Debounce(quiet=30.0, max_wait=600.0), concurrency=Concurrency(1, "replace"))

A duration is a number of seconds, or a number with s, m, h or d. A key is a field's path, several paths, or a path with
a pattern (RE2) whose groups identify the events that belong together.
"""

import re
from typing import Annotated, Any, Literal, Self

import re2
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from aftertrain.model.policy import KINDS, Assemble, Concurrency, Debounce, Key, OnFull, Order, Policies, Rate
from aftertrain.model.written import Written

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*([smhd])$")
DAY, WEEK = 86_400.0, 7 * 86_400.0
Path = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$", max_length=200)]


def _tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _as_key(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | list) else value


def _check_pattern(pattern: str) -> str:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"not a valid RE2 regular expression: {reason}") from None
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_check_pattern)]


def _parse_seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _DURATION.match(value.strip())
    if match is None:
        raise ValueError("write a duration as seconds, or as a number with s, m, h or d, such as 30s")
    return float(match.group(1)) * _UNITS[match.group(2)]


_Text = Annotated[str, Field(pattern=_DURATION.pattern)]
Seconds = Annotated[float, BeforeValidator(_parse_seconds, json_schema_input_type=float | _Text)]
Keep = Literal["latest", "all"]
UpToAWeek = Annotated[Seconds, Field(gt=0, le=WEEK)]


class KeySpec(Written):
    """`path`: fields of the event. `pattern`: applied to their values."""

    path: Annotated[tuple[Path, ...], BeforeValidator(_tuple, json_schema_input_type=Path | list[Path])] = ("subject",)
    pattern: Pattern | None = None


KeyText = Annotated[KeySpec, BeforeValidator(_as_key, json_schema_input_type=Path | list[Path] | KeySpec)]


def _as_order(value: Any) -> Any:
    return {"keep": value} if isinstance(value, str) else value


class OrderSpec(Written):
    """`by`: the path of a version, used instead of the sequencer and the bucket."""

    keep: Keep = "latest"
    key: KeyText | None = None
    by: Path | None = None


OrderText = Annotated[OrderSpec, BeforeValidator(_as_order, json_schema_input_type=Keep | OrderSpec)]


class AssembleSpec(Written):
    """One of `pattern` (with the groups `part` and `total`), `index` and `marker`."""

    pattern: Pattern | None = None
    index: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    marker: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    deadline: UpToAWeek = 3600.0

    @model_validator(mode="after")
    def _check_alternatives(self) -> Self:
        if sum(value is not None for value in (self.pattern, self.index, self.marker)) != 1:
            raise ValueError("give one of pattern, index and marker")
        if self.pattern is not None and not all(f"(?P<{name}>" in self.pattern for name in ("part", "total")):
            raise ValueError(r"the pattern needs the groups part and total: -(?P<part>\d+)-of-(?P<total>\d+)")
        return self


class DebounceSpec(Written):
    """`max_wait` bounds the delay of a burst that never ends."""

    quiet: Annotated[Seconds, Field(gt=0, le=DAY)]
    max_wait: UpToAWeek = 600.0
    key: KeyText | None = None

    @model_validator(mode="after")
    def _check_max_wait(self) -> Self:
        if self.max_wait < self.quiet:
            raise ValueError("max_wait is less than quiet")
        return self


class RateSpec(Written):
    """More than `limit` starts in `per` pause the trigger."""

    limit: Annotated[int, Field(ge=1, le=1000)]
    per: Annotated[Seconds, Field(gt=0, le=WEEK)]


class ConcurrencySpec(Written):
    """At most `limit` executions of one key at once."""

    limit: Annotated[int, Field(ge=1, le=500)] = 1
    on_full: OnFull = "queue"
    key: KeyText | None = None


class PolicySpecs(Written):
    """The policies of a trigger; each is optional."""

    assemble: AssembleSpec | None = None
    order: OrderText | None = None
    debounce: DebounceSpec | None = None
    rate: RateSpec | None = None
    concurrency: ConcurrencySpec | None = None

    def policies(self) -> Policies:
        """The policies in the form that ingest uses."""
        return Policies(
            assemble=_assemble(self.assemble),
            order=_order(self.order),
            debounce=_debounce(self.debounce),
            rate=None if self.rate is None else Rate(self.rate.limit, self.rate.per),
            concurrency=_concurrency(self.concurrency),
        )


def policies_of(trigger: dict[str, Any]) -> Policies:
    """The policies of a stored trigger; a trigger stored before policies existed has none."""
    return PolicySpecs.model_validate({kind: trigger.get(kind) for kind in KINDS}, strict=False).policies()


def _key(key: KeySpec | None) -> Key | None:
    return None if key is None else Key(key.path, key.pattern)


def _assemble(spec: AssembleSpec | None) -> Assemble | None:
    return None if spec is None else Assemble(spec.deadline, spec.pattern, spec.index, spec.marker)


def _order(spec: OrderSpec | None) -> Order | None:
    return None if spec is None or spec.keep == "all" else Order(_key(spec.key), spec.by)


def _debounce(spec: DebounceSpec | None) -> Debounce | None:
    return None if spec is None else Debounce(spec.quiet, spec.max_wait, _key(spec.key))


def _concurrency(spec: ConcurrencySpec | None) -> Concurrency | None:
    return None if spec is None else Concurrency(spec.limit, spec.on_full, _key(spec.key))
