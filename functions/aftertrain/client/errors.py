"""What the SDK raises when the API does not do what it was asked."""

from typing import Any

from aftertrain.errors import AftertrainError, AuthorError


class ApiError(AftertrainError):
    """The API answered with a problem.

    `status` is the HTTP status (0 if there was no answer); `diagnostics` are a definition's mistakes, if that is what
    it was about.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("message") or f"status {status}"))
        self.status = status
        self.field = problem.get("field")
        self.diagnostics: list[dict[str, Any]] = problem.get("diagnostics", [])


class InvalidRequestError(ApiError, AuthorError):
    """What was asked for is wrong: it names something that does not exist, or has mistakes."""


class NoCredentialsError(ApiError):
    """Nothing was asked, for there is nothing to sign it with."""


def api_error(status: int, problem: dict[str, Any]) -> ApiError:
    """The error for an answer that is no success."""
    kind = InvalidRequestError if status in (400, 404, 409, 422) else ApiError
    return kind(status, problem)
