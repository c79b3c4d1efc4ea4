"""A JSON text -> its value, strictly.

Python's parser accepts texts that a later reader would choke on. This one refuses them: NaN and infinities, numbers
that overflow, duplicate keys (two readers could each take another one), lone surrogates, and nesting deeper than 64.
"""

import json
import math
from collections import Counter
from typing import Any

MAX_DEPTH = 64


class NotStrictJsonError(ValueError):
    """The text is no JSON, or is JSON that others read differently. `field`: the part that is wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message, self.field = message, field


def read_json(text: bytes, what: str) -> Any:
    """Read a JSON text in UTF-8; `what` names it in errors: "the body".

    Raises:
        NotStrictJsonError: the message says what the text is or has.
    """
    try:
        value = json.loads(
            text.decode("utf-8"), object_pairs_hook=_to_dict, parse_constant=_refuse, parse_float=_parse_finite
        )
    except NotStrictJsonError:
        raise
    except UnicodeDecodeError as error:
        raise NotStrictJsonError(f"{what} is not UTF-8: byte {error.start} cannot be read") from None
    except json.JSONDecodeError as error:
        raise NotStrictJsonError(
            f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise NotStrictJsonError(f"{what} is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:  # Python refuses to read a number of thousands of digits
        raise NotStrictJsonError(f"{what} is not JSON: {error}") from None
    if _depth_exceeds(value, MAX_DEPTH):
        raise NotStrictJsonError(f"{what} is nested deeper than {MAX_DEPTH} levels")
    _check_unicode(value)
    return value


def _to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        duplicate, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise NotStrictJsonError(
            f"the key {_printable(duplicate)} is a duplicate in its object", field=_printable(duplicate)
        )
    return result


def _printable(name: str) -> str:
    return name[:60].encode("ascii", "backslashreplace").decode()


def _refuse(name: str) -> Any:
    raise NotStrictJsonError(f"{name} is not JSON")


def _parse_finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotStrictJsonError(f"the number {text[:30]} is too large")
    return value


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check_unicode(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrictJsonError("a string contains a lone surrogate, which is no character") from None
