"""Triggers of one event type -> an index that finds the ones an event fires without testing each.

Trigger n is bit n of a number. For each path that filters read, a table maps a value to the triggers it satisfies; the
event fires the triggers that remain after every table. Tables use dicts for equality and affixes and bisection for
bounds, so the cost grows with the number of paths, not of triggers. A filter that tables cannot express runs itself,
but only for triggers that the tables leave. `compiled_trigger.find_mismatch` defines the right answer, here and in
tests.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from operator import or_
from typing import Any, Final, NamedTuple

from aftertrain.expressions.budget import Budget, OverBudgetError
from aftertrain.expressions.lookup import MISSING
from aftertrain.ingest.compiled_trigger import CompiledTrigger, find_mismatch
from aftertrain.ingest.pattern_index import PatternIndex
from aftertrain.ingest.predicates import Affix, Bound, Equal, Exists, Path, Predicate, Wild, predicates
from aftertrain.model.event import Event

_UNKNOWN: Final = object()  # an array lies on the path: only the filter itself can pick the item
FEW = 12  # up to this many bits are faster to find one by one
_NOT_ZERO = re.compile(rb"[^\0]")
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


class Fired(NamedTuple):
    """The triggers that an event fires, those whose filters its budget was not enough for, and unreadable ones."""

    matches: list[CompiledTrigger]
    undecided: list[CompiledTrigger]
    unreadable: Sequence[str] = ()


NOTHING_FIRED: Final = Fired([], [])


def rank(compiled: CompiledTrigger) -> tuple[int, str]:
    """The order in which triggers are started."""
    return -compiled.trigger.priority, compiled.trigger.id


class TriggerIndex:
    """Built once per snapshot and event type."""

    def __init__(self, compiled_triggers: list[CompiledTrigger]) -> None:
        self.compiled_triggers = compiled_triggers = sorted(compiled_triggers, key=rank)
        self._all_bits = (1 << len(compiled_triggers)) - 1
        self._opaque = 0
        tables: dict[tuple[Path, bool, int], _Table] = {}
        for number, compiled in enumerate(compiled_triggers):
            conditions, exact = predicates(compiled.filters)
            self._opaque |= 0 if exact else 1 << number
            seen: Counter[tuple[Path, bool]] = Counter()
            for predicate in conditions:
                # Two tests of one path must both hold, so each stands in a table of its own.
                lookup_key = (predicate.path, predicate.any_item)
                tables.setdefault((*lookup_key, seen[lookup_key]), _Table()).add(predicate, 1 << number)
                seen[lookup_key] += 1
        self._tables = [(path, items, table.sealed(self._all_bits)) for (path, items, _), table in tables.items()]

    def fired(self, event: Event, budget: Budget) -> Fired:
        """The triggers that the event fires, and those that the budget was not enough for: highest priority first."""
        candidates, opaque, envelope = self._all_bits, self._opaque, event.envelope()
        for path, items, table in self._tables:
            value = _value_at(envelope, path)
            if value is _UNKNOWN:
                opaque |= table.all if items else 0
                candidates &= candidates if items else table.others
            elif not _affordable(value, items, table, budget):
                return Fired([], self._picked(candidates))
            else:
                candidates &= table.others | (table.of_items(value) if items else table.of(value))
            if not candidates:
                return NOTHING_FIRED
        return self._confirmed(event, candidates, candidates & opaque, budget)

    def _confirmed(self, event: Event, candidates: int, unconfirmed: int, budget: Budget) -> Fired:
        """What the tables leave, once the filters that no table expresses have run themselves."""
        matches, undecided = self._picked(candidates & ~unconfirmed), []
        if not unconfirmed:
            return Fired(matches, [])
        for compiled in self._picked(unconfirmed):
            try:
                matches += [compiled] if find_mismatch(event, compiled, budget) is None else []
            except OverBudgetError:
                undecided.append(compiled)
        return Fired(sorted(matches, key=rank), undecided)

    def _picked(self, bits: int) -> list[CompiledTrigger]:
        return [self.compiled_triggers[number] for number in _bit_positions(bits)]


def _affordable(value: Any, items: bool, table: "_Table", budget: Budget) -> bool:
    """Whether a table can be asked about all items of an array."""
    if not (items and isinstance(value, list)):
        return True
    try:
        budget.spend(len(value) * table.weight)
    except OverBudgetError:
        return False
    return True


class _Table:
    """The triggers that a value at one path satisfies."""

    def __init__(self) -> None:
        self.all = self.others = 0
        self._equal: dict[tuple[bool, Any], int] = {}
        self._texts = PatternIndex()
        self._present = self._missing = 0
        self._bounds: dict[str, dict[float, int]] = {}
        self._sorted: list[tuple[str, list[float], list[int]]] = []
        self.weight = 1  # steps for a look at one value

    def add(self, predicate: Predicate, bit: int) -> None:
        """Add a trigger's test."""
        self.all |= bit
        for test in predicate.tests:
            match test:
                case Equal(value=value):
                    key = (isinstance(value, bool), value)
                    self._equal[key] = self._equal.get(key, 0) | bit
                case Affix() | Wild():
                    self._texts.add(test, bit)
                case Exists(there=there):
                    self._present |= bit if there else 0
                    self._missing |= 0 if there else bit
                case Bound(operator=operator, value=value):
                    bounds = self._bounds.setdefault(operator, {})
                    bounds[value] = bounds.get(value, 0) | bit

    def sealed(self, all_bits: int) -> "_Table":
        """The table, sorted and ready for lookups."""
        self.others = all_bits & ~self.all
        self.weight = 1 + self._texts.weight + len(self._bounds)
        for operator, bounds in self._bounds.items():
            values = sorted(bounds)
            masks = [bounds[value] for value in values]
            if operator in (">", ">="):  # the first n triggers: their bound is below the value
                self._sorted.append((operator, values, [0, *accumulate(masks, or_)]))
            else:  # all but the first n: their bound is above the value
                self._sorted.append((operator, values, [*reversed([*accumulate(reversed(masks), or_)]), 0]))
        return self

    def of_items(self, value: Any) -> int:
        """The triggers that one item of an array satisfies."""
        if not isinstance(value, list):
            return self.of(value)
        bits = 0
        for item in value:
            bits |= self.of(item)
        return bits

    def of(self, value: Any) -> int:
        """The triggers whose test a value passes."""
        if value is MISSING:
            return self._missing
        bits = self._present
        if isinstance(value, str):
            return bits | self._equal.get((False, value), 0) | self._texts.of(value)
        if isinstance(value, dict | list):
            return bits
        if self._equal:
            bits |= self._equal.get((isinstance(value, bool), value), 0)
        if self._sorted and isinstance(value, int | float) and not isinstance(value, bool):
            bits |= self._of_number(value)
        return bits

    def _of_number(self, value: float) -> int:
        bits = 0
        for operator, values, masks in self._sorted:
            bisect = bisect_right if operator in (">=", "<") else bisect_left
            bits |= masks[bisect(values, value)]
        return bits


def _value_at(value: Any, path: Path) -> Any:
    for segment in path:
        if not isinstance(value, dict):
            return _UNKNOWN if isinstance(value, list) else MISSING
        if segment not in value:
            return MISSING
        value = value[segment]
    return value


def _bit_positions(mask: int) -> list[int]:
    """The positions of the set bits, in order."""
    if mask.bit_count() <= FEW:
        positions = []
        while mask:
            low = mask & -mask
            positions.append(low.bit_length() - 1)
            mask ^= low
        return positions
    octets = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    return [8 * hit.start() + bit for hit in _NOT_ZERO.finditer(octets) for bit in _BITS[hit.group()[0]]]
