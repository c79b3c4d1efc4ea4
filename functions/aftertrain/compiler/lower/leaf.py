"""Step -> its states: the Choice in front of it, the work, and where it leads if it fails.

    Leaf("evaluate")  ->  {"evaluate": Task(…), "evaluate failed": Pass(…)}

A step that is not ok leaves the path if nothing that comes after it in its scope can run then; the records that the
scope ends with are written on the way. Else its record goes into a variable, and the path goes on.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Map, Pass, Rule, Scope, State, Task, Wait
from aftertrain.compiler.check import variable
from aftertrain.compiler.graph import Node
from aftertrain.compiler.lower import slots
from aftertrain.compiler.lower.end import cause_of, way_out
from aftertrain.compiler.lower.guard import Exits, guard, guarded, work_state
from aftertrain.compiler.lower.job import framed, prepare_name
from aftertrain.compiler.lower.plan import (
    FAILED,
    SUCCEEDED,
    SURE,
    Gate,
    Plan,
    Records,
    Seen,
    Turn,
    leaves,
    lenient,
    record_name,
    records,
    strict,
    success,
)
from aftertrain.compiler.nest import Leaf
from aftertrain.compiler.task import Work
from aftertrain.compiler.work import work

TIMEOUT = ("States.Timeout",)
ITEMS_FAILURES, LEAST_FAILURE = 100_000, 40  # characters of all items' failures, which JSON may make twice as long
STEPS_FAILURES, MOST_CAUSE = 80_000, 2_000  # characters of all steps' causes, which meet, and of one


def seen_after(node: Node, gate: Gate, rest: tuple[Any, ...], depth: int, plan: Plan) -> Seen:
    """What is known of the step on the path behind it."""
    out = leaves(node.id, rest, depth, plan)
    possible = set(SURE)
    if not (plan.ends_all(node.id) or (out and not node.goes_on)):
        possible.add(FAILED)
    if guarded(node, gate) and not out:
        possible.add("skipped")
    return strict(node.id, depth) if possible == SURE else lenient(node.id, depth, frozenset(possible))


def leaf_states(leaf: Leaf, turn: Turn, plan: Plan) -> dict[str, State]:
    """All states of one step."""
    node = plan.graph.nodes[leaf.id]
    todo = work(node, plan.reader(node, turn.env), plan.bindings, plan.settings.retry)
    exits, ends = _exits(node, turn, plan)
    if plan.slots is None:
        return guard(node, turn, plan, exits) | _work_states(node, todo, turn, plan, exits) | ends
    held = slots.while_held(node.id, turn)
    inner, more = _exits(node, held, plan)
    return {
        **guard(node, turn, plan, exits),
        **slots.acquire(node.id, work_state(node, plan), plan),
        **_work_states(node, todo, held, plan, inner),
        **slots.release(node.id, turn, way_out(turn, plan), plan),
        **more,
    }


def _exits(node: Node, turn: Turn, plan: Plan) -> tuple[Exits, dict[str, State]]:
    ends = turn.next is None
    out = ends or leaves(node.id, turn.rest, turn.depth, plan)
    failed_leaves = plan.ends_all(node.id) or ends or (out and not node.goes_on)
    skipped = way_out(turn, plan) if out else None
    if not failed_leaves:
        return Exits(skipped, None, out, failed_leaves=False), {}
    name = f"{node.id} failed"
    if plan.ends_all(node.id):
        fail = Fail("StepFailed", jsonata.expression(cause_of(plan)))
        return Exits(skipped, name, out, failed_leaves=True), {name: fail}
    if turn.depth == 0 and turn.over is None and not node.goes_on:
        return Exits(skipped, plan.bad, out, failed_leaves=True), {}
    return Exits(skipped, name, out, failed_leaves=True), {name: Pass(None, way_out(turn, plan))}


def _work_states(node: Node, todo: Work, turn: Turn, plan: Plan, exits: Exits) -> dict[str, State]:
    if node.step.foreach is not None:
        return _each(node, todo, turn, plan, exits)
    assign, output = _kept(node, turn, plan, todo.result)
    onward = turn.next if turn.next is not None else way_out(turn, plan)
    wait = f"Wait for {node.id}" if todo.until else None
    task = Task(
        resource=todo.resource,
        arguments=todo.arguments,
        next=wait or onward,
        output=jsonata.expression(todo.result) if wait else output,
        assign={} if wait else assign,
        retry=todo.retry,
        catch=(*_decided(node, todo, turn, plan), _catcher(node, turn, plan, exits)),
        timeout=todo.timeout,
        heartbeat=todo.heartbeat,
        comment=node.step.name or None,
    )
    found: dict[str, State] = framed(node.id, task, todo.remote, item=False)
    if todo.on_timeout is not None and turn.next is None:
        found[_unanswered(node)] = Pass(None, onward)
    if wait is None:
        return found
    assign, output = _kept(node, turn, plan, "$states.input")
    until = jsonata.expression(f"$states.input.{todo.until}")
    return {node.id: task, wait: Wait(onward, timestamp=until, output=output, assign=assign)}


def _kept(node: Node, turn: Turn, plan: Plan, result: str) -> tuple[dict[str, Any], Any]:
    """What a step that succeeded leaves behind: variables for those that come later, or the scope's records."""
    if turn.next is None:
        return {}, records(turn, plan, {node.id: success(node.id, turn, plan, result)})
    read = bool(plan.graph.readers[node.id])
    if turn.after[node.id].record is None:
        output = jsonata.expression(result)
        return ({variable(node.id, turn.depth): output} if read else {}), output
    record = {"status": SUCCEEDED, **({"output": jsonata.expression(result)} if read else {})}
    return {record_name(node.id, turn.depth): record}, None


