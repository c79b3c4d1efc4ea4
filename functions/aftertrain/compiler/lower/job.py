"""A job's Task -> the same with what surrounds it where a service runs it.

    evaluate (.sync)  ->  Prepare evaluate, Look for evaluate, Is evaluate there, Mind evaluate, evaluate, Read evaluate

A submission that is in doubt three times and is never found has been refused; it fails the step with what was said.
Where the service does not tell why a program failed, `Ask why evaluate failed` reads it from what the program left.
What the Task leaves behind, its output and its variables, `Read` leaves behind; whatever fails, fails the step.
"""

from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Pass, Retrier, Rule, State, Task, Wait
from aftertrain.compiler.jobs.given import REDRIVES
from aftertrain.compiler.jobs.remote import Remote
from aftertrain.compiler.lower.latch import BUSY

PUT, GET = "arn:aws:states:::aws-sdk:s3:putObject", "arn:aws:states:::aws-sdk:s3:getObject"
KEPT = jsonata.expression("$states.input")
_ONCE_MORE = "{'unsure': ($exists($states.input.unsure) ? $states.input.unsure : 0) + 1}"
UNSURE = jsonata.expression(f"$merge([$states.input, {{'fault': $states.errorOutput}}, {_ONCE_MORE}])")
UNNAMED = jsonata.expression(
    "$merge([$states.input, {'fault': $states.errorOutput}, "
    f"$states.input.redrives = {REDRIVES} ? {_ONCE_MORE} : {{}}])"
)
FAULT = jsonata.expression("$merge([$states.input, {'fault': $states.errorOutput}])")
ASKED = Retrier(("States.TaskFailed",), attempts=2, interval=1, rate=2.0, hiccups=True)  # there may be nothing to read
NO_NAME = ("States.QueryEvaluationError",)  # as when the execution was redriven: see `Given.name`
MIND_SECONDS = 600  # each look is nine events of the execution's history
UNSURE_TIMES = 3  # what is in doubt so often and never there is refused, not lost


def prepare_name(name: str) -> str:
    """The state that a remote job begins with."""
    return f"Prepare {name}"


def framed(name: str, task: Task, remote: Remote | None, *, item: bool) -> dict[str, State]:
    """The states of a job. An item's input is handed on, for it is read all along; a step's is read by nobody."""
    if remote is None:
        return {name: task}
    look, there, mind, read = f"Look for {name}", f"Is {name} there", f"Mind {name}", f"Read {name}"
    failed = f"{name} has failed"
    key = f"{remote.folder} & '/"
    submit = replace(
        task,
        next=read,
        output=KEPT,
        assign={},
        # After these a retry would not look first.
        retry=(Retrier((*remote.unsure, *NO_NAME, "States.Timeout"), attempts=0, interval=1, rate=1.0), *task.retry),
        catch=(
            Catcher(mind, UNSURE, errors=remote.unsure),
            Catcher(look, UNNAMED, errors=NO_NAME),
            *_asking(name, remote),
            *task.catch,
        ),
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
        there: _there(remote, name, read, mind, failed),
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
        **_ask(name, remote, f"{key}output.json'", failed),
        failed: _failed(task.catch),
    }


def _look(remote: Remote, onward: str, catch: tuple[Catcher, ...]) -> Task:
    found = f"$merge([$states.input, {{'found': [{remote.look.statuses}], 'redrives': {REDRIVES}}}])"
    return Task(
        resource=remote.look.resource,
        arguments=remote.look.arguments,
        next=onward,
        output=jsonata.expression(found),
        retry=(BUSY,),
        catch=catch,
    )


def _there(remote: Remote, name: str, read: str, mind: str, failed: str) -> Choice:
    alive = ", ".join(map(jsonata.string, remote.look.alive))
    found = "$states.input.found"
    often = f"$exists($states.input.unsure) and $states.input.unsure >= {UNSURE_TIMES}"
    return Choice(
        (
            Rule(jsonata.expression(f"{jsonata.string(remote.look.done)} in {found}"), read),
            Rule(jsonata.expression(f"$count($filter({found}, function($s) {{$s in [{alive}]}})) > 0"), mind),
            Rule(jsonata.expression(often), failed),
        ),
        name,
    )


def _asking(name: str, remote: Remote) -> tuple[Catcher, ...]:
    return (Catcher(_ask_name(name), FAULT, errors=("States.TaskFailed",)),) if remote.own else ()


def _ask_name(name: str) -> str:
    return f"Ask why {name} failed"


def _ask(name: str, remote: Remote, key: str, failed: str) -> dict[str, State]:
    """The error that the program left, in the place of the service's; what an earlier try left does not count."""
    if not remote.own:
        return {}
    told = f"$exists($left.error) and {remote.own} ? {{'fault': {{'Error': $left.error, 'Cause': $left.cause}}}} : {{}}"
    output = jsonata.expression(f"($left := $parse($states.result.Body); $merge([$states.input, {told}]))")
    ask = Task(GET, _object(remote, key), next=failed, output=output, retry=(ASKED,), catch=(Catcher(failed, KEPT),))
    return {_ask_name(name): ask}


def _failed(catch: tuple[Catcher, ...]) -> Pass | Fail:
    """Leads where the job's failures lead, with the error that was kept."""
    if not catch:
        error, cause = (jsonata.expression(f"$states.input.fault.{each}") for each in ("Error", "Cause"))
        return Fail(error, cause)
    last = catch[-1]
    return Pass(_from_fault(last.output), last.next, _from_fault(last.assign))


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
