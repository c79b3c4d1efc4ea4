"""A job's duration and compute -> GPU hours and dollars.

    cost(1800.0, Compute(backend="batch", gpu=2, gpu_type="L4"))  ->  {"gpu_hours": 1.0, "dollars": 2.3008}

Dollars are the price in `model/instances.py` of the smallest machine that the job fits into, times the duration. The
value is None if the duration or the price is unknown. Workers have no price: only their owner knows it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aftertrain.compiler.jobs.price import dollars_per_hour
from aftertrain.compiler.jobs.resolve import resolve
from aftertrain.control.ports import ControlPorts, Item
from aftertrain.control.require import published_definition
from aftertrain.model.definition import Compute, Step

NOTHING: dict[str, float | None] = {"gpu_hours": None, "dollars": None}


def cost(seconds: float | None, compute: Compute) -> dict[str, float | None]:
    """The cost of one step."""
    if seconds is None:
        return NOTHING
    hours, rate = seconds / 3600, dollars_per_hour(compute)
    return {
        "gpu_hours": round(hours * compute.gpu, 4),
        "dollars": None if rate is None else round(hours * rate, 4),
    }


def with_cost(steps: Iterable[Mapping[str, Any]], definition: Mapping[str, Any], ports: ControlPorts) -> list[Item]:
    """The steps of an execution, each with its cost, computed from `job_seconds`."""
    steps_by_id = _steps(definition)
    priced: list[Item] = []
    for step in steps:
        spec = steps_by_id.get(step["id"])
        job_cost = NOTHING if spec is None else cost(step["job_seconds"], resolve(spec, ports.bindings))
        priced.append({**step, **job_cost})
    return priced


def _steps(definition: Mapping[str, Any]) -> dict[str, Step]:
    if not definition:
        return {}
    parsed = published_definition(definition)
    return {step.id: step for step in (*parsed.steps, *parsed.on_failure)}


def total(steps: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """The sum of the known costs; None if none is known."""
    listed = list(steps)
    return {name: _sum(step[name] for step in listed) for name in NOTHING}


def _sum(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return round(sum(present), 4) if present else None
