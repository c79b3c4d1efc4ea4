"""Crossing regions as lanes with latches, on graphs small enough to see the answer."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.examples import examples

from aftertrain.compiler.crossing import Await, Lane, Publish, lanes
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.link import link
from aftertrain.compiler.nest import CrossingRegion, StepRegion, nest
from aftertrain.compiler.parse import parse
from aftertrain.compiler.width import width


def graph(needs: dict[str, str]) -> Graph:
    steps = [
        {
            "id": step,
            "action": "log",
            "params": {"message": "x" + "".join(f"{{{{ steps.{need}.output.message }}}}" for need in waits)},
        }
        for step, waits in needs.items()
    ]
    return link(parse({"steps": steps}).definition).graph


def woven(**needs: str) -> tuple[Lane, ...]:
    found = graph(needs)
    region = nest(found)
    assert isinstance(region, CrossingRegion)
    return lanes(region, found, lambda step: False)


def test_a_crossing_is_two_chains_and_one_latch() -> None:
    assert woven(a="", b="", c="ab", d="b") == (
        (StepRegion("a"), Await("c", ("b",), (("b",),)), StepRegion("c")),
        (StepRegion("b"), Publish("b", "c", ("b",), 1), StepRegion("d")),
    )


def test_a_record_is_handed_on_where_it_would_not_be_seen() -> None:
    """f reads a, but waits only for c and d, of which c needs a."""
    found = woven(a="", b="", c="ab", d="b", f="dca", g="d")
    chain = next(chain for chain in found if StepRegion("f") in chain)
    sent = {step for item in chain if isinstance(item, Await) for steps in item.steps for step in steps}
    seen = sent | {item.id for item in chain if isinstance(item, StepRegion)}

    assert {"a", "c", "d"} <= seen


NEEDS = st.integers(4, 9).flatmap(
    lambda count: st.tuples(*(st.sets(st.integers(0, max(place - 1, 0)), max_size=3) for place in range(count)))
)


@settings(max_examples=examples(300), deadline=None)
@given(NEEDS)
def test_no_chain_waits_for_what_is_not_before_it(drawn: tuple[set[int], ...]) -> None:
    """Every latch has as many publishers as it waits for, and those who wait need them."""
    found = graph(
        {
            chr(97 + place): "".join(chr(97 + need) for need in sorted(needs) if need < place)
            for place, needs in enumerate(drawn)
        }
    )
    region = nest(found)
    if not isinstance(region, CrossingRegion):
        return
    items = [item for chain in lanes(region, found, lambda step: False) for item in chain]
    published = [(item.target, item.source) for item in items if isinstance(item, Publish)]
    awaited = [(item.target, source) for item in items if isinstance(item, Await) for source in item.sources]

    assert sorted(published) == sorted(awaited)
    assert sorted(step for item in items if not isinstance(item, Publish | Await) for step in item.steps) == sorted(
        found.nodes
    )
    assert width(found) >= 2


def test_the_width_is_that_of_the_widest_place() -> None:
    assert width(graph({"a": "", "b": "a", "c": "a", "d": "bc", "e": "", "f": "e"})) == 3
    assert width(graph({"a": "", "b": "a", "c": "b"})) == 1
