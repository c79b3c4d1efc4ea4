"""Random pipelines of the whole language, and an oracle of their meaning that knows nothing of state machines.

A pipeline is drawn as a graph, written as a definition, and run. The oracle visits its steps once, in an order that
respects their needs, and computes each step's end and message. The run must agree with it.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from sfnx import testing

SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"


@dataclass(frozen=True)
class Spec:
    """A drawn step. `watch`: a need whose status the condition asks for, and that status.

    `reads`: its message contains the messages of its needs; otherwise it only waits for them.
    `asks`: a need whose status its message contains.
    `flag`: a condition on a flag of the event. `unclear`: a condition on a flag that does not exist.
    """

    id: str
    needs: tuple[str, ...]
    flag: bool | None = None
    unclear: bool = False
    watch: tuple[str, str] | None = None
    continues_on_failure: bool = False
    items: int | None = None
    fails: int = 0
    attempts: int = 1
    reads: bool = True
    asks: str | None = None


@dataclass(frozen=True)
class Drawn:
    """Steps in the definition's order. `order` respects their needs. `told`: all statuses are outputs."""

    steps: tuple[Spec, ...]
    order: tuple[Spec, ...]
    told: bool

    @property
    def by_id(self) -> dict[str, Spec]:
        return {step.id: step for step in self.order}


@st.composite
def drawn(draw: st.DrawFn, most: int = 7) -> Drawn:
    """A random pipeline of up to `most` steps."""
    order: list[Spec] = []
    for number in range(draw(st.integers(1, most))):
        needs = tuple(step.id for step in order if draw(st.integers(0, 9)) < 4)
        kind = draw(st.sampled_from(["plain"] * 6 + ["flag", "flag", "watch", "watch", "unclear"]))
        watch = None
        if kind == "watch" and needs:
            watch = draw(st.sampled_from(needs)), draw(st.sampled_from([SUCCEEDED, FAILED, SKIPPED]))
        attempts = draw(st.sampled_from([1, 1, 1, 2]))
        order.append(
            Spec(
                f"s{number}",
                needs,
                flag=draw(st.booleans()) if kind == "flag" else None,
                unclear=kind == "unclear",
                watch=watch,
                continues_on_failure=draw(st.integers(0, 5)) == 0,
                items=draw(st.integers(0, 3)) if draw(st.integers(0, 6)) == 0 else None,
                fails=draw(st.sampled_from([0, 0, 0, 1, 2])),
                attempts=attempts,
                reads=draw(st.integers(0, 3)) > 0,
                asks=draw(st.sampled_from(needs)) if needs and draw(st.integers(0, 3)) == 0 else None,
            )
        )
    return Drawn(tuple(draw(st.permutations(order))), tuple(order), draw(st.booleans()))


def without_failures(pipeline: Drawn) -> Drawn:
    """The same pipeline, with steps that all succeed."""
    steps = {step.id: replace(step, fails=0, unclear=False) for step in pipeline.order}
    return Drawn(
        tuple(steps[step.id] for step in pipeline.steps),
        tuple(steps[step.id] for step in pipeline.order),
        pipeline.told,
    )


def definition(pipeline: Drawn, **settings: Any) -> dict[str, Any]:
    """The definition. The message of each step contains those of the steps that it needs."""
    steps = [_step(step, pipeline) for step in pipeline.steps]
    outputs = {step.id: f"{{{{ steps.{step.id}.status }}}}" for step in pipeline.steps} if pipeline.told else {}
    return {"settings": settings, "steps": steps, "outputs": outputs}


def _step(step: Spec, pipeline: Drawn) -> dict[str, Any]:
    reads = "".join(f" {_read(pipeline.by_id[need], step)}" for need in step.needs if step.reads)
    reads += f" {{{{ steps.{step.asks}.status }}}}" if step.asks else ""
    condition = None
    if step.flag is not None or step.unclear:
        condition = f"event.flags.{step.id}"
    if step.watch is not None:
        condition = f"steps.{step.watch[0]}.status == '{step.watch[1]}'"
    return {
        "id": step.id,
        "action": "log",
        "params": {"message": step.id + ("{{ item }}" if step.items is not None else "") + reads},
        **({} if step.reads else {"depends_on": list(step.needs)}),
        **({"condition": condition} if condition else {}),
        **({"foreach": {"items": [f"/{index}" for index in range(step.items)]}} if step.items is not None else {}),
        **({"on_failure": "continue"} if step.continues_on_failure else {}),
        **({"retry": {"max_attempts": step.attempts, "backoff_seconds": 1}} if step.attempts > 1 else {}),
    }


