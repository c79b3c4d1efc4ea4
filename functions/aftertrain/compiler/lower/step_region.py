"""Step -> its states: the guard, the work, and the states after a failure.

    StepRegion("evaluate")  ->  {"evaluate": Task(…), "evaluate failed": Pass(…)}

A step that is not ok ends the path if nothing after it in its scope can run then; a state writes the scope's records on
the way out. Otherwise its record goes into a variable, and the path continues.
"""

from typing import Any

from aftertrain.asl import jsonata
from aftertrain.asl.states import Catcher, Choice, Fail, Map, Pass, Rule, Scope, State, Task, Wait
from aftertrain.compiler.check import variable
from aftertrain.compiler.graph import Node
from aftertrain.compiler.lower.end import cause_of, way_out
from aftertrain.compiler.lower.guard import Exits, guard, has_guard, work_state
from aftertrain.compiler.lower.position import (
    FAILED,
    SUCCEEDED,
    SURE,
    Plan,
    Position,
    Precondition,
    Records,
    StepView,
    exits_scope,
    record_name,
    records,
    success,
    view_of_any_end,
    view_of_success,
)
from aftertrain.compiler.lower.semaphore import acquire_permit, release_permit, while_permitted
from aftertrain.compiler.lower.service_job import prepare_name, surround
from aftertrain.compiler.nest import StepRegion
from aftertrain.compiler.work import work
from aftertrain.compiler.work_model import Work

TIMEOUT = ("States.Timeout",)
ITEMS_FAILURES, LEAST_FAILURE = 100_000, 40  # characters of all items' failures; JSON can double them
STEPS_FAILURES, MOST_CAUSE = 80_000, 2_000  # characters of all steps' causes together, and of one cause


def view_after(node: Node, precondition: Precondition, following: tuple[Any, ...], depth: int, plan: Plan) -> StepView:
    """What is known about the step on the path after it."""
    leaves_path = exits_scope(node.id, following, depth, plan)
    possible = set(SURE)
    if not (plan.ends_all(node.id) or (leaves_path and not node.continues_on_failure)):
        possible.add(FAILED)
    if has_guard(node, precondition) and not leaves_path:
        possible.add("skipped")
    return view_of_success(node.id, depth) if possible == SURE else view_of_any_end(node.id, depth, frozenset(possible))


def step_states(region: StepRegion, position: Position, plan: Plan) -> dict[str, State]:
    """All states of one step."""
    node = plan.graph.nodes[region.id]
    todo = work(node, plan.reader(node, position.env), plan.bindings, plan.settings.retry)
    exits, ends = _exits(node, position, plan)
    if plan.permits is None:
        return guard(node, position, plan, exits) | _work_states(node, todo, position, plan, exits) | ends
    held_position = while_permitted(node.id, position)
    inner_exits, inner_ends = _exits(node, held_position, plan)
    return {
        **guard(node, position, plan, exits),
        **acquire_permit(node.id, work_state(node, plan), plan),
        **_work_states(node, todo, held_position, plan, inner_exits),
        **release_permit(node.id, position, way_out(position, plan), plan),
        **inner_ends,
    }


def _exits(node: Node, position: Position, plan: Plan) -> tuple[Exits, dict[str, State]]:
    ends = position.next is None
    leaves_path = ends or exits_scope(node.id, position.remaining, position.depth, plan)
    failed_leaves = plan.ends_all(node.id) or ends or (leaves_path and not node.continues_on_failure)
    skipped = way_out(position, plan) if leaves_path else None
    if not failed_leaves:
        return Exits(skipped, None, leaves_path, failed_leaves=False), {}
    name = f"{node.id} failed"
    if plan.ends_all(node.id):
        fail = Fail("StepFailed", jsonata.expression(cause_of(plan)))
        return Exits(skipped, name, leaves_path, failed_leaves=True), {name: fail}
    if position.depth == 0 and position.end_target is None and not node.continues_on_failure:
        return Exits(skipped, plan.failure_state, leaves_path, failed_leaves=True), {}
    return Exits(skipped, name, leaves_path, failed_leaves=True), {name: Pass(None, way_out(position, plan))}


