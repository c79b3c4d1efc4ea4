"""A job's Task -> the same with what surrounds it where a service runs it.

    evaluate (.sync)  ->  Prepare evaluate, Look for evaluate, Is evaluate there, Mind evaluate, evaluate, Read evaluate

What the Task leaves behind, its output and its variables, `Read` leaves behind; whatever fails, fails the step.
"""

from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Retrier, Rule, State, Task, Wait
from aftertrain.compiler.jobs.remote import Remote
from aftertrain.compiler.lower.latch import BUSY

PUT, GET = "arn:aws:states:::aws-sdk:s3:putObject", "arn:aws:states:::aws-sdk:s3:getObject"
KEPT = jsonata.expression("$states.input")
MIND_SECONDS = 120


def prepare_name(name: str) -> str:
    """The state that a remote job begins with."""
    return f"Prepare {name}"


def framed(name: str, task: Task, remote: Remote | None, *, item: bool) -> dict[str, State]:
    """The states of a job. An item's input is handed on, for it is read all along; a step's is read by nobody."""
    if remote is None:
        return {name: task}
    look, there, mind, read = f"Look for {name}", f"Is {name} there", f"Mind {name}", f"Read {name}"
    key = f"{remote.folder} & '/"
    submit = replace(
        task,
        next=read,
        output=KEPT,
        assign={},
        retry=(Retrier(remote.unsure, attempts=0, interval=1, rate=1.0), *task.retry),
        catch=(Catcher(mind, KEPT, errors=remote.unsure), *task.catch),
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
        there: _there(remote, name, read, mind),
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


def _there(remote: Remote, name: str, read: str, mind: str) -> Choice:
    alive = ", ".join(map(jsonata.string, remote.look.alive))
    return Choice(
        (
            Rule(jsonata.expression(f"{jsonata.string(remote.look.done)} in $states.input.found"), read),
            Rule(
                jsonata.expression(f"$count($filter($states.input.found, function($s) {{$s in [{alive}]}})) > 0"), mind
            ),
        ),
        name,
    )


def _object(remote: Remote, key: str) -> dict[str, Any]:
    return {"Bucket": remote.bucket, "Key": jsonata.expression(key)}
