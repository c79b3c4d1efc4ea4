"""A job's Task -> the same with what surrounds it where a service runs it.

    evaluate (.sync)  ->  Prepare evaluate, Look for evaluate, Is evaluate there, Mind evaluate, evaluate, Read evaluate

A submission that is in doubt three times and is never found has been refused; it fails the step with what was said.
What the Task leaves behind, its output and its variables, `Read` leaves behind; whatever fails, fails the step.
"""

from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Retrier, Rule, State, Task, Wait
from aftertrain.compiler.jobs.remote import Remote
from aftertrain.compiler.lower.latch import BUSY

PUT, GET = "arn:aws:states:::aws-sdk:s3:putObject", "arn:aws:states:::aws-sdk:s3:getObject"
KEPT = jsonata.expression("$states.input")
UNSURE = jsonata.expression(
    "$merge([$states.input, {'unsure': ($exists($states.input.unsure) ? $states.input.unsure : 0) + 1, "
    "'fault': $states.errorOutput}])"
)
MIND_SECONDS = 120
UNSURE_TIMES = 3  # what is in doubt so often and never there is refused, not lost


def prepare_name(name: str) -> str:
    """The state that a remote job begins with."""
    return f"Prepare {name}"


def framed(name: str, task: Task, remote: Remote | None, *, item: bool) -> dict[str, State]:
    """The states of a job. An item's input is handed on, for it is read all along; a step's is read by nobody."""
    if remote is None:
        return {name: task}
    look, there, mind, read = f"Look for {name}", f"Is {name} there", f"Mind {name}", f"Read {name}"
    gave_up, fail = _gave_up(f"{name} was not submitted", task.catch)
    key = f"{remote.folder} & '/"
    submit = replace(
        task,
        next=read,
        output=KEPT,
        assign={},
        # After these a retry would not look first.
        retry=(Retrier((*remote.unsure, "States.Timeout"), attempts=0, interval=1, rate=1.0), *task.retry),
        catch=(Catcher(mind, UNSURE, errors=remote.unsure), *task.catch),
    )
    return {
        prepare_name(name): Task(
            resource=PUT,
            arguments=_object(remote, f"{key}input.json'") | {"Body": remote.input, "ContentType": "application/json"},
            next=look,
            output=KEPT if item else {},
            retry=(BUSY,),
            catch=task.catch,
        ),
        look: _look(remote, there, task.catch),
        there: _there(remote, name, read, mind, gave_up),
        mind: Wait(look, seconds=MIND_SECONDS, output=KEPT),
        name: submit,
        read: replace(
            task,
            resource=GET,
            arguments=_object(remote, f"{key}output.json'"),
            retry=(BUSY,),
            timeout=None,
            heartbeat=None,
            comment=None,
        ),
        **fail,
    }


def _look(remote: Remote, onward: str, catch: tuple[Catcher, ...]) -> Task:
    found = f"$merge([$states.input, {{'found': [{remote.look.statuses}]}}])"
    return Task(
        resource=remote.look.resource,
        arguments=remote.look.arguments,
        next=onward,
        output=jsonata.expression(found),
        retry=(BUSY,),
        catch=catch,
    )


def _there(remote: Remote, name: str, read: str, mind: str, gave_up: Rule) -> Choice:
    alive = ", ".join(map(jsonata.string, remote.look.alive))
    found = "$states.input.found"
    return Choice(
        (
            Rule(jsonata.expression(f"{jsonata.string(remote.look.done)} in {found}"), read),
            Rule(jsonata.expression(f"$count($filter({found}, function($s) {{$s in [{alive}]}})) > 0"), mind),
            gave_up,
        ),
        name,
    )


def _gave_up(name: str, catch: tuple[Catcher, ...]) -> tuple[Rule, dict[str, State]]:
    """Where a job leads that is refused each time: to where its failures lead, with what the service said last."""
    often = jsonata.expression(f"$exists($states.input.unsure) and $states.input.unsure >= {UNSURE_TIMES}")
    if not catch:
        error, cause = (jsonata.expression(f"$states.input.fault.{each}") for each in ("Error", "Cause"))
        return Rule(often, name), {name: Fail(error, cause)}
    last = catch[-1]
    return Rule(often, last.next, _from_fault(last.assign), _from_fault(last.output)), {}


def _from_fault(value: Any) -> Any:
    """The same, read from the error that was kept and not from the one that is being caught."""
    match value:
        case str():
            return value.replace("$states.errorOutput", "$states.input.fault")
        case dict():
            return {key: _from_fault(item) for key, item in value.items()}
        case _:
            return value


def _object(remote: Remote, key: str) -> dict[str, Any]:
    return {"Bucket": remote.bucket, "Key": jsonata.expression(key)}