def _work_states(node: Node, todo: Work, position: Position, plan: Plan, exits: Exits) -> dict[str, State]:
    if node.step.foreach is not None:
        return _map_states(node, todo, position, plan, exits)
    assign, output = _success_effects(node, position, plan, todo.result)
    next_state = position.next if position.next is not None else way_out(position, plan)
    wait = f"Wait for {node.id}" if todo.until else None
    task = Task(
        resource=todo.resource,
        arguments=todo.arguments,
        next=wait or next_state,
        output=jsonata.expression(todo.result) if wait else output,
        assign={} if wait else assign,
        retry=todo.retry,
        catch=(*_timeout_catchers(node, todo, position, plan), _catcher(node, position, plan, exits)),
        timeout=todo.timeout,
        heartbeat=todo.heartbeat,
        comment=node.step.name or None,
    )
    states: dict[str, State] = surround(node.id, task, todo.service_job, item=False)
    if todo.on_timeout is not None and position.next is None:
        states[_unanswered_name(node)] = Pass(None, next_state)
    if wait is None:
        return states
    assign, output = _success_effects(node, position, plan, "$states.input")
    until = jsonata.expression(f"$states.input.{todo.until}")
    return {node.id: task, wait: Wait(next_state, timestamp=until, output=output, assign=assign)}


def _success_effects(node: Node, position: Position, plan: Plan, result: str) -> tuple[dict[str, Any], Any]:
    """What a successful step leaves behind: variables for later steps, or the scope's records."""
    if position.next is None:
        return {}, records(position, plan, {node.id: success(node.id, position, plan, result)})
    read = bool(plan.graph.output_readers[node.id])
    if position.after[node.id].record is None:
        output = jsonata.expression(result)
        return ({variable(node.id, position.depth): output} if read else {}), output
    record = {"status": SUCCEEDED, **({"output": jsonata.expression(result)} if read else {})}
    return {record_name(node.id, position.depth): record}, None


def _catcher(node: Node, position: Position, plan: Plan, exits: Exits) -> Catcher:
    return Catcher(*_failure_target(node, _failure_record(plan), position, plan, exits))


