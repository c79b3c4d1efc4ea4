"""Call an external HTTP API."""

from typing import Annotated, Any, Literal

from pydantic import Field

from aftertrain.actions.action import LARGE, Action, Outputs, Params, Url


class HttpParams(Params):
    """The request. Redirects are not followed."""

    url: Url
    """An http or https URL of a public address, or of a host in the setting `allowed_hosts`."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    """The HTTP method."""
    headers: dict[str, str] = Field(default_factory=dict)
    """The request's headers."""
    body: Any = None
    """The request's body. An object or an array is sent as JSON."""
    timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 30
    """The time limit of the whole exchange."""
    accept_status: list[int] = Field(default_factory=list)
    """The statuses that do not fail the step. The default is every status below 400."""


class HttpOutputs(Outputs):
    """The response."""

    status_code: int
    """The HTTP status."""
    headers: dict[str, str]
    """The response's headers."""
    body: Any
    """The body, parsed if it is JSON; at most 100 KB."""


ACTION = Action("http_request", HttpParams, HttpOutputs, runs="task", timeout_seconds=150, max_bytes=LARGE)