def _catcher(node: Node, turn: Turn, plan: Plan, exits: Exits) -> Catcher:
    return Catcher(*_onward(node, _caught(plan), turn, plan, exits))


def _caught(plan: Plan) -> Records:
    """How a step failed; all of them may have, and a state hands on 256 KiB."""
    length = min(MOST_CAUSE, STEPS_FAILURES // len(plan.graph.nodes))
    cause = f"$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, {length}) : ''"
    return {
        "status": FAILED,
        "error": jsonata.expression("$states.errorOutput.Error"),
        "cause": jsonata.expression(cause),
    }


def _onward(
    node: Node, record: Records, turn: Turn, plan: Plan, exits: Exits
) -> tuple[str, Records | None, dict[str, Any]]:
    """Where a failure leads, with what: the next state, its input, and variables."""
    if exits.failed_leaves:
        assert exits.failed is not None
        own = {node.id: record}
        return exits.failed, own if plan.ends_all(node.id) else records(turn, plan, own), {}
    assert turn.next is not None
    return turn.next, None, {record_name(node.id, turn.depth): record}


def _decided(node: Node, todo: Work, turn: Turn, plan: Plan) -> tuple[Catcher, ...]:
    """Where waiting came to its end and that is an answer: the step succeeded with it."""
    if todo.on_timeout is None:
        return ()
    assign, output = _kept(node, turn, plan, todo.on_timeout)
    return (Catcher(turn.next or _unanswered(node), output, assign, errors=TIMEOUT),)


def _unanswered(node: Node) -> str:
    return f"{node.id} unanswered"


def _each(node: Node, todo: Work, turn: Turn, plan: Plan, exits: Exits) -> dict[str, State]:
    """A Map over the items; one that fails does not stop the others, but with fail_fast."""
    assert todo.each is not None
    after = f"After {node.id}"
    whole = Map(
        items=todo.each.items,
        selector=todo.each.selector,
        scope=_item_scope(node, todo, plan),
        concurrency=todo.each.concurrency,
        next=after,
        catch=(_catcher(node, turn, plan, exits),),
        label=todo.each.label,
        most=todo.each.most,
        comment=node.step.name or None,
    )
    return {node.id: whole} | _after_each(node, after, turn, plan, exits)


def _item_scope(node: Node, todo: Work, plan: Plan) -> Scope:
    """What is done for one item: its output, or how it failed, in an object."""
    item, stopped, wait = f"{node.id} item", f"{node.id} item failed", f"Wait for {node.id} item"
    catch: list[Catcher] = []
    states: dict[str, State] = {}
    if todo.on_timeout is not None:
        output = {"output": jsonata.expression(todo.on_timeout)}
        catch.append(Catcher(f"{item} unanswered", output, errors=TIMEOUT))
        states[f"{item} unanswered"] = Pass(None, None)
    if not plan.ends_all(node.id):
        catch.append(Catcher(stopped, {"failed": _item_failure(node.most_items)}))
        states[stopped] = Pass(None, None)
    if todo.until is not None:
        output = {"output": jsonata.expression("$states.input")} if plan.graph.readers[node.id] else {}
        states[wait] = Wait(None, timestamp=jsonata.expression(f"$states.input.{todo.until}"), output=output)
    result = jsonata.expression(todo.result)
    # What nobody reads is not collected: a state may hand on 256 KiB, and there may be thousands of items.
    kept = {"output": result} if plan.graph.readers[node.id] else {}
    body = Task(
        resource=todo.resource,
        arguments=todo.arguments,
        next=wait if todo.until else None,
        output=result if todo.until else kept,
        retry=todo.retry,
        catch=tuple(catch),
        timeout=todo.timeout,
        heartbeat=todo.heartbeat,
    )
    start = item if todo.remote is None else prepare_name(item)
    return Scope(start, {**framed(item, body, todo.remote, item=True), **states})


def _item_failure(most: int) -> Any:
    """What is kept of an item that failed: all of them may have, and a state hands on 256 KiB."""
    room = ITEMS_FAILURES // max(most, 1)
    if room < LEAST_FAILURE:
        return True
    error, cause = min(room // 3, 200), min(room - room // 3, 2000)
    return {
        "error": jsonata.expression(f"$substring($states.errorOutput.Error, 0, {error})"),
        "cause": jsonata.expression(
            f"$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, {cause}) : ''"
        ),
    }


def _after_each(node: Node, after: str, turn: Turn, plan: Plan, exits: Exits) -> dict[str, State]:
    first = "$type($states.input.failed[0]) = 'object'"
    record = {
        "status": FAILED,
        "error": jsonata.expression(f"{first} ? ($states.input.failed)[0].error : 'ItemsFailed'"),
        "cause": jsonata.expression(
            "$string($count($states.input.failed)) & ' of ' & $string($count($states.input)) & ' items failed; ' & "
            f"({first} ? 'the first: ' & ($states.input.failed)[0].cause : 'their executions say why')"
        ),
    }
    bad_next, bad_output, bad_assign = _onward(node, record, turn, plan, exits)
    assign, output = _kept(node, turn, plan, "[$states.input.output]")
    bad = Rule(jsonata.expression("$exists($states.input.failed)"), bad_next, bad_assign, bad_output)
    onward = turn.next if turn.next is not None else way_out(turn, plan)
    if onward is not None:
        return {after: Choice((bad, Rule(jsonata.expression("true"), onward, assign, output)))}
    done = f"{node.id} done"
    return {after: Choice((bad,), done), done: Pass(output, None)}
