"""Scopes of running executions in ministack, so that what nobody waits for any more ends at once, as it does in AWS.

    execution ── Parallel ── Parallel      a scope each; a branch that fails ends its Parallel's scope
                          └─ Map           StopExecution ends the execution's

Without it a branch that fails waits for its siblings, and an execution that is stopped goes on until its current states
are over, with jobs on workers that hear of neither. What ends: waits, tasks that wait for an answer, whose tokens are
then unknown, and tasks that no worker has taken yet.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions as sfn


class AbortedError(Exception):
    """The state that runs belongs to a scope that has ended; no Retry and no Catch may see it."""


class ExecutionScope:
    """An execution, a Parallel or a Map that runs; one that ends takes those inside of it along."""

    def __init__(self, parent: "ExecutionScope | None") -> None:
        self.over = threading.Event()
        self.cause: Exception | None = None
        self._children: list[ExecutionScope] = []
        if parent is not None:
            parent._children.append(self)

    def end(self, cause: Exception | None = None) -> None:
        """Let everything in it end; the first cause stays."""
        self.cause = self.cause or cause
        self.over.set()
        for scope in self._children:
            scope.end()


_current: ContextVar[ExecutionScope | None] = ContextVar("scope", default=None)
_executions: dict[str, ExecutionScope] = {}


class Tokens(type(sfn._task_tokens)):  # type: ignore[misc]  # the emulator is not typed
    """Tasks that wait for an answer; each knows its scope."""

    def __setitem__(self, token: str, task: dict[str, Any]) -> None:
        super().__setitem__(token, task | {"scope": _current.get()})


def check() -> None:
    """Raises: AbortedError if the scope of this thread has ended."""
    scope = _current.get()
    if scope is not None and scope.over.is_set():
        raise AbortedError


def abortable(call: Callable[..., Any]) -> Callable[..., Any]:
    """A call that may take long, whose result counts only if somebody still waits for it."""

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
    """Run an execution in a scope of its own; one that another one waits for lies in the scope of that."""
    with _enter_scope() as scope:
        _executions[arn] = scope
        try:
            yield
        finally:
            _executions.pop(arn, None)


@contextmanager
def siblings() -> Iterator[None]:
    """Run branches or items: the error of the first that fails is that of all."""
    try:
        with _enter_scope() as scope:
            try:
                yield
            except Exception as error:
                raise scope.cause or error from None
    finally:
        check()  # that of the scope around


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
    """Wake the tasks that wait in scopes that have ended; from now on their tokens are unknown."""
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
