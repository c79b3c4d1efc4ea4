"""A definition -> what Step Functions would refuse in it, or what would go wrong in it at run time.

    verify({"StartAt": "a", "States": {"a": {"Type": "Pass"}}})  ->  ["state 'a': it has either Next or End"]

The compiler checks its own output: what is found here is a bug of the compiler, or a quota that a definition exceeds.
Every check is one that Step Functions makes, or that nobody makes before an execution fails by it.
"""

from typing import Any

from aftertrain.asl.verify.expressions import Texts, expression_faults, texts
from aftertrain.asl.verify.fields import field_faults
from aftertrain.asl.verify.flow import name_faults, scopes, transition_faults, variable_faults
from aftertrain.asl.verify.resources import resource_faults

MAX_BYTES = 1_048_576


def size_faults(text: str) -> list[str]:
    """What is wrong with the size of a definition's text."""
    size = len(text.encode())
    return [f"the definition has {size} bytes; at most {MAX_BYTES} are allowed"] if size > MAX_BYTES else []


def verify(machine: dict[str, Any]) -> list[str]:
    """Every fault, in words; an empty list is a sound machine."""
    faults = list(name_faults(machine))
    found_texts: dict[str, Texts] = {}
    for scope in scopes(machine):
        faults += transition_faults(scope)
        for name, state in scope["States"].items():
            found_texts[name] = texts(state)
            faults += field_faults(name, state)
            faults += expression_faults(name, state, found_texts[name])
            if state.get("Type") == "Task":
                faults += resource_faults(name, state)
    return faults + list(variable_faults(machine, found_texts))
