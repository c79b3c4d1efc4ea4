"""Two consecutive decisions -> one.

    After b & c (all succeeded -> If d); If d (score > 0.5 -> d, else Skip d)
    ->  After b & c (all succeeded and score > 0.5 -> d, all succeeded -> Skip d)

A Choice that only one rule leads to moves into the Choice before it, or into a Pass that only assigns variables. Its
conditions read the assigned values from their source instead. This saves one transition and changes nothing else.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Choice, Pass, Rule, State, targets

_ALWAYS = jsonata.expression("true")
_TOKEN = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$\w+""")


def merge_choices(states: dict[str, State], start: str) -> dict[str, State]:
    """The states of a scope, without decisions that other states can make."""
    merged = dict(states)
    while (pair := _find_pair(merged, start)) is not None:
        first, second = pair
        inner = merged.pop(second)
        assert isinstance(inner, Choice)
        merged[first] = _merge_pair(merged[first], second, inner)
    return merged


def _find_pair(states: dict[str, State], start: str) -> tuple[str, str] | None:
    incoming = Counter([start, *(target for state in states.values() for target in targets(state))])
    for name, state in states.items():
        for target in _open_ends(state):
            if incoming[target] == 1 and isinstance(states[target], Choice):
                return name, target
    return None


def _open_ends(state: State) -> list[str]:
    """The next states that get the input unchanged."""
    match state:
        case Choice(rules=rules, default=default):
            return [*(rule.next for rule in rules if rule.output is None), *([default] if default else [])]
        case Pass(output=None, next=str() as target, assign=assign) if assign:
            return [target]
        case _:
            return []


def _merge_pair(state: State, second: str, inner: Choice) -> Choice:
    if isinstance(state, Pass):
        return Choice(_inline(Rule(_ALWAYS, second, state.assign), inner))
    assert isinstance(state, Choice)
    if state.default == second:
        return Choice((*state.rules, *inner.rules), inner.default)
    rules = (merged for rule in state.rules for merged in (_inline(rule, inner) if rule.next == second else (rule,)))
    return replace(state, rules=tuple(rules))


def _inline(rule: Rule, inner: Choice) -> tuple[Rule, ...]:
    """The inner rules, each combined with the outer rule's condition and assignments."""
    values = {f"${name}": _code(value) for name, value in rule.assign.items()}
    rules = [
        Rule(
            _conjunction(rule.condition, _substitute(inner_rule.condition, values)),
            inner_rule.next,
            {**rule.assign, **_substitute(inner_rule.assign, values)},
            _substitute(inner_rule.output, values),
        )
        for inner_rule in inner.rules
    ]
    return (*rules, *([replace(rule, next=inner.default)] if inner.default else []))


def _conjunction(first: str, second: str) -> str:
    if _ALWAYS in (first, second):
        return second if first == _ALWAYS else first
    return jsonata.expression(f"({_code(first)}) ? ({_code(second)}) : false")


def _code(value: Any) -> str:
    """A field's value as code; an object contains code in its fields."""
    match value:
        case str() if value.startswith("{% "):
            return value.removeprefix("{% ").removesuffix(" %}")
        case dict():
            return jsonata.record({name: _code(item) for name, item in value.items()})
        case list():
            return f"[{', '.join(map(_code, value))}]"
        case _:
            return jsonata.literal(value)


def _substitute(value: Any, values: Mapping[str, str]) -> Any:
    """Code with variables replaced by the code of their values; string literals stay unchanged."""
    match value:
        case str() if value.startswith("{% "):
            return _TOKEN.sub(lambda token: f"({values[token[0]]})" if token[0] in values else token[0], value)
        case dict():
            return {name: _substitute(item, values) for name, item in value.items()}
        case list():
            return [_substitute(item, values) for item in value]
        case _:
            return value
