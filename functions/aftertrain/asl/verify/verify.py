"""A machine's ASL -> what Step Functions would refuse in it, and what would fail at run time.

    verify({"StartAt": "a", "States": {"a": {"Type": "Pass"}}})  ->  ["state 'a': it has either Next or End"]

The compiler checks its own output: a fault is a bug of the compiler, or a quota that a definition exceeds. Step
Functions makes each of these checks, or nobody does until an execution fails.
"""

from typing import Any

from aftertrain.asl.verify.expressions import Texts, expression_faults, texts
from aftertrain.asl.verify.fields import field_faults
from aftertrain.asl.verify.flow import name_faults, scopes, transition_faults, variable_faults
from aftertrain.asl.verify.resources import resource_faults

MAX_BYTES = 1_048_576


def size_faults(text: str) -> list[str]:
    """The faults in the size of a machine's text."""
    size = len(text.encode())
    return [f"the definition has {size} bytes; at most {MAX_BYTES} are allowed"] if size > MAX_BYTES else []


def verify(machine: dict[str, Any]) -> list[str]:
    """Every fault, in words; an empty list means a sound machine."""
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
