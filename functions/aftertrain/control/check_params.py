"""A trigger's params -> checked against the parameters that its pipeline declares.

check_params([Parameter(name="threshold", type="float")], {"treshold": 0.9})
->  AuthorError: the pipeline has no parameter 'treshold': did you mean 'threshold'?
"""

from typing import Any

from aftertrain.compiler.parameters import check_values
from aftertrain.errors import AuthorError
from aftertrain.model.definition import Parameter
from aftertrain.model.names import canonical_json

MAX_BYTES = 16 * 1024


def check_params(parameters: list[Parameter], params: dict[str, Any]) -> None:
    """Check that every required parameter is given, that every given one exists, and that the types fit.

    Raises:
        AuthorError: the message names the first wrong param.
    """
    if len(canonical_json(params).encode()) > MAX_BYTES:
        raise AuthorError(f"params have more than {MAX_BYTES} bytes: pass large values by URI", field="params")
    for diagnostic in check_values(params, parameters, ("params",)):
        message = f"{diagnostic.message}: {diagnostic.hint}" if diagnostic.hint else diagnostic.message
        raise AuthorError(message, field=".".join(map(str, diagnostic.where)))
