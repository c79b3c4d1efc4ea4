"""A job's Task -> the same Task with the states that a service's job needs around it.

    evaluate (.sync)  ->  Prepare evaluate, Look for evaluate, Is evaluate there, Mind evaluate, evaluate, Read evaluate

A submission that stays in doubt three times and is never found was refused; it fails the step with the service's
message. If the service does not report why a program failed, `Ask why evaluate failed` reads the reason that the
program wrote. `Read` sets the Task's output and variables; every failure fails the step.
"""

from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Pass, Retrier, Rule, State, Task, Wait
from aftertrain.compiler.jobs.job_context import REDRIVES
from aftertrain.compiler.jobs.remote import ServiceJob
from aftertrain.compiler.lower.latch import BUSY

PUT, GET = "arn:aws:states:::aws-sdk:s3:putObject", "arn:aws:states:::aws-sdk:s3:getObject"
KEPT = jsonata.expression("$states.input")
_COUNT_UNSURE = "{'unsure': ($exists($states.input.unsure) ? $states.input.unsure : 0) + 1}"
UNSURE = jsonata.expression(f"$merge([$states.input, {{'fault': $states.errorOutput}}, {_COUNT_UNSURE}])")
UNNAMED = jsonata.expression(
    "$merge([$states.input, {'fault': $states.errorOutput}, "
    f"$states.input.redrives = {REDRIVES} ? {_COUNT_UNSURE} : {{}}])"
)
FAULT = jsonata.expression("$merge([$states.input, {'fault': $states.errorOutput}])")
LOOKUP_RETRY = Retrier(
    ("States.TaskFailed",), attempts=2, interval=1, rate=2.0, transient=True
)  # there may be nothing to read
NO_NAME = ("States.QueryEvaluationError",)  # raised after a redrive: see `JobContext.name`
MIND_SECONDS = 600  # each poll takes nine events of the execution's history
UNSURE_TIMES = 3  # a submission in doubt this often and never found was refused, not lost


def prepare_name(name: str) -> str:
    """The first state of a service's job."""
    return f"Prepare {name}"


def surround(name: str, task: Task, remote: ServiceJob | None, *, item: bool) -> dict[str, State]:
    """The states of a job. An item's input is passed on, since all states read it; a step's input has no readers."""
    if remote is None:
        return {name: task}
    lookup, check, wait, read = f"Look for {name}", f"Is {name} there", f"Mind {name}", f"Read {name}"
    failed = f"{name} has failed"
    key = f"{remote.folder} & '/"
    submit = replace(
        task,
        next=read,
        output=KEPT,
        assign={},
        # After these errors a retry would not look for earlier attempts first.
        retry=(Retrier((*remote.unsure, *NO_NAME, "States.Timeout"), attempts=0, interval=1, rate=1.0), *task.retry),
        catch=(
            Catcher(wait, UNSURE, errors=remote.unsure),
            Catcher(lookup, UNNAMED, errors=NO_NAME),
            *_ask_catchers(name, remote),
            *task.catch,
        ),
    )
    return {
        prepare_name(name): Task(
            resource=PUT,
            arguments=_object(remote, f"{key}input.json'") | {"Body": remote.input, "ContentType": "application/json"},
            next=lookup,
            output=KEPT if item else {},
            retry=(BUSY,),
            catch=task.catch,
        ),
        lookup: _lookup_state(remote, check, task.catch),
        check: _check_state(remote, name, read, wait, failed),
        wait: Wait(lookup, seconds=MIND_SECONDS, output=KEPT),
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
        failed: _failed_state(task.catch),
    }


def _lookup_state(remote: ServiceJob, next_state: str, catch: tuple[Catcher, ...]) -> Task:
    merged = f"$merge([$states.input, {{'found': [{remote.look.statuses}], 'redrives': {REDRIVES}}}])"
    return Task(
        resource=remote.look.resource,
        arguments=remote.look.arguments,
        next=next_state,
        output=jsonata.expression(merged),
        retry=(BUSY,),
        catch=catch,
    )


def _check_state(remote: ServiceJob, name: str, read: str, wait: str, failed: str) -> Choice:
    alive = ", ".join(map(jsonata.string, remote.look.alive))
    statuses = "$states.input.found"
    exhausted = f"$exists($states.input.unsure) and $states.input.unsure >= {UNSURE_TIMES}"
    return Choice(
        (
            Rule(jsonata.expression(f"{jsonata.string(remote.look.done)} in {statuses}"), read),
            Rule(jsonata.expression(f"$count($filter({statuses}, function($s) {{$s in [{alive}]}})) > 0"), wait),
            Rule(jsonata.expression(exhausted), failed),
        ),
        name,
    )


def _ask_catchers(name: str, remote: ServiceJob) -> tuple[Catcher, ...]:
    return (Catcher(_ask_name(name), FAULT, errors=("States.TaskFailed",)),) if remote.own else ()


def _ask_name(name: str) -> str:
    return f"Ask why {name} failed"


def _ask(name: str, remote: ServiceJob, key: str, failed: str) -> dict[str, State]:
    """The error that the program wrote, instead of the service's; an earlier attempt's error does not count."""
    if not remote.own:
        return {}
    code = f"$exists($left.error) and {remote.own} ? {{'fault': {{'Error': $left.error, 'Cause': $left.cause}}}} : {{}}"
    output = jsonata.expression(f"($left := $parse($states.result.Body); $merge([$states.input, {code}]))")
    ask = Task(
        GET, _object(remote, key), next=failed, output=output, retry=(LOOKUP_RETRY,), catch=(Catcher(failed, KEPT),)
    )
    return {_ask_name(name): ask}


def _failed_state(catch: tuple[Catcher, ...]) -> Pass | Fail:
    """The state that leads where the job's failures lead, with the stored error."""
    if not catch:
        error, cause = (jsonata.expression(f"$states.input.fault.{field}") for field in ("Error", "Cause"))
        return Fail(error, cause)
    last = catch[-1]
    return Pass(_from_fault(last.output), last.next, _from_fault(last.assign))


def _from_fault(value: Any) -> Any:
    """The value, read from the stored error instead of the one being caught."""
    match value:
        case str():
            return value.replace("$states.errorOutput", "$states.input.fault")
        case dict():
            return {key: _from_fault(item) for key, item in value.items()}
        case _:
            return value


def _object(remote: ServiceJob, key: str) -> dict[str, Any]:
    return {"Bucket": remote.bucket, "Key": jsonata.expression(key)}
