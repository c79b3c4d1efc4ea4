"""A latch -> the states at its two ends: one DynamoDB item, no Lambda.

    Publish("a", "d", …)  ->  Tell d of a (updateItem) -> Is d due after a (Choice) -> Wake d after a (sendTaskSuccess)
    Await("d", ("a",), …) ->  Await d (updateItem.waitForTaskToken) -> Gather d (getItem)

All writes go to one item, so they are ordered. A waiting path writes its task token on the condition that a source is
missing; otherwise the write fails and the path goes on. A source adds itself to a set, which retries do not change, and
reads the item back: the source that completes the set finds the token, if there is one, and sends it. A duplicate or
late token is refused, and the refusal is caught. If a wake-up still gets lost, the wait times out and checks again.

The item is named after the execution and the latch; its time to live removes it.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Retrier, Rule, State, Task
from aftertrain.compiler.crossing import Await, Publish
from aftertrain.compiler.lower.parallel_region import clip
from aftertrain.compiler.lower.position import ANY_END, Env, Plan, Position, StepView, record_name, view_of_any_end

UPDATE = "arn:aws:states:::dynamodb:updateItem"
GET = "arn:aws:states:::dynamodb:getItem"
UPDATE_AND_WAIT = "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken"
SEND = "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess"
# Both spellings of a service's error occur: the optimised integration's and the SDK's.
REFUSED = ("DynamoDb.ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException")
TOO_LATE = (
    "Sfn.TaskTimedOutException",
    "Sfn.TaskDoesNotExistException",
    "Sfn.InvalidTokenException",
)
HEAL_SECONDS = 4 * 3600  # how long a lost wake-up can delay a path
REDRIVEN_SECONDS = (
    15 * 86_400
)  # an execution can be redriven for 14 days after its end, and then runs for its full time again

# Every failure of these calls is retried, except the ones that are answers.
BUSY = Retrier(("States.TaskFailed",), attempts=8, interval=1, rate=2.0, jitter=True, transient=True)
REFUSED_AT_ONCE = Retrier(REFUSED, attempts=0, interval=1, rate=1.0)
TOO_LATE_AT_ONCE = Retrier(TOO_LATE, attempts=0, interval=1, rate=1.0)
LOOK_AGAIN = Retrier(errors=("States.Timeout",), attempts=99_999_999, interval=1, rate=1.0, uses_time_limit=True)


def item_key(name: str) -> dict[str, Any]:
    """The key of an execution's item; names of latches contain a slash, which step ids never do."""
    return {"pk": {"S": jsonata.expression(f"$states.context.Execution.Id & {jsonata.string(f'#{name}')}")}}


def expiry(plan: Plan) -> dict[str, str]:
    """When the item can be removed, in seconds since 1970: when nothing can read it any more."""
    lifetime = 2 * plan.seconds + REDRIVEN_SECONDS
    return {"N": jsonata.expression(f"$string($floor($millis() / 1000) + {lifetime})")}


def publish_entry(item: Publish) -> str:
    """The first state of a publication."""
    return clip(f"Tell {item.target} of {item.source}")


def publish_states(item: Publish, position: Position, plan: Plan, next_state: str) -> dict[str, State]:
    """Write to the latch, and wake the waiting path if this source was the last one."""
    due, wake = clip(f"Is {item.target} due after {item.source}"), clip(f"Wake {item.target} after {item.source}")
    publish = Task(
        resource=UPDATE,
        arguments={
            "TableName": plan.bindings.latch_table,
            "Key": item_key(f"latch/{item.target}"),
            "UpdateExpression": "ADD done :me SET #r = :r, expires_at = :e, tok = if_not_exists(tok, :none)",
            "ExpressionAttributeNames": {"#r": f"r_{item.source}"},
            "ExpressionAttributeValues": {
                ":me": {"SS": [item.source]},
                ":r": {"S": jsonata.expression(f"$string({_records_code(item, position.env, plan)})")},
                ":e": expiry(plan),
                ":none": {"S": "none"},
            },
            "ReturnValues": "ALL_NEW",
        },
        next=due,
        output={
            "token": jsonata.expression("$states.result.Attributes.tok.S"),
            "done": jsonata.expression("$count($states.result.Attributes.done.SS)"),
        },
        retry=(BUSY,),
    )
    last = jsonata.expression(f"$states.input.done = {item.sources} and $states.input.token != 'none'")
    send = Task(
        resource=SEND,
        arguments={"TaskToken": jsonata.expression("$states.input.token"), "Output": "{}"},
        next=next_state,
        output={},
        retry=(TOO_LATE_AT_ONCE, BUSY),
        catch=(Catcher(next_state, {}, errors=TOO_LATE),),
    )
    return {publish_entry(item): publish, due: Choice((Rule(last, wake),), next_state), wake: send}


def await_entry(item: Await) -> str:
    """The first state of a wait."""
    return clip(f"Await {item.target}")


def await_states(item: Await, position: Position, plan: Plan) -> dict[str, State]:
    """Wait for all sources, then read their records."""
    assert position.next is not None
    gather = clip(f"Gather {item.target}")
    wait = Task(
        resource=UPDATE_AND_WAIT,
        arguments={
            "TableName": plan.bindings.latch_table,
            "Key": item_key(f"latch/{item.target}"),
            "UpdateExpression": "SET tok = :t, expires_at = :e",
            "ConditionExpression": "attribute_not_exists(done) OR size(done) < :n",
            "ExpressionAttributeValues": {
                ":t": {"S": jsonata.expression("$states.context.Task.Token")},
                ":e": expiry(plan),
                ":n": {"N": str(len(item.sources))},
            },
        },
        next=gather,
        output={},
        timeout=HEAL_SECONDS,
        retry=(REFUSED_AT_ONCE, LOOK_AGAIN, BUSY),
        catch=(Catcher(gather, {}, errors=REFUSED),),
    )
    return {await_entry(item): wait, gather: _gather(item, position, plan)}


def views_at_latch(item: Await, depth: int) -> dict[str, StepView]:
    """What is known after a latch about the steps whose records it carries."""
    return {step: view_of_any_end(step, depth, ANY_END) for steps in item.steps for step in steps}


def _gather(item: Await, position: Position, plan: Plan) -> Task:
    assign = {
        record_name(step, position.depth): jsonata.expression(
            jsonata.field(f"$parse({jsonata.field('$states.result.Item', f'r_{source}')}.S)", step)
        )
        for source, steps in zip(item.sources, item.steps, strict=True)
        for step in steps
    }
    key = item_key(f"latch/{item.target}")
    return Task(
        resource=GET,
        arguments={"TableName": plan.bindings.latch_table, "Key": key, "ConsistentRead": True},
        next=position.next,
        output={},
        assign=assign,
        retry=(BUSY,),
    )


def _records_code(item: Publish, env: Env, plan: Plan) -> str:
    """The code of the records, as an object."""
    return jsonata.record({step: _record(env[step], read=bool(plan.graph.output_readers[step])) for step in item.steps})


def _record(seen: StepView, *, read: bool) -> str:
    """The code of a step's record; an output without a reader is not stored."""
    if seen.record is not None:
        return seen.record
    return f"{{'status': 'succeeded', 'output': {seen.output}}}" if read else "{'status': 'succeeded'}"
