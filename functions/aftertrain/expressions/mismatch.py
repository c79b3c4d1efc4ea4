"""Why an event does not pass a filter: in words, and as what was asked and what was found.

str(Miss('`key` REGEXP "^final/"', "tmp/x", "…"))  ->  '`key` REGEXP "^final/" is false for \'tmp/x\''
"""

from typing import Any, NamedTuple


class Mismatch(NamedTuple):
    """`clause`: what asks; `expected`: what it asks for; `actual`: what the event has there, None if nothing."""

    clause: str
    expected: Any
    actual: Any
    words: str

    def __str__(self) -> str:
        return self.words
