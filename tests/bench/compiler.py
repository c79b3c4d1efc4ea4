"""The compiler compared with others: makespans of random graphs, transitions of hand-written machines, compile time.

Makespans are computed from drawn durations (log-normal, with a median of four minutes). A hop at a latch takes as long
as on the emulator. `levels` starts a step when all steps of the levels before it have ended. `series-parallel` adds
dependencies until the graph nests. Compile times are compared with those of sfnx, which compiles Python to the same
kind of machine, for a chain of Tasks that both can express.
"""

import json
import random
import re
import timeit
from collections.abc import Callable, Iterator
from statistics import mean
from typing import Any

from sfnx import compiler as sfnx_compiler

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline
from aftertrain.compiler.crossing import Await, Item, Publish, lanes
from aftertrain.compiler.diagnostics import CompileError
from aftertrain.compiler.graph import Graph
from aftertrain.compiler.link import link
from aftertrain.compiler.nest import CrossingRegion, ParallelRegion, Region, SeriesRegion, StepRegion, nest
from aftertrain.compiler.parse import parse
from tests.by_hand.machines import NAMES, by_hand, compiled, run

NAMESAKES = "abcdefghi"
HOP_SECONDS = 0.25
GRAPHS = 20
Durations = dict[str, float]


def definition(count: int, source: random.Random, spread: int = 6) -> dict[str, Any]:
    """A random pipeline: each step needs one or two of the steps shortly before it."""
    steps = []
    for number in range(count):
        near = range(max(0, number - spread), number)
        needs = sorted(source.sample(near, min(len(near), source.choice([1, 1, 2]))))
        message = f"step {number} of {{{{ event.key }}}}" + "".join(
            f" {{{{ steps.s{n}.output.message }}}}" for n in needs
        )
        steps.append({"id": f"s{number}", "action": "log", "params": {"message": message}})
    return {"steps": steps}


def nesting(count: int, source: random.Random) -> dict[str, Any]:
    """A random pipeline that nests: stages of up to five steps, each of which reads one step of the stage before."""
    steps: list[dict[str, Any]] = []
    before: list[str] = []
    while len(steps) < count:
        stage = [f"s{number}" for number in range(len(steps), min(count, len(steps) + source.randint(1, 5)))]
        for step in stage:
            message = f"{{{{ steps.{source.choice(before)}.output.message }}}}" if before else "{{ event.key }}"
            steps.append({"id": step, "action": "log", "params": {"message": message}, "depends_on": before})
        before = stage
    return {"steps": steps}


def chain(count: int) -> dict[str, Any]:
    """Steps in a row."""
    return {
        "steps": [
            {
                "id": f"s{n}",
                "action": "log",
                "params": {"message": f"{{{{ steps.s{n - 1}.output.message }}}}" if n else "x"},
            }
            for n in range(count)
        ]
    }


def makespans(count: int) -> dict[str, float]:
    """The mean makespan divided by the critical path, by scheme."""
    source = random.Random(count)
    found: dict[str, list[float]] = {"levels": [], "series-parallel": [], "ours": []}
    for _ in range(GRAPHS):
        graph = link(parse(definition(count, source)).definition).graph
        took = {step: source.lognormvariate(5.5, 1.0) for step in graph.nodes}
        least = critical_path(graph, took)
        found["levels"].append(by_levels(graph, took) / least)
        found["series-parallel"].append(nested(nest(graph), took, graph) / least)
        found["ours"].append(ours(nest(graph), took, graph) / least)
    return {name: mean(values) for name, values in found.items()}


def critical_path(graph: Graph, took: Durations) -> float:
    """The end of the last step if only dependencies delayed any step."""
    end: Durations = {}
    for step in graph.order:
        end[step] = max((end[need] for need in graph.nodes[step].needs), default=0.0) + took[step]
    return max(end.values())


def by_levels(graph: Graph, took: Durations) -> float:
    """Each level takes as long as its longest step."""
    level: dict[str, int] = {}
    for step in graph.order:
        level[step] = 1 + max((level[need] for need in graph.nodes[step].needs), default=0)
    return sum(max(took[step] for step in level if level[step] == each) for each in set(level.values()))