def _failure_record(plan: Plan) -> Records:
    """The record of a failure; it is bounded, since all steps may fail and a state passes on 256 KiB."""
    length = min(MOST_CAUSE, STEPS_FAILURES // len(plan.graph.nodes))
    cause = f"$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, {length}) : ''"
    return {
        "status": FAILED,
        "error": jsonata.expression("$states.errorOutput.Error"),
        "cause": jsonata.expression(cause),
    }


def _failure_target(
    node: Node, record: Records, position: Position, plan: Plan, exits: Exits
) -> tuple[str, Records | None, dict[str, Any]]:
    """Where a failure leads: the next state, its input, and variables."""
    if exits.failed_leaves:
        assert exits.failed is not None
        own_records = {node.id: record}
        return exits.failed, own_records if plan.ends_all(node.id) else records(position, plan, own_records), {}
    assert position.next is not None
    return position.next, None, {record_name(node.id, position.depth): record}


def _timeout_catchers(node: Node, todo: Work, position: Position, plan: Plan) -> tuple[Catcher, ...]:
    """Where an expired wait counts as an answer: the step succeeds with it."""
    if todo.on_timeout is None:
        return ()
    assign, output = _success_effects(node, position, plan, todo.on_timeout)
    return (Catcher(position.next or _unanswered_name(node), output, assign, errors=TIMEOUT),)


def _unanswered_name(node: Node) -> str:
    return f"{node.id} unanswered"


def _map_states(node: Node, todo: Work, position: Position, plan: Plan, exits: Exits) -> dict[str, State]:
    """A Map over the items; a failed item stops the others only with `fail_fast`."""
    assert todo.each is not None
    after = f"After {node.id}"
    map_state = Map(
        items=todo.each.items,
        selector=todo.each.selector,
        scope=_item_scope(node, todo, plan),
        concurrency=todo.each.concurrency,
        next=after,
        catch=(_catcher(node, position, plan, exits),),
        label=todo.each.label,
        max_items=todo.each.max_items,
        comment=node.step.name or None,
    )
    return {node.id: map_state} | _map_result_states(node, after, position, plan, exits)


def _item_scope(node: Node, todo: Work, plan: Plan) -> Scope:
    """The work of one item: its output or its failure, as an object."""
    item, stopped, wait = f"{node.id} item", f"{node.id} item failed", f"Wait for {node.id} item"
    catch: list[Catcher] = []
    states: dict[str, State] = {}
    if todo.on_timeout is not None:
        output = {"output": jsonata.expression(todo.on_timeout)}
        catch.append(Catcher(f"{item} unanswered", output, errors=TIMEOUT))
        states[f"{item} unanswered"] = Pass(None, None)
    if not plan.ends_all(node.id):
        catch.append(Catcher(stopped, {"failed": _item_failure(node.max_items)}))
        states[stopped] = Pass(None, None)
    if todo.until is not None:
        output = {"output": jsonata.expression("$states.input")} if plan.graph.output_readers[node.id] else {}
        states[wait] = Wait(None, timestamp=jsonata.expression(f"$states.input.{todo.until}"), output=output)
    result = jsonata.expression(todo.result)
    # Outputs without readers are not collected: a state passes on 256 KiB, and there may be thousands of items.
    collected = {"output": result} if plan.graph.output_readers[node.id] else {}
    body = Task(
        resource=todo.resource,
        arguments=todo.arguments,
        next=wait if todo.until else None,
        output=result if todo.until else collected,
        retry=todo.retry,
        catch=tuple(catch),
        timeout=todo.timeout,
        heartbeat=todo.heartbeat,
    )
    start = item if todo.service_job is None else prepare_name(item)
    return Scope(start, {**surround(item, body, todo.service_job, item=True), **states})


def _item_failure(max_items: int) -> Any:
    """What is kept of a failed item; it is bounded, since all items may fail and a state passes on 256 KiB."""
    room = ITEMS_FAILURES // max(max_items, 1)
    if room < LEAST_FAILURE:
        return True
    error, cause = min(room // 3, 200), min(room - room // 3, 2000)
    return {
        "error": jsonata.expression(f"$substring($states.errorOutput.Error, 0, {error})"),
        "cause": jsonata.expression(
            f"$exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, {cause}) : ''"
        ),
    }


def _map_result_states(node: Node, after: str, position: Position, plan: Plan, exits: Exits) -> dict[str, State]:
    # In brackets: without them, [0] is the first failure of each item.
    first = "$type(($states.input.failed)[0]) = 'object'"
    record = {
        "status": FAILED,
        "error": jsonata.expression(f"{first} ? ($states.input.failed)[0].error : 'ItemsFailed'"),
        "cause": jsonata.expression(
            "$string($count($states.input.failed)) & ' of ' & $string($count($states.input)) & ' items failed; ' & "
            f"({first} ? 'the first: ' & ($states.input.failed)[0].cause : 'their executions say why')"
        ),
    }
    bad_next, bad_output, bad_assign = _failure_target(node, record, position, plan, exits)
    assign, output = _success_effects(node, position, plan, "[$states.input.output]")
    failed = Rule(jsonata.expression("$exists($states.input.failed)"), bad_next, bad_assign, bad_output)
    next_state = position.next if position.next is not None else way_out(position, plan)
    if next_state is not None:
        return {after: Choice((failed, Rule(jsonata.expression("true"), next_state, assign, output)))}
    done = f"{node.id} done"
    return {after: Choice((failed,), done), done: Pass(output, None)}
