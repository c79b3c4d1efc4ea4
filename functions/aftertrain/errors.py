"""Every error that a person has to act on, by who must act.

    AftertrainError
    ├── AuthorError            what was written is wrong: a definition, a filter, a trigger, an argument
    │   ├── NotFoundError      it names something that does not exist
    │   └── ConflictError      it collides with something that exists
    ├── SenderError            what was sent to the webhook is wrong
    │   ├── UnauthorizedError  missing or wrong credentials, or an unknown source
    │   └── TooLargeError      the body or one event is over its limit
    └── OperatorError          the installation is at fault: a setting, a permission, a service
        └── BusyError          a service did not do it; the same call may go through later
            └── ThrottledError it asks to slow down

`http_status` and `exit_code` are the only two places that turn an error into a number.
"""


class AftertrainError(Exception):
    """The root: catch it to catch whatever this package raises on purpose."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class AuthorError(AftertrainError):
    """What a person wrote cannot be accepted as it is."""


class NotFoundError(AuthorError):
    """Something is named that does not exist."""


class ConflictError(AuthorError):
    """Something with this id exists already, or was changed by somebody else in the meantime."""


class SenderError(AftertrainError):
    """A webhook request that cannot be accepted as it is."""


class UnauthorizedError(SenderError):
    """The credentials are missing or wrong. An unknown source gets the same answer."""


class TooLargeError(SenderError):
    """A body or an event is over its limit."""


class OperatorError(AftertrainError):
    """The installation cannot do what is asked: a setting, a permission or a service is in the way."""


class BusyError(OperatorError):
    """A service throttled or did not answer; what was asked may work later and is safe to repeat."""


class ThrottledError(BusyError):
    """A service gets more than it takes: who asks has to slow down."""


_HTTP: tuple[tuple[type[AftertrainError], int], ...] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (AuthorError, 422),
    (UnauthorizedError, 401),
    (TooLargeError, 413),
    (SenderError, 400),
    (ThrottledError, 429),
    (BusyError, 503),
    (OperatorError, 500),
)


def http_status(error: AftertrainError) -> int:
    """The status that an HTTP face answers with."""
    return next((status for kind, status in _HTTP if isinstance(error, kind)), 500)


def exit_code(error: AftertrainError) -> int:
    """The code that a command ends with: 2 when what was written is wrong, 1 for everything else."""
    return 2 if isinstance(error, AuthorError) else 1
