"""Random series-parallel pipelines, and running a compiled one with every Task answered by a function.

A pipeline is drawn as a tree of series and parallel, and written as the steps' direct dependencies, shuffled, with
some that follow from others added: what a person would write, not what the compiler makes of it.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline

EVENT = {"event": {"event_type": "x.y", "data": {"name": "n"}}, "params": {}}


@dataclass(frozen=True)
class Pipeline:
    """Steps in the order of the definition, and what each waits for, directly or not."""

    steps: tuple[str, ...]
    needs: dict[str, set[str]]

    def ancestors(self, step: str) -> set[str]:
        """Every step that must be over before this one starts."""
        found = set(self.needs[step])
        for need in self.needs[step]:
            found |= self.ancestors(need)
        return found

    def definition(self, conditions: dict[str, str] | None = None) -> dict[str, Any]:
        """Each step logs the messages of the steps that it waits for, so their outputs have to get there."""
        return {
            "steps": [
                {
                    "id": step,
                    "action": "log",
                    "params": {
                        "message": step + "".join(f" {{{{ steps.{need}.output.message }}}}" for need in sorted(needs))
                    },
                    **({"condition": conditions[step]} if conditions and step in conditions else {}),
                }
                for step, needs in ((step, self.needs[step]) for step in self.steps)
            ]
        }


@st.composite
def pipelines(draw: st.DrawFn, most: int = 9) -> Pipeline:
    """A random series-parallel pipeline of up to `most` steps."""
    names = [f"s{number}" for number in range(draw(st.integers(1, most)))]
    needs: dict[str, set[str]] = {name: set() for name in names}
    source = random.Random(draw(st.integers(0, 2**32)))

    def build(steps: list[str], *, parallel: bool) -> tuple[list[str], list[str]]:
        if len(steps) == 1:
            return steps, steps
        cut = source.randint(1, len(steps) - 1)
        first = build(steps[:cut], parallel=not parallel)
        second = build(steps[cut:], parallel=not parallel)
        if parallel:
            return first[0] + second[0], first[1] + second[1]
        for later in second[0]:
            needs[later] |= set(first[1])
        return first[0], second[1]

    build(names, parallel=draw(st.booleans()))
    for later in names:
        for earlier in sorted(_ancestors(needs, later)):
            if source.random() < 0.2:
                needs[later].add(earlier)
    source.shuffle(names)
    return Pipeline(tuple(names), needs)


def _ancestors(needs: dict[str, set[str]], step: str) -> set[str]:
    return set(needs[step]).union(*(_ancestors(needs, need) for need in needs[step]))


def run(definition: dict[str, Any], answer: Callable[[str, dict[str, Any]], Any]) -> testing.Execution:
    """Compile and run; `answer` gets a step's id and params, and returns its output or raises `testing.Failure`."""
    machine = json.loads(compile_pipeline(definition, PLACEHOLDERS).asl)

    def task(call: testing.Call) -> Any:
        arguments: Any = call.arguments
        payload = arguments.get("Payload", arguments)
        output = answer(payload["step"], payload["params"])
        return {"Payload": output} if "Payload" in arguments else output

    return testing.run(machine, EVENT, tasks=task)
