"""ministack, patched with Step Functions features that AWS has; run as `python -m aftertrain.local.emulator_patches`.

1. States inside a Parallel write `…StateEntered` and `…StateExited` to the history, and every event of a branch names
   its predecessor (`previousEventId`). Otherwise nobody can see how a step in a branch went.
2. An execution started by a version's ARN runs that version's definition, not the newest one. So does an execution that
   a step starts and waits for.
3. A failing branch ends its siblings, and a stopped execution ends everything it runs, with jobs on workers: see
   `execution_scopes`.
4. A function that is called with a token and fails also fails its task, which would otherwise wait for an answer.

Each patch is a few lines around the emulator's own function, for the pinned version; `tests/e2e` shows that they work.
"""

import json
import threading
from typing import Any

from ministack.app import main
from ministack.services import stepfunctions as sfn

from aftertrain.local import execution_scopes

_chain = threading.local()  # of a thread's branch: the last event, and the token of the current call
_add_event = sfn._add_event
_run_execution = sfn._run_execution
_run_branches = sfn._run_parallel_branches
_resolve_machine = sfn._resolve_state_machine_arn
_start_nested = sfn._start_sync_execution
_run_items = sfn._run_map_items
_stop_execution = sfn._stop_execution
_fail_execution = sfn._fail_execution
_invoke_callback = sfn._invoke_with_callback
_call_function = sfn._call_lambda


def _add_linked_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """An event that knows its predecessor on its thread, which is its branch."""
    event: dict[str, Any] = _add_event(execution, kind, details)
    event["previousEventId"] = getattr(_chain, "last", 0)
    _chain.last = event["id"]
    return event


def _branches(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
    """Tell each branch's thread which event precedes its first one."""
    ctx["_before_branches"] = getattr(_chain, "last", 0)
    with execution_scopes.siblings():
        return _run_branches(state, raw, execution, ctx)


def _items(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
    with execution_scopes.siblings():
        return _run_items(state, raw, execution, ctx)


def _branch(states: dict[str, Any], start_at: str, data: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:
    with execution_scopes.branch():
        return _run_states(states, start_at, data, execution, ctx)


def _run_states(
    states: dict[str, Any], start_at: str, data: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> Any:
    """The emulator's loop over a branch's states, with the events that AWS writes around each."""
    _chain.last = ctx.get("_before_branches", 0)
    name: str | None = start_at
    while name:
        execution_scopes.check()
        state = states[name]
        state_ctx = {**ctx, "State": {"Name": name, "EnteredTime": sfn.now_iso(), "RetryCount": 0}}
        kind = state["Type"]
        entered = {"name": name, "input": json.dumps(data)}
        sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
        data, next_state = _step(state, data, execution, state_ctx)
        exited = {"name": name, "output": json.dumps(data)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": exited})
        name = next_state
    return data


def _step(state: dict[str, Any], data: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> tuple[Any, str | None]:
    kind = state["Type"]
    if kind == "Succeed":
        return data, None
    if kind == "Fail":
        raise sfn._ExecutionError(*sfn._fail_state_error(state, data, ctx))
    run = getattr(sfn, f"_execute_{kind.lower()}")
    result: tuple[Any, str | None] = (
        run(state, data, execution, ctx) if kind in ("Task", "Parallel", "Map") else run(state, data, ctx)
    )
    return result


def _resolve(arn: str) -> str | None:
    """Resolve a version's ARN to itself, as a machine with the version's definition."""
    version = sfn._state_machine_versions.get(arn)
    if version is None:
        resolved: str | None = _resolve_machine(arn)
        return resolved
    if arn not in sfn._state_machines:
        machine = sfn._state_machines[version["stateMachineArn"]]
        sfn._state_machines[arn] = {**machine, "stateMachineArn": arn, "definition": version["definition"]}
    return arn


def _run_nested(data: dict[str, Any]) -> Any:
    """Run on the caller's thread, whose chain of events continues afterwards."""
    last_event = getattr(_chain, "last", 0)
    _resolve(data.get("stateMachineArn", ""))
    response = _start_nested(data)
    _chain.last = last_event
    return response


def _run(arn: str) -> None:
    _chain.last = 1  # ExecutionStarted
    with execution_scopes.execution(arn):
        _run_execution(arn)


def _stop(data: dict[str, Any]) -> Any:
    response = _stop_execution(data)
    execution_scopes.stop(data.get("executionArn", ""))
    return response


def _fail(execution: dict[str, Any], error: str, cause: str) -> None:
    """A stopped execution stays stopped; one that ends with its parent is aborted."""
    if execution["status"] != "RUNNING":
        return
    try:
        execution_scopes.check()
    except execution_scopes.AbortedError:
        _stop_execution({"executionArn": execution["executionArn"]})
    else:
        _fail_execution(execution, error, cause)


def _invoke_with_token(resource: str, payload: Any, token: str, state: dict[str, Any]) -> Any:
    _chain.token = token
    try:
        return _invoke_callback(resource, payload, token, state)
    finally:
        _chain.token = None


def _invoke_function(function: str, event: Any) -> Any:
    """A function's failure is the answer to its token, if it got one."""
    try:
        return _call_function(function, event)
    except sfn._ExecutionError as error:
        task = sfn._task_tokens.get(getattr(_chain, "token", None))
        if task is not None:
            task["error"] = {"Error": error.error, "Cause": error.cause}
            task["event"].set()
        raise


def install() -> None:
    """Install the patches."""
    sfn._add_event = _add_linked_event
    sfn._run_parallel_branches = _branches
    sfn._run_sub_machine = _branch
    sfn._run_execution = _run
    sfn._resolve_state_machine_arn = _resolve
    sfn._start_sync_execution = _run_nested
    sfn._run_map_items = _items
    sfn._stop_execution = _stop
    sfn._fail_execution = _fail
    sfn._task_tokens = execution_scopes.Tokens()
    sfn._scaled_sleep = execution_scopes.sleep
    sfn._invoke_resource = execution_scopes.abortable(sfn._invoke_resource)
    sfn._invoke_with_callback = execution_scopes.abortable(_invoke_with_token)
    sfn._call_lambda = _invoke_function


if __name__ == "__main__":
    install()
    main()
