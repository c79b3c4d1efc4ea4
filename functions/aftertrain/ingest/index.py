"""Triggers of one event type -> an index that finds those that an event fires, without asking each.

Trigger n is bit n of a number. For each path that is asked about, a table says which triggers a value satisfies; what
every table leaves over is fired. Equality and affixes are looked up in dicts, bounds by bisection, so the cost follows
the number of paths and not that of triggers. Filters that tables cannot express are asked themselves, but only of the
triggers that the tables have left over: `match.why_not` decides, here and in tests, what is right.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from operator import or_
from typing import Any, Final

from aftertrain.expressions.fields import MISSING
from aftertrain.ingest.predicates import Affix, Bound, Equal, Exists, Path, Predicate, Wild, predicates
from aftertrain.ingest.text_table import TextTable
from aftertrain.ingest.watch import Watch, why_not
from aftertrain.model.event import Event

_UNKNOWN: Final = object()  # there is an array on the way: which of its items counts is for the filter to say
FEW = 12  # bits that are faster found one by one
_NOT_ZERO = re.compile(rb"[^\0]")
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


def rank(watch: Watch) -> tuple[int, str]:
    """The order in which triggers are started."""
    return -watch.trigger.priority, watch.trigger.id


class Index:
    """Built once per snapshot and event type."""

    def __init__(self, watches: list[Watch]) -> None:
        self.watches = watches = sorted(watches, key=rank)
        self._everyone = (1 << len(watches)) - 1
        self._opaque = 0
        tables: dict[tuple[Path, bool, int], _Table] = {}
        for number, watch in enumerate(watches):
            found, exact = predicates(watch.filters)
            self._opaque |= 0 if exact else 1 << number
            seen: Counter[tuple[Path, bool]] = Counter()
            for predicate in found:
                # Two questions about one path must both hold, so they stand in two tables.
                place = (predicate.path, predicate.any_item)
                tables.setdefault((*place, seen[place]), _Table()).add(predicate, 1 << number)
                seen[place] += 1
        self._tables = [(path, items, table.sealed(self._everyone)) for (path, items, _), table in tables.items()]

    def fired(self, event: Event) -> list[Watch]:
        """The triggers that the event fires; the highest priority first, then by their ids."""
        left, asked, envelope = self._everyone, self._opaque, event.envelope()
        for path, items, table in self._tables:
            value = _at(envelope, path)
            if value is _UNKNOWN:
                asked |= table.all if items else 0
                left &= left if items else table.others
            else:
                left &= table.others | (table.of_items(value) if items else table.of(value))
            if not left:
                return []
        found = [self.watches[number] for number in _numbers(left & ~asked)]
        doubtful = left & asked
        if not doubtful:
            return found
        found += [self.watches[n] for n in _numbers(doubtful) if why_not(event, self.watches[n]) is None]
        return sorted(found, key=rank)


class _Table:
    """Which triggers a value at one path satisfies."""

    def __init__(self) -> None:
        self.all = self.others = 0
        self._equal: dict[tuple[bool, Any], int] = {}
        self._texts = TextTable()
        self._there = self._missing = 0
        self._bounds: dict[str, dict[float, int]] = {}
        self._sorted: list[tuple[str, list[float], list[int]]] = []

    def add(self, predicate: Predicate, bit: int) -> None:
        """Note a trigger's question."""
        self.all |= bit
        for test in predicate.tests:
            match test:
                case Equal(value=value):
                    key = (isinstance(value, bool), value)
                    self._equal[key] = self._equal.get(key, 0) | bit
                case Affix() | Wild():
                    self._texts.add(test, bit)
                case Exists(there=there):
                    self._there |= bit if there else 0
                    self._missing |= 0 if there else bit
                case Bound(operator=operator, value=value):
                    bounds = self._bounds.setdefault(operator, {})
                    bounds[value] = bounds.get(value, 0) | bit

    def sealed(self, everyone: int) -> "_Table":
        """Ready to be asked."""
        self.others = everyone & ~self.all
        for operator, bounds in self._bounds.items():
            values = sorted(bounds)
            masks = [bounds[value] for value in values]
            if operator in (">", ">="):  # those whose bound is below the value: the first n
                self._sorted.append((operator, values, [0, *accumulate(masks, or_)]))
            else:  # those whose bound is above it: all but the first n
                self._sorted.append((operator, values, [*reversed([*accumulate(reversed(masks), or_)]), 0]))
        return self

    def of_items(self, value: Any) -> int:
        """Of an array, what one of its items satisfies."""
        if not isinstance(value, list):
            return self.of(value)
        found = 0
        for item in value:
            found |= self.of(item)
        return found

    def of(self, value: Any) -> int:
        """The triggers whose question a value answers."""
        if value is MISSING:
            return self._missing
        found = self._there
        if isinstance(value, str):
            return found | self._equal.get((False, value), 0) | self._texts.of(value)
        if isinstance(value, dict | list):
            return found
        if self._equal:
            found |= self._equal.get((isinstance(value, bool), value), 0)
        if self._sorted and isinstance(value, int | float) and not isinstance(value, bool):
            found |= self._of_number(value)
        return found

    def _of_number(self, value: float) -> int:
        found = 0
        for operator, values, masks in self._sorted:
            bisect = bisect_right if operator in (">=", "<") else bisect_left
            found |= masks[bisect(values, value)]
        return found


def _at(value: Any, path: Path) -> Any:
    for segment in path:
        if not isinstance(value, dict):
            return _UNKNOWN if isinstance(value, list) else MISSING
        if segment not in value:
            return MISSING
        value = value[segment]
    return value


def _numbers(mask: int) -> list[int]:
    """The places of the bits, in order."""
    if mask.bit_count() <= FEW:
        places = []
        while mask:
            low = mask & -mask
            places.append(low.bit_length() - 1)
            mask ^= low
        return places
    octets = mask.to_bytes((mask.bit_length() + 7) // 8, "little")
    return [8 * found.start() + bit for found in _NOT_ZERO.finditer(octets) for bit in _BITS[found.group()[0]]]
