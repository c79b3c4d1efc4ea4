"""A template or a condition -> the reads whose values must exist, and those of which one must.

    {{ steps.a.output.x }}                                        demands steps.a.output.x
    {{ steps.a.output.x if steps.a.status == 'succeeded' else 0 }}   demands nothing: the read is guarded
    {{ steps.a.output.x | default(0) }}                           demands nothing: there is another value
    {{ steps.a.output.x | default(steps.b.output.x) }}            demands one of the two

A step waits for every step that it reads. It needs only the steps that a demanded read is about.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from aftertrain.expressions.known_ends import FAILED, SUCCEEDED, Facts
from aftertrain.expressions.tree import NEVER, Choose, Expression, Filter, If, Index, Logic, Path, Template, Test

NOTHING_KNOWN = Facts()
ABOUT = ("status", "error", "cause")  # fields of a step besides its output


def demanded_paths(node: Any, facts: Facts = NOTHING_KNOWN) -> Iterator[Path]:
    """Every read whose value must exist, given what is known about the steps that it is about."""
    for part, known in _evaluated(node, facts):
        if isinstance(part, Path):
            if not _is_there(part, known):
                yield part
        else:
            yield from demanded_paths(part, known)


def _evaluated(node: Any, facts: Facts) -> Iterator[tuple[Any, Facts]]:
    """The parts of a node whose values must exist, each with what is known where it is evaluated."""
    match node:
        case Path():
            yield node, facts
        case Filter(name="default", operand=Path() | Index() as operand, arguments=arguments):
            yield from ((key, facts) for key in _keys(operand))
            yield from () if fallback(node) else ((argument, facts) for argument in arguments)
        case Test(name="defined", operand=Path()):
            return
        case Choose(condition=condition, then=then, otherwise=otherwise):
            yield from ((condition, facts), (then, facts.where(condition)))
            yield otherwise, facts.where(condition, holds=False)
        case Logic(operator=operator, left=left, right=right):
            yield from ((left, facts), (right, facts.where(left, holds=operator == "and")))
        case If(branches=branches, otherwise=otherwise):
            for condition, body in branches:
                yield from ((condition, facts), (body, facts.where(condition)))
                facts = facts.where(condition, holds=False)
            yield otherwise, facts
        case _:
            yield from ((part, facts) for part in _parts(node))


def _parts(node: Any) -> Iterator[Any]:
    if isinstance(node, tuple | list):
        yield from node
    elif isinstance(node, dict):
        yield from node.values()
    elif is_dataclass(node):
        yield from (getattr(node, field.name) for field in fields(node))


def defaulted_paths(node: Any) -> Iterator[Path]:
    """Every read with a `default` for a missing value alone; one that also replaces empty values is always of use."""
    if isinstance(node, Filter) and node.name == "default" and isinstance(node.operand, Path):
        yield from (node.operand,) if node.arguments[1] == NEVER else ()
    if not isinstance(node, str):
        for part in _parts(node):
            yield from defaulted_paths(part)


def alternatives(value: Any) -> Iterator[tuple[str, ...]]:
    """The steps of every `default` chain that ends in a step's output: one of them must have an output."""
    match value:
        case Template():
            yield from alternatives(value.parts)
        case Filter(name="default", operand=Path() as path) if fallback(value):
            yield (path.step, *_chain(value))
        case dict():
            yield from alternatives(tuple(value.values()))
        case tuple() | list():
            for item in value:
                yield from alternatives(item)


def fallback(node: Filter) -> Expression | None:
    """The other step's output that `default` reads, or the next `default` of a chain that ends in one."""
    argument, operand = node.arguments[0], node.operand
    if not _is_output(operand):
        return None
    if _is_output(argument):
        return argument
    return argument if isinstance(argument, Filter) and argument.name == "default" and fallback(argument) else None


def _chain(node: Filter) -> Iterator[str]:
    argument = fallback(node)
    if isinstance(argument, Path):
        yield argument.step
    elif isinstance(argument, Filter) and isinstance(argument.operand, Path):
        yield argument.operand.step
        yield from _chain(argument)


def _is_output(node: Expression) -> bool:
    return isinstance(node, Path) and node.root == "steps" and len(node.segments) > 1 and node.segments[1] not in ABOUT


def _is_there(path: Path, facts: Facts) -> bool:
    """Whether a read finds something, as far as the end of its step decides it; also where nothing is evaluated."""
    if path.root != "steps" or len(path.segments) < 2:
        return False
    if path.segments[1] == "status" or facts.known is None:
        return True
    return facts.known.get(path.step) == (FAILED if path.segments[1] in ("error", "cause") else SUCCEEDED)


def _keys(node: Expression) -> Iterator[Expression]:
    """The computed keys of a path, which must exist even if the path does not."""
    while isinstance(node, Index):
        yield node.key
        node = node.operand
    if not isinstance(node, Path):
        yield node
