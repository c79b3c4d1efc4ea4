"""The exceptions of the SDK."""

from typing import Any

from aftertrain.errors import AftertrainError, AuthorError


class ApiError(AftertrainError):
    """The API answered with a problem.

    `status`: the HTTP status, 0 if there was no answer. `diagnostics`: the mistakes of a definition, if there are any.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("message") or f"status {status}"))
        self.status = status
        self.field = problem.get("field")
        self.diagnostics: list[dict[str, Any]] = problem.get("diagnostics", [])


class InvalidRequestError(ApiError, AuthorError):
    """The request is wrong: it names something that does not exist, or contains mistakes."""


class NoCredentialsError(ApiError):
    """No request was sent: there are no AWS credentials to sign it."""


def api_error(status: int, problem: dict[str, Any]) -> ApiError:
    """The exception for an unsuccessful answer."""
    kind = InvalidRequestError if status in (400, 404, 409, 422) else ApiError
    return kind(status, problem)
