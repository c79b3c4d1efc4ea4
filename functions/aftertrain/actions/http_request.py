"""Call somebody else's HTTP API."""

from typing import Annotated, Any, Literal

from pydantic import Field

from aftertrain.actions.action import LARGE, Action, Outputs, Params, Url


class HttpParams(Params):
    """`url`: http or https, to an address of the public internet, or to a host that the stage allows.

    `body`: an object or an array is sent as JSON. `accept_status`: statuses that do not fail the step; any below 400 if
    it is left out. Redirects are not followed.
    """

    url: Url
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 30
    accept_status: list[int] = Field(default_factory=list)


class HttpOutputs(Outputs):
    """`body` is read as JSON if the answer says that it is; it may have 100 KB."""

    status_code: int
    headers: dict[str, str]
    body: Any


ACTION = Action("http_request", HttpParams, HttpOutputs, runs="task", timeout_seconds=150, max_bytes=LARGE)
