"""Machines that an expert wrote by hand, beside definitions with the same meaning.

`NAME.json` was written by hand, and `NAME.yaml` is compiled. Both run with the same answers.
"""

import json
from pathlib import Path
from typing import Any

from sfnx import testing

from aftertrain.compiler.bindings import PLACEHOLDERS
from aftertrain.compiler.compile import compile_pipeline

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))


def by_hand(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())
    return machine


def compiled(name: str) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(compile_pipeline((HERE / f"{name}.yaml").read_text(), PLACEHOLDERS).asl)
    return machine


def steps_of(name: str) -> list[str]:
    return [step.id for step in compile_pipeline((HERE / f"{name}.yaml").read_text(), PLACEHOLDERS).definition.steps]


def run(machine: dict[str, Any], failing: str | None = None, score: float = 0.95) -> testing.Execution:
    """Run one execution, in which the step `failing` fails."""

    def answer(call: testing.Call) -> Any:
        arguments: Any = call.arguments
        payload = arguments["Payload"]
        if payload["step"] == failing:
            raise testing.Failure("Boom", "as asked")
        params = payload["params"]
        return {"Payload": params.get("outputs", params)}

    return testing.run(machine, {"event": {"data": {"key": "k", "score": score}}, "params": {}}, tasks=answer)
