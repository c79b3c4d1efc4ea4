"""Series-parallel decomposition, on graphs small enough to see the answer."""

import json

from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.link import link
from aftertrain.compiler.nest import CrossingRegion, ParallelRegion, Region, SeriesRegion, StepRegion, nest
from aftertrain.compiler.parse import parse


def tree(**needs: str) -> Region:
    steps = [
        {"id": step, "action": "log", "params": {"message": "x"}, "depends_on": list(waits)}
        for step, waits in needs.items()
    ]
    return nest(link(parse({"steps": steps}).definition).graph)


def test_one_step() -> None:
    assert tree(a="") == StepRegion("a")


def test_a_chain() -> None:
    assert tree(a="", b="a", c="b") == SeriesRegion((StepRegion("a"), StepRegion("b"), StepRegion("c")))


def test_a_chain_with_a_dependency_that_follows_from_others() -> None:
    assert tree(c="ab", b="a", a="") == SeriesRegion((StepRegion("a"), StepRegion("b"), StepRegion("c")))


def test_a_thousand_steps_in_any_order() -> None:
    needs = {f"s{number}": [f"s{number + 1}"] for number in range(1000)} | {"s1000": []}
    steps = [
        {"id": step, "action": "log", "params": {"message": "x"}, "depends_on": waits} for step, waits in needs.items()
    ]
    region = nest(link(parse({"steps": steps}).definition).graph)

    assert isinstance(region, SeriesRegion)
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
    assert tree(a="", b="a", c="a", d="bc") == SeriesRegion(
        (StepRegion("a"), ParallelRegion((StepRegion("b"), StepRegion("c"))), StepRegion("d"))
    )


def test_two_joins_over_the_same_two_steps() -> None:
    assert tree(a="", b="", c="ab", d="ab") == SeriesRegion(
        (ParallelRegion((StepRegion("a"), StepRegion("b"))), ParallelRegion((StepRegion("c"), StepRegion("d"))))
    )


def test_a_chain_beside_a_step() -> None:
    assert tree(a="", b="", c="a") == ParallelRegion(
        (SeriesRegion((StepRegion("a"), StepRegion("c"))), StepRegion("b"))
    )


def test_a_branch_of_a_parallel_may_hold_a_parallel() -> None:
    inner = SeriesRegion((StepRegion("b"), ParallelRegion((StepRegion("c"), StepRegion("d")))))

    assert tree(a="", b="", c="b", d="b", e="acd") == SeriesRegion(
        (ParallelRegion((StepRegion("a"), inner)), StepRegion("e"))
    )


def test_a_crossing_is_a_weave() -> None:
    leaves = tuple(map(StepRegion, "abcd"))

    assert tree(a="", b="", c="ab", d="b") == CrossingRegion(leaves, ((), (), (0, 1), (1,)))


def test_what_looks_alike_to_all_others_is_one_part_of_a_weave() -> None:
    """b and its copy e, and a chain f-g in the place of d."""
    woven = tree(a="", b="", e="", c="abe", f="be", g="f")

    assert woven == CrossingRegion(
        (
            StepRegion("a"),
            ParallelRegion((StepRegion("b"), StepRegion("e"))),
            StepRegion("c"),
            SeriesRegion((StepRegion("f"), StepRegion("g"))),
        ),
        ((), (), (0, 1), (1,)),
    )


def test_a_crossing_region_may_be_a_member_of_a_series() -> None:
    region = tree(s="", a="s", b="s", c="ab", d="b", e="cd")

    assert isinstance(region, SeriesRegion)
    assert [type(item) for item in region.items] == [StepRegion, CrossingRegion, StepRegion]


def test_parts_that_follow_through_others_are_not_direct() -> None:
    """a before b before c, and d before c: c does not wait for a itself."""
    woven = tree(a="", b="a", c="bad", d="", e="d", f="ea")

    assert isinstance(woven, CrossingRegion)
    assert woven.needs[2] == (1, 3)
