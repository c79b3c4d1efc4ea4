"""Every error that a person must act on, by who must act.

    AftertrainError
    ├── AuthorError            a definition, a filter, a trigger or an argument is wrong
    │   ├── NotFoundError      it names something that does not exist
    │   └── ConflictError      it collides with something that exists
    ├── SenderError            a webhook request is wrong
    │   ├── UnauthorizedError  missing or wrong credentials, or an unknown source
    │   └── TooLargeError      the body or one event exceeds its limit
    └── OperatorError          the installation is at fault: a setting, a permission, a service
        └── BusyError          a service failed for now; the same call may work later
            └── ThrottledError a service asks to slow down

`http_status` and `exit_code` are the only two places that turn an error into a number.
"""


class AftertrainError(Exception):
    """The root: catch it to catch everything that this package raises on purpose."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class AuthorError(AftertrainError):
    """Something that a person wrote cannot be accepted as it is."""


class NotFoundError(AuthorError):
    """Something does not exist."""


class ConflictError(AuthorError):
    """The id is taken, or somebody else has changed the item meanwhile."""


class SenderError(AftertrainError):
    """A webhook request cannot be accepted as it is."""


class UnauthorizedError(SenderError):
    """The credentials are missing or wrong. An unknown source gets the same answer."""


class TooLargeError(SenderError):
    """A body or an event exceeds its limit."""


class OperatorError(AftertrainError):
    """The installation cannot do this: a setting, a permission or a service prevents it."""


class BusyError(OperatorError):
    """A service throttled or did not answer; the same call may work later and is safe to repeat."""


class ThrottledError(BusyError):
    """A service is overloaded: the caller must slow down."""


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
    """The HTTP status of an error."""
    return next((status for kind, status in _HTTP if isinstance(error, kind)), 500)


def exit_code(error: AftertrainError) -> int:
    """The exit code of a command: 2 if the input is wrong, 1 for everything else."""
    return 2 if isinstance(error, AuthorError) else 1
