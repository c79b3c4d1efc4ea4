"""Body -> JSON value, strictly; the error names the body, or the key that is wrong."""

from typing import Any

from aftertrain.errors import SenderError
from aftertrain.model.strict_json import NotStrictJsonError, read_json


def parse(body: bytes) -> Any:
    """Read a JSON text in UTF-8.

    Raises:
        SenderError: the message names the fault and its path.
    """
    try:
        return read_json(body, "the body")
    except NotStrictJsonError as error:
        raise SenderError(error.message, field=error.field or "body") from None
