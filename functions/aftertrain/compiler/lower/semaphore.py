"""`max_parallel_steps` -> a semaphore: a step holds one of N permits while it works. One DynamoDB item, no Lambda.

    Acquire a (updateItem) [-> Queue a (updateItem.waitForTaskToken)] -> a
    -> Release a (updateItem) -> Next after a (Choice) [-> Hand over after a (updateItem) -> Wake after a]

The item holds the set of permit holders and the tokens of waiting steps. A conditional write hands a released permit to
a waiting step, so it is handed over once and never lost. A waiting step finds itself a holder when it wakes, whether by
the wake-up or by its own timeout. If another step was faster, the release checks again and goes on unless both a free
permit and a waiting step exist. Only pipelines that could exceed the limit have these states.
"""

from dataclasses import replace
from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Pass, Rule, State, Task
from aftertrain.compiler.check import variable
from aftertrain.compiler.lower.end import VERDICT
from aftertrain.compiler.lower.latch import (
    BUSY,
    HEAL_SECONDS,
    LOOK_AGAIN,
    REFUSED,
    REFUSED_AT_ONCE,
    SEND,
    TOO_LATE,
    TOO_LATE_AT_ONCE,
    UPDATE,
    UPDATE_AND_WAIT,
    expiry,
    item_key,
)
from aftertrain.compiler.lower.position import Plan, Position

KEPT = jsonata.expression("$states.input")
_WAITER = "w_"


def while_permitted(step: str, position: Position) -> Position:
    """The step's position while it holds the permit: however it ends, the permit is released."""
    release = f"Release {step}"
    return replace(position, next=release if position.next else None, end_target=release)


def acquire_permit(step: str, work: str, plan: Plan) -> dict[str, State]:
    """Acquire a permit, or queue for one; `work` is the first state of the step's work."""
    assert plan.permits is not None
    first, queue = f"Acquire {step}", f"Queue {step}"
    values = {":me": {"SS": [step]}, ":id": {"S": step}, ":e": expiry(plan), **_limit(plan.permits)}
    free = "attribute_not_exists(holders) OR size(holders) < :n OR contains(holders, :id)"
    take = Task(
        resource=UPDATE,
        arguments=_update(plan, step, "ADD holders :me SET expires_at = :e REMOVE #w", free, values),
        next=work,
        output={},
        retry=(REFUSED_AT_ONCE, BUSY),
        catch=(Catcher(queue, {}, errors=REFUSED),),
    )
    full = "attribute_exists(holders) AND size(holders) >= :n AND NOT contains(holders, :id)"
    token = {":t": {"S": jsonata.expression("$states.context.Task.Token")}, ":id": {"S": step}, **_limit(plan.permits)}
    wait = Task(
        resource=UPDATE_AND_WAIT,
        arguments=_update(plan, step, "SET #w = :t", full, token),
        next=work,
        output={},
        timeout=HEAL_SECONDS,
        retry=(REFUSED_AT_ONCE, LOOK_AGAIN, BUSY),
        catch=(Catcher(first, {}, errors=REFUSED),),
    )
    return {first: take, queue: wait}


def release_permit(step: str, position: Position, end_state: str | None, plan: Plan) -> dict[str, State]:
    """Release the permit, or hand it to a waiting step; the input (maybe the records) stays unchanged."""
    assert plan.permits is not None
    name, check = f"Release {step}", f"Next after {step}"
    hand, wake = f"Hand over after {step}", f"Wake after {step}"
    target = position.next or (VERDICT if position.depth == 0 else end_state)
    first_waiting = (
        f"$sort([$filter($keys($states.result.Attributes), function($k) {{$substring($k, 0, 2) = '{_WAITER}'}})])[0]"
    )
    waiting, token = _variable("waiting", step, position), _variable("token", step, position)
    arguments = _update(plan, step, "DELETE holders :me", None, {":me": {"SS": [step]}})
    arguments |= {"ReturnValues": "ALL_NEW"}
    give = Task(
        resource=UPDATE,
        arguments={key: value for key, value in arguments.items() if key != "ExpressionAttributeNames"},
        next=check,
        output=KEPT,
        assign={
            waiting: jsonata.expression(
                f"($w := {first_waiting}; $exists($w) and $count($states.result.Attributes.holders.SS) < "
                f"{plan.permits} ? $substring($w, 2) : '')"
            )
        },
        retry=(BUSY,),
    )
    heir = {":heir": {"SS": [jsonata.expression(f"${waiting}")]}, **_limit(plan.permits)}
    condition = "attribute_exists(#w) AND (attribute_not_exists(holders) OR size(holders) < :n)"
    arguments = _update(plan, "", "ADD holders :heir REMOVE #w", condition, heir) | {"ReturnValues": "ALL_OLD"}
    arguments["ExpressionAttributeNames"] = {"#w": jsonata.expression(f"'{_WAITER}' & ${waiting}")}
    hand_over = Task(
        resource=UPDATE,
        arguments=arguments,
        next=wake,
        output=KEPT,
        assign={token: jsonata.expression(f"$lookup($states.result.Attributes, '{_WAITER}' & ${waiting}).S")},
        retry=(REFUSED_AT_ONCE, BUSY),
        catch=(Catcher(name, KEPT, errors=REFUSED),),
    )
    end = f"Slot of {step} is free"
    send = Task(
        resource=SEND,
        arguments={"TaskToken": jsonata.expression(f"${token}"), "Output": "{}"},
        next=target or end,
        output=KEPT,
        retry=(TOO_LATE_AT_ONCE, BUSY),
        catch=(Catcher(target or end, KEPT, errors=TOO_LATE),),
    )
    has_waiter = Rule(jsonata.expression(f"${waiting} != ''"), hand)
    states: dict[str, State] = {name: give, check: Choice((has_waiter,), target or end), hand: hand_over, wake: send}
    return states if target else states | {end: _end()}


def _end() -> State:
    return Pass(None, None)


def _variable(kind: str, step: str, position: Position) -> str:
    return variable(step, position.depth).replace("out", kind, 1)


def _limit(permits: int) -> dict[str, Any]:
    return {":n": {"N": str(permits)}}


def _update(plan: Plan, step: str, update: str, condition: str | None, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "TableName": plan.bindings.latch_table,
        "Key": item_key("slots"),
        "UpdateExpression": update,
        **({"ConditionExpression": condition} if condition else {}),
        "ExpressionAttributeNames": {"#w": f"{_WAITER}{step}"},
        "ExpressionAttributeValues": values,
    }
