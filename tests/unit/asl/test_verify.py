"""What the compiler would notice in its own output."""

import pytest

from aftertrain.asl.states import Catcher, Choice, Machine, Parallel, Pass, Rule, Scope, State, Task
from aftertrain.asl.verify import verify


def faults(states: dict[str, State], start: str = "a") -> list[str]:
    return verify(Machine("test", Scope(start, states)))


def branch(*names: str) -> Scope:
    return Scope(names[0], {name: Pass(None, None) for name in names})


def test_a_sound_machine_has_no_faults() -> None:
    states: dict[str, State] = {
        "a": Choice((Rule("{% true %}", "b"),), "p"),
        "b": Task("r", {}, "p", catch=(Catcher("z"),)),
        "p": Parallel((branch("x"), branch("y")), "z"),
        "z": Pass(None, None),
    }

    assert faults(states) == []


def test_a_variable_of_a_branch_and_of_what_is_around_it_is_a_fault() -> None:
    inner = Scope("x", {"x": Task("r", {}, None, assign={"v": 1})})
    states: dict[str, State] = {
        "a": Parallel((inner,), "b"),
        "b": Choice((Rule("{% true %}", "z", {"v": 2}),), "z"),
        "z": Pass(None, None),
    }

    assert faults(states) == ["variable 'v': it is assigned in a branch and outside of it"]


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        ({"a": Pass(None, "b")}, "there is no state 'b' in its scope"),
        ({"a": Task("r", {}, None, catch=(Catcher("b"),))}, "there is no state 'b'"),
        ({"a": Choice((Rule("x", "b"),), "c"), "b": Pass(None, None)}, "there is no state 'c'"),
        ({"a": Pass(None, None), "b": Pass(None, None)}, "state 'b': nothing leads to it"),
        ({"a": Pass(None, "a")}, "never ends"),
        ({"a": Parallel((branch("a"),), None)}, "state 'a': the name stands 2 times"),
        ({"a": Parallel((branch("x"), branch("x")), None)}, "state 'x': the name stands 2 times"),
        ({"a": Parallel((branch("x" * 81),), None)}, "the name is longer than 80"),
        ({"a": Pass("x" * 1_048_576, None)}, "at most 1048576 are allowed"),
        ({"b": Pass(None, None)}, "there is no state 'a' to start at"),
    ],
)
def test_every_fault_is_found(states: dict[str, State], fault: str) -> None:
    assert any(fault in each for each in faults(states))