def _read(need: Spec, step: Spec) -> str:
    path = f"steps.{need.id}.output" + ("" if need.items is not None else ".message")
    length = " | length" if need.items is not None else ""
    if _has_default(need, step):
        default = "[]" if need.items is not None else "'-'"
        return f"{{{{ {path} | default({default}){length} }}}}"
    return f"{{{{ {path}{length} }}}}"


def _has_default(need: Spec, step: Spec) -> bool:
    """Whether a step reads another one's output with a `default`: it then waits for that step, and does not need it."""
    if step.watch is not None and step.watch[0] == need.id:
        return step.watch[1] != SUCCEEDED
    return need.continues_on_failure


@dataclass
class Meaning:
    """Each step's end, its messages (per item) and their number, and the steps that fail the execution."""

    statuses: dict[str, str] = field(default_factory=dict)
    messages: dict[tuple[str, str], int] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def failures(self, pipeline: Drawn) -> set[str]:
        return {
            step.id for step in pipeline.order if self.statuses[step.id] == FAILED and not step.continues_on_failure
        }


def meaning(pipeline: Drawn) -> Meaning:
    """The meaning of a pipeline by the language's rules."""
    found = Meaning()
    for step in pipeline.order:
        if not _runs(step, pipeline, found):
            found.statuses[step.id] = SKIPPED
            continue
        if step.unclear:
            found.statuses[step.id] = FAILED
            continue
        items = [""] if step.items is None else [f"/{index}" for index in range(step.items)]
        told = "".join(
            f" {found.outputs.get(need, _nothing(pipeline.by_id[need]))}" for need in step.needs if step.reads
        )
        told += f" {found.statuses[step.asks]}" if step.asks else ""
        messages = [f"{step.id}{item}{told}" for item in items]
        tries = min(step.fails + 1, step.attempts)
        found.messages |= {(step.id, message): tries for message in messages}
        found.statuses[step.id] = FAILED if step.fails >= step.attempts and items else SUCCEEDED
        if found.statuses[step.id] == SUCCEEDED:
            found.outputs[step.id] = messages[0] if step.items is None else str(len(messages))
    return found


def _nothing(need: Spec) -> str:
    return "-" if need.items is None else "0"


def _runs(step: Spec, pipeline: Drawn, found: Meaning) -> bool:
    for need in step.needs:
        watched = step.watch is not None and step.watch[0] == need
        waits_only = watched or (step.reads and _has_default(pipeline.by_id[need], step))
        status, continues_on_failure = found.statuses[need], pipeline.by_id[need].continues_on_failure
        if not waits_only and status != SUCCEEDED and not (status == FAILED and continues_on_failure):
            return False
    if step.watch is not None and found.statuses[step.watch[0]] != step.watch[1]:
        return False
    return step.flag is not False


class Steps:
    """Answers for the drawn steps, and records the calls in order. It is safe among threads."""

    def __init__(self, pipeline: Drawn, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.specs = pipeline.by_id
        self.tries: dict[tuple[str, str], int] = {}
        self.log: list[tuple[str, str]] = []
        self.working: set[str] = set()
        self.most = 0
        self._lock = threading.Lock()

    def answer(self, step: str, payload: dict[str, Any]) -> Any:
        message = payload["params"]["message"]
        with self._lock:
            self.log.append(("start", step))
            self.working.add(step)
            self.most = max(self.most, len(self.working))
            tries = self.tries[step, message] = self.tries.get((step, message), 0) + 1
        time.sleep(self.seconds)
        with self._lock:
            self.log.append(("end", step))
            self.working.discard(step)
        if tries <= self.specs[step].fails:
            raise testing.Failure("Boom", message)
        return {"logged": True, "message": message, "level": "info"}


def given(pipeline: Drawn) -> dict[str, Any]:
    """The input of an execution."""
    flags = {step.id: step.flag for step in pipeline.order if step.flag is not None}
    return {"event": {"data": {"flags": flags}}, "params": {}}
