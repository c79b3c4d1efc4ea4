"""Series-parallel decomposition, on graphs small enough to see the answer."""

import json

import pytest
from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.compiler.link import link
from aftertrain.compiler.nest import Leaf, Region, Series, Side, nest
from aftertrain.compiler.parse import parse


def tree(**needs: str) -> Region | None:
    steps = [
        {"id": step, "action": "log", "params": {"message": "x"}, "depends_on": list(waits)}
        for step, waits in needs.items()
    ]
    graph, mistakes = link(parse({"steps": steps}).definition)
    if mistakes:
        raise CompileError(mistakes)
    region, crossings = nest(graph)
    if crossings:
        raise CompileError(crossings)
    return region


def test_one_step() -> None:
    assert tree(a="") == Leaf("a")


def test_a_chain() -> None:
    assert tree(a="", b="a", c="b") == Series((Leaf("a"), Leaf("b"), Leaf("c")))


def test_a_chain_with_a_dependency_that_follows_from_others() -> None:
    assert tree(c="ab", b="a", a="") == Series((Leaf("a"), Leaf("b"), Leaf("c")))


def test_a_thousand_steps_in_any_order() -> None:
    needs = {f"s{number}": [f"s{number + 1}"] for number in range(1000)} | {"s1000": []}
    steps = [
        {"id": step, "action": "log", "params": {"message": "x"}, "depends_on": waits} for step, waits in needs.items()
    ]
    region, _ = nest(link(parse({"steps": steps}).definition)[0])

    assert isinstance(region, Series)
    assert len(region.items) == 1001


def test_long_names_are_told_apart_where_they_are_cut() -> None:
    """An outer and an inner Parallel whose names begin with the same 80 characters."""
    first, same = "f" * 48, "s" * 40
    needs = {first: [], f"{same}inner": [], "join": [first, f"{same}inner"], f"{same}outer": []}
    steps = [
        {"id": step, "action": "log", "params": {"message": "x"}, "depends_on": waits} for step, waits in needs.items()
    ]

    testing.check(json.loads(compile_pipeline({"steps": steps}, PLACEHOLDERS).asl))


def test_a_diamond() -> None:
    assert tree(a="", b="a", c="a", d="bc") == Series((Leaf("a"), Side((Leaf("b"), Leaf("c"))), Leaf("d")))


def test_two_joins_over_the_same_two_steps() -> None:
    assert tree(a="", b="", c="ab", d="ab") == Series((Side((Leaf("a"), Leaf("b"))), Side((Leaf("c"), Leaf("d")))))


def test_a_chain_beside_a_step() -> None:
    assert tree(a="", b="", c="a") == Side((Series((Leaf("a"), Leaf("c"))), Leaf("b")))


def test_a_branch_of_a_parallel_may_hold_a_parallel() -> None:
    inner = Series((Leaf("b"), Side((Leaf("c"), Leaf("d")))))

    assert tree(a="", b="", c="b", d="b", e="acd") == Series((Side((Leaf("a"), inner)), Leaf("e")))


@pytest.mark.parametrize(
    "needs",
    [
        {"a": "", "b": "", "c": "ab", "d": "b"},
        {"a": "", "b": "a", "c": "a", "d": "bc", "e": "b"},
    ],
)
def test_a_crossing_is_reported_with_its_steps(needs: dict[str, str]) -> None:
    with pytest.raises(CompileError) as caught:
        tree(**needs)

    assert [each.code for each in caught.value.diagnostics] == ["AT401"]
    assert "such a crossing cannot be compiled yet" in caught.value.message
