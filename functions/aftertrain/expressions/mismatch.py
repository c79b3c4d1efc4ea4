"""Why an event does not pass a filter: in words, and as expected and actual values.

str(Mismatch('`key` REGEXP "^final/"', "tmp/x", "…"))  ->  '`key` REGEXP "^final/" is false for \'tmp/x\''
"""

from typing import Any, NamedTuple


class Mismatch(NamedTuple):
    """`clause`: the failed condition. `expected`: its value. `actual`: the event's value, None if absent."""

    clause: str
    expected: Any
    actual: Any
    words: str

    def __str__(self) -> str:
        return self.words
