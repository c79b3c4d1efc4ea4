"""Two decisions in a row -> one.

    After b & c (all succeeded -> If d); If d (score > 0.5 -> d, else Skip d)
    ->  After b & c (all succeeded and score > 0.5 -> d, all succeeded -> Skip d)

A Choice that only one rule leads to is taken into the Choice before it, or into a Pass that only assigns variables.
What the first would have assigned the second one's conditions read from where it comes from. One transition less, and
nothing else differs.
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


def fuse(states: dict[str, State], start: str) -> dict[str, State]:
    """The states of a scope, without the decisions that others can make."""
    found = dict(states)
    while (pair := _pair(found, start)) is not None:
        first, second = pair
        inner = found.pop(second)
        assert isinstance(inner, Choice)
        found[first] = _fused(found[first], second, inner)
    return found


def _pair(states: dict[str, State], start: str) -> tuple[str, str] | None:
    led_to = Counter([start, *(target for state in states.values() for target in targets(state))])
    for name, state in states.items():
        for target in _open_ends(state):
            if led_to[target] == 1 and isinstance(states[target], Choice):
                return name, target
    return None


def _open_ends(state: State) -> list[str]:
    """Where a state leads without changing what is handed on."""
    match state:
        case Choice(rules=rules, default=default):
            return [*(rule.next for rule in rules if rule.output is None), *([default] if default else [])]
        case Pass(output=None, next=str() as onward, assign=assign) if assign:
            return [onward]
        case _:
            return []


def _fused(state: State, second: str, inner: Choice) -> Choice:
    if isinstance(state, Pass):
        return Choice(_taken(Rule(_ALWAYS, second, state.assign), inner))
    assert isinstance(state, Choice)
    if state.default == second:
        return Choice((*state.rules, *inner.rules), inner.default)
    rules = (each for rule in state.rules for each in (_taken(rule, inner) if rule.next == second else (rule,)))
    return replace(state, rules=tuple(rules))


def _taken(rule: Rule, inner: Choice) -> tuple[Rule, ...]:
    """The inner rules, each under the condition of the outer one and with what that assigns."""
    values = {f"${name}": _code(value) for name, value in rule.assign.items()}
    found = [
        Rule(
            _both(rule.condition, _replaced(each.condition, values)),
            each.next,
            {**rule.assign, **_replaced(each.assign, values)},
            _replaced(each.output, values),
        )
        for each in inner.rules
    ]
    return (*found, *([replace(rule, next=inner.default)] if inner.default else []))


def _both(one: str, other: str) -> str:
    if _ALWAYS in (one, other):
        return other if one == _ALWAYS else one
    return jsonata.expression(f"({_code(one)}) ? ({_code(other)}) : false")


def _code(value: Any) -> str:
    """A field's value as code; an object has code in its fields."""
    match value:
        case str() if value.startswith("{% "):
            return value.removeprefix("{% ").removesuffix(" %}")
        case dict():
            return jsonata.record({name: _code(item) for name, item in value.items()})
        case list():
            return f"[{', '.join(map(_code, value))}]"
        case _:
            return jsonata.literal(value)


def _replaced(value: Any, values: Mapping[str, str]) -> Any:
    """The same with variables replaced by the code of their values; texts in the code stay as they are."""
    match value:
        case str() if value.startswith("{% "):
            return _TOKEN.sub(lambda found: f"({values[found[0]]})" if found[0] in values else found[0], value)
        case dict():
            return {name: _replaced(item, values) for name, item in value.items()}
        case list():
            return [_replaced(item, values) for item in value]
        case _:
            return value
