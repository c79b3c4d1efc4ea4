"""Parameters and the triggers' params -> mistakes where they do not fit.

parameters: [{name: threshold, type: float}]; triggers: [{params: {treshold: 0.9}}]
->  AT212 the pipeline has no parameter 'treshold': did you mean 'threshold'?
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aftertrain.compiler.diagnostics import Diagnostic, Place, did_you_mean
from aftertrain.errors import AuthorError
from aftertrain.expressions.event_path import path_of
from aftertrain.model.definition import Parameter
from aftertrain.model.kinds import is_of


def check_parameters(parameters: Sequence[Parameter]) -> Iterator[Diagnostic]:
    """Duplicate names, and defaults of another type; null is a valid default."""
    seen: set[str] = set()
    for index, parameter in enumerate(parameters):
        if parameter.name in seen:
            message = f"two parameters have the name {parameter.name!r}"
            yield Diagnostic("AT201", ("parameters", index, "name"), message, "rename one of them")
        seen.add(parameter.name)
        if parameter.default is not None and not is_of(parameter.default, parameter.type):
            message = f"the default of {parameter.name!r} must be of type {parameter.type}"
            yield Diagnostic("AT212", ("parameters", index, "default"), message)


def check_values(values: Mapping[str, Any], parameters: Sequence[Parameter], where: Place) -> Iterator[Diagnostic]:
    """A trigger's params without a parameter, with a wrong type, or missing."""
    by_name = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in by_name:
            hint = did_you_mean(name, by_name, "it declares none")
            yield Diagnostic("AT212", (*where, name), f"the pipeline has no parameter {name!r}", hint)
    for name, parameter in by_name.items():
        if name not in values:
            if not parameter.has_default:
                yield Diagnostic("AT212", where, f"the pipeline needs the parameter {name!r}")
            continue
        try:
            fits = path_of(values[name]) is not None or is_of(values[name], parameter.type)
        except AuthorError as error:
            yield Diagnostic("AT212", (*where, name), error.message)
        else:
            if not fits:
                yield Diagnostic("AT212", (*where, name), f"the parameter {name!r} must be of type {parameter.type}")