def nested(region: Region, took: Durations, graph: Graph) -> float:
    """Parts that do not nest run by levels, one part after the other."""
    match region:
        case StepRegion(id=step):
            return took[step]
        case SeriesRegion(items=items):
            return sum(nested(item, took, graph) for item in items)
        case ParallelRegion(items=items):
            return max(nested(item, took, graph) for item in items)
        case CrossingRegion(items=items, needs=needs):
            level: dict[int, int] = {}
            while len(level) < len(items):
                for place, before in enumerate(needs):
                    if place not in level and all(each in level for each in before):
                        level[place] = 1 + max((level[each] for each in before), default=0)
            return sum(
                max(nested(items[place], took, graph) for place in level if level[place] == each)
                for each in set(level.values())
            )


def ours(region: Region, took: Durations, graph: Graph) -> float:
    """Lanes that meet at latches, with the cost of each hop."""
    match region:
        case StepRegion(id=step):
            return took[step]
        case SeriesRegion(items=items):
            return sum(ours(item, took, graph) for item in items)
        case ParallelRegion(items=items):
            return max(ours(item, took, graph) for item in items)
        case CrossingRegion():
            inside = set(region.steps)
            return _woven(lanes(region, graph, lambda step: step not in inside), took, graph)


def _woven(found: tuple[tuple[Item, ...], ...], took: Durations, graph: Graph) -> float:
    """The lanes advance in turns, each as far as the steps it waits for allow."""
    told: dict[tuple[str, str], float] = {}
    clocks, places = [0.0] * len(found), [0] * len(found)
    while any(place < len(line) for place, line in zip(places, found, strict=True)):
        for number, line in enumerate(found):
            while places[number] < len(line):
                item = line[places[number]]
                if isinstance(item, Await):
                    if any((source, item.target) not in told for source in item.sources):
                        break
                    late = max(told[source, item.target] for source in item.sources)
                    clocks[number] = max(clocks[number], late) + HOP_SECONDS
                elif isinstance(item, Publish):
                    clocks[number] += HOP_SECONDS
                    told[item.source, item.target] = clocks[number]
                else:
                    clocks[number] += ours(item, took, graph)
                places[number] += 1
    return max(clocks)


def transitions() -> dict[str, tuple[int, int]]:
    """The transitions of a successful execution: ours, and those of the hand-written machine."""
    return {name: (len(run(compiled(name)).states), len(run(by_hand(name)).states)) for name in NAMES}


def compile_times() -> dict[str, dict[int, float]]:
    """Seconds, by compiler and number of steps; 0 if the result is too large for Step Functions."""
    texts: dict[str, Callable[[int], dict[str, Any]]] = {
        "random graph": lambda count: definition(count, random.Random(1)),
        "graph that nests": lambda count: nesting(count, random.Random(1)),
        "chain": chain,
    }
    found: dict[str, dict[int, float]] = {name: {} for name in (*texts, "chain, by sfnx")}
    for count in (10, 50, 200, 500):
        for name, write in texts.items():
            found[name][count] = _best(map(_compiled, _renamed(json.dumps(write(count)))))
        found["chain, by sfnx"][count] = _best(_by_sfnx(count) for _ in NAMESAKES)
    return found


def _renamed(text: str) -> list[str]:
    """The same definition with other ids, so that nothing cached from one helps with the next."""
    return [re.sub(r"\bs(?=\d)", letter, text) for letter in NAMESAKES]


def _compiled(text: str) -> object:
    return compile_pipeline(text, PLACEHOLDERS)


def _by_sfnx(count: int) -> object:
    lines = ["from sfnx import aws, state_machine", "@state_machine", "def chain(input: dict):", '    v = "x"']
    call = 'aws.optimized.lambda_.invoke(FunctionName="f", Payload={"message": v})'
    lines += [f"    r{number} = {call}" for number in range(count)]
    return sfnx_compiler.compile_source("\n".join([*lines, "    return v"]) + "\n")


def _best(results: Iterator[object]) -> float:
    """The best of consecutive runs with the garbage collector off, as in `timeit`."""
    try:
        return min(timeit.repeat(lambda: next(results), number=1, repeat=len(NAMESAKES)))
    except CompileError:
        return 0.0
