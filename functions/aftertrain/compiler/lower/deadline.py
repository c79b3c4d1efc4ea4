"""A time limit -> a branch that fails when the time is over, and the states that cancel it.

    The deadline (updateItem.waitForTaskToken, TimeoutSeconds: N)  -> In time | Too late (Fail PipelineTimedOut)
    … the last step -> Report -> Is the deadline waiting? -> Call the deadline off -> Reported

It uses the protocol of a latch, with the pipeline as its only source.
"""

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Pass, Rule, Scope, State, Task
from aftertrain.compiler.lower.latch import (
    BUSY,
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
from aftertrain.compiler.lower.position import Plan

REPORT, WAITING, CALL_OFF, REPORTED = "Report the end", "Is the deadline set", "Call the deadline off", "End reported"
_ITEM_NAME = "deadline"
_KEEP_INPUT = jsonata.expression("$states.input")


def deadline(seconds: int, plan: Plan) -> Scope:
    """The waiting branch."""
    wait = Task(
        resource=UPDATE_AND_WAIT,
        arguments={
            "TableName": plan.bindings.latch_table,
            "Key": item_key(_ITEM_NAME),
            "UpdateExpression": "SET tok = :t, expires_at = :e",
            "ConditionExpression": "attribute_not_exists(done)",
            "ExpressionAttributeValues": {
                ":t": {"S": jsonata.expression("$states.context.Task.Token")},
                ":e": expiry(plan),
            },
        },
        next="In time",
        output={},
        timeout=seconds,
        retry=(REFUSED_AT_ONCE, BUSY),
        catch=(Catcher("In time", {}, errors=REFUSED), Catcher("Too late", {}, errors=("States.Timeout",))),
    )
    late = Fail("PipelineTimedOut", f"the pipeline did not end within {seconds} seconds")
    return Scope("The deadline", {"The deadline": wait, "In time": Pass({}, None), "Too late": late})


def report(plan: Plan) -> dict[str, State]:
    """The states after the last step; the records stay the input."""
    report = Task(
        resource=UPDATE,
        arguments={
            "TableName": plan.bindings.latch_table,
            "Key": item_key(_ITEM_NAME),
            "UpdateExpression": "ADD done :me SET expires_at = :e, tok = if_not_exists(tok, :none)",
            "ExpressionAttributeValues": {":me": {"SS": ["pipeline"]}, ":e": expiry(plan), ":none": {"S": "none"}},
            "ReturnValues": "ALL_NEW",
        },
        next=WAITING,
        output=_KEEP_INPUT,
        assign={"deadline": jsonata.expression("$states.result.Attributes.tok.S")},
        retry=(BUSY,),
    )
    send = Task(
        resource=SEND,
        arguments={"TaskToken": jsonata.expression("$deadline"), "Output": "{}"},
        next=REPORTED,
        output=_KEEP_INPUT,
        retry=(TOO_LATE_AT_ONCE, BUSY),
        catch=(Catcher(REPORTED, _KEEP_INPUT, errors=TOO_LATE),),
    )
    is_set = Rule(jsonata.expression("$deadline != 'none'"), CALL_OFF)
    return {REPORT: report, WAITING: Choice((is_set,), REPORTED), CALL_OFF: send, REPORTED: Pass(None, None)}
