"""Tests on how a text begins, ends or looks -> the tests that a text passes, by one lookup per indexed length.

    index.add(Affix("final/"), 1); index.add(Wild("final/", ".safetensors", "final/*.safetensors", …), 2)
    index.of("final/x.safetensors")  ->  3

A wildcard is indexed by its beginning, or by its end if it starts with a star, since many wildcards share an ending.
"""

from typing import Final

from aftertrain.ingest.predicates import Affix, Wild


class _Entry:
    """The tests of one beginning or end: the bits of plain affixes, and wildcards by their text."""

    __slots__ = ("bits", "forms")

    def __init__(self) -> None:
        self.bits = 0
        self.forms: dict[str, tuple[Wild, int]] = {}


class PatternIndex:
    """Bits of tests; equal tests share an entry."""

    def __init__(self) -> None:
        self._prefixes: Final[dict[int, dict[str, _Entry]]] = {}
        self._suffixes: Final[dict[int, dict[str, _Entry]]] = {}

    def add(self, test: Affix | Wild, bit: int) -> None:
        """Add a test."""
        if isinstance(test, Affix):
            self._entry(test.text, at_end=test.at_end).bits |= bit
            return
        forms = (self._entry(test.head, at_end=False) if test.head else self._entry(test.tail, at_end=True)).forms
        _, bits = forms.get(test.text, (test, 0))
        forms[test.text] = test, bits | bit

    @property
    def weight(self) -> int:
        """The lookups and the tests that one text takes at most."""
        by_length = [*self._prefixes.values(), *self._suffixes.values()]
        forms = max((len(entry.forms) for entries in by_length for entry in entries.values()), default=0)
        return len(by_length) + forms

    def of(self, text: str) -> int:
        """The bits of the tests that a text passes."""
        bits = 0
        for length, entries in self._prefixes.items():
            if (entry := entries.get(text[:length])) is not None:
                bits |= entry.bits | _match_forms(entry, text)
        for length, entries in self._suffixes.items():
            if (entry := entries.get(text[-length:])) is not None:
                bits |= entry.bits | _match_forms(entry, text)
        return bits

    def _entry(self, text: str, *, at_end: bool) -> _Entry:
        entries = (
            self._suffixes if at_end and text else self._prefixes
        )  # every text begins and ends with the empty text
        return entries.setdefault(len(text), {}).setdefault(text, _Entry())


def _match_forms(entry: _Entry, text: str) -> int:
    matched = 0
    for form, bits in entry.forms.values():
        if form.holds(text):
            matched |= bits
    return matched
