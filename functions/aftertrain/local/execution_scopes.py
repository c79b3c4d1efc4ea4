"""Scopes of running executions in ministack, so that abandoned work ends at once, as in AWS.

    execution ── Parallel ── Parallel      a scope each; a failing branch ends its Parallel's scope
                          └─ Map           StopExecution ends the execution's scope

Otherwise a failing branch would wait for its siblings, and a stopped execution would finish its current states, with
jobs on workers that never learn of it. The end of a scope ends waits, tasks that wait for an answer (whose tokens
become unknown), and tasks that no worker has taken yet.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions as sfn


class AbortedError(Exception):
    """The running state belongs to an ended scope; no Retry and no Catch may handle it."""


class ExecutionScope:
    """A running execution, Parallel or Map; its end also ends the scopes inside it."""

    def __init__(self, parent: "ExecutionScope | None") -> None:
        self.over = threading.Event()
        self.cause: Exception | None = None
        self._children: list[ExecutionScope] = []
        if parent is not None:
            parent._children.append(self)

    def end(self, cause: Exception | None = None) -> None:
        """End everything in it; the first cause stays."""
        self.cause = self.cause or cause
        self.over.set()
        for scope in self._children:
            scope.end()


_current: ContextVar[ExecutionScope | None] = ContextVar("scope", default=None)
_executions: dict[str, ExecutionScope] = {}


class Tokens(type(sfn._task_tokens)):  # type: ignore[misc]  # the emulator is untyped
    """Tasks that wait for an answer; each knows its scope."""

    def __setitem__(self, token: str, task: dict[str, Any]) -> None:
        super().__setitem__(token, task | {"scope": _current.get()})


def check() -> None:
    """Raises: AbortedError if the scope of this thread has ended."""
    scope = _current.get()
    if scope is not None and scope.over.is_set():
        raise AbortedError


def abortable(call: Callable[..., Any]) -> Callable[..., Any]:
    """A possibly long call, whose result counts only if its scope still runs."""

    def run(*arguments: Any) -> Any:
        check()
        try:
            return call(*arguments)
        finally:
            check()

    return run


def sleep(seconds: float) -> None:
    """A wait, which ends with its scope."""
    scope = _current.get() or ExecutionScope(None)
    scope.over.wait(seconds * sfn._SFN_WAIT_SCALE)
    check()


@contextmanager
def execution(arn: str) -> Iterator[None]:
    """Run an execution in a scope of its own, inside its parent's scope if it has one."""
    with _enter_scope() as scope:
        _executions[arn] = scope
        try:
            yield
        finally:
            _executions.pop(arn, None)


@contextmanager
def siblings() -> Iterator[None]:
    """Run branches or items: the first error is the error of all."""
    try:
        with _enter_scope() as scope:
            try:
                yield
            except Exception as error:
                raise scope.cause or error from None
    finally:
        check()  # of the enclosing scope


@contextmanager
def branch() -> Iterator[None]:
    """Run one of them: if it fails, the others end."""
    try:
        yield
    except Exception as error:
        scope = _current.get()
        if scope is not None and not isinstance(error, AbortedError):
            scope.end(error)
            forget()
        raise


def stop(arn: str) -> None:
    """End an execution."""
    if arn in _executions:
        _executions[arn].end()
        forget()


def forget() -> None:
    """Wake the tasks that wait in ended scopes; their tokens are unknown from now on."""
    for token, task in list(sfn._task_tokens.items()):
        if task["scope"] is not None and task["scope"].over.is_set():
            sfn._task_tokens.pop(token, None)
            task["event"].set()
    for queue in sfn._activity_tasks.values():
        queue[:] = [task for task in queue if task["taskToken"] in sfn._task_tokens]


@contextmanager
def _enter_scope() -> Iterator[ExecutionScope]:
    scope = ExecutionScope(_current.get())
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)
