"""Params that a trigger gives -> checked against the parameters that a pipeline declares.

check_params([Parameter(name="threshold", type="float")], {"treshold": 0.9})
->  AuthorError: the pipeline has no parameter 'treshold': did you mean 'threshold'?
"""

from typing import Any

from aftertrain.compiler.diagnostics import did_you_mean
from aftertrain.errors import AuthorError
from aftertrain.ingest.params import path_of
from aftertrain.model.definition import Parameter, ParameterType
from aftertrain.model.names import canonical_json

MAX_BYTES = 16 * 1024
_TYPES: dict[ParameterType, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "float": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def check_params(parameters: list[Parameter], given: dict[str, Any]) -> None:
    """Check that every required parameter is given, that every given one exists, and that types fit.

    Raises:
        AuthorError: naming the first param that is wrong.
    """
    if len(canonical_json(given).encode()) > MAX_BYTES:
        raise AuthorError(f"params have more than {MAX_BYTES} bytes: pass the place of large values", field="params")
    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, "it declares none")
            raise AuthorError(f"the pipeline has no parameter {name!r}: {hint}", field=f"params.{name}")
    for name, parameter in known.items():
        if name not in given and not parameter.has_default:
            raise AuthorError(f"the pipeline needs the parameter {name!r}", field=f"params.{name}")
        if name in given and not _fits(given[name], parameter.type):
            raise AuthorError(f"the parameter {name!r} must be of type {parameter.type}", field=f"params.{name}")


def _fits(value: Any, kind: ParameterType) -> bool:
    if path_of(value) is not None:
        return True  # what an event has there is seen when it comes
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES[kind])
