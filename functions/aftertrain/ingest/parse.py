"""Body -> JSON value, strictly.

Python's parser accepts texts that a later phase would choke on. This one refuses them: NaN and infinities, numbers that
overflow, duplicate keys (two readers could each take another one), lone surrogates, and nesting deeper than 64.
"""

import json
import math
from collections import Counter
from typing import Any

from aftertrain.errors import SenderError

MAX_DEPTH = 64


def parse(body: bytes) -> Any:
    """Read a JSON text in UTF-8.

    Raises:
        SenderError: the message names the fault and its path.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_to_dict, parse_constant=_refuse, parse_float=_parse_finite
        )
    except UnicodeDecodeError as error:
        raise SenderError(f"the body is not UTF-8: byte {error.start} cannot be read", field="body") from None
    except json.JSONDecodeError as error:
        raise SenderError(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", field="body"
        ) from None
    except RecursionError:
        raise SenderError(f"the body is nested deeper than {MAX_DEPTH} levels", field="body") from None
    except ValueError as error:
        raise SenderError(f"the body is not JSON: {error}", field="body") from None
    _check_depth(value)
    _check_unicode(value)
    return value


def _to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        duplicate, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise SenderError(f"the key {_printable(duplicate)} is a duplicate in its object", field=_printable(duplicate))
    return result


def _printable(name: str) -> str:
    return name[:60].encode("ascii", "backslashreplace").decode()


def _refuse(name: str) -> Any:
    raise SenderError(f"{name} is not JSON", field="body")


def _parse_finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise SenderError(f"the number {text[:30]} is too large", field="body")
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise SenderError(f"the body is nested deeper than {MAX_DEPTH} levels", field="body")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check_unicode(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise SenderError("a string contains a lone surrogate, which is no character", field="body") from None
