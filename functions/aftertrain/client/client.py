"""The client.

    client = Client("https://abc.execute-api.eu-west-1.amazonaws.com")
    client.pipelines.get("eval-convert-deploy").version

Without a URL it uses `AFTERTRAIN_API_URL`. Credentials and region come from the usual AWS configuration.
"""

import os

from aftertrain.client.approvals import Approvals
from aftertrain.client.clusters import Clusters
from aftertrain.client.errors import ApiError
from aftertrain.client.event_triggers import EventTriggers
from aftertrain.client.event_types import EventTypes
from aftertrain.client.events import Events
from aftertrain.client.executions import Executions
from aftertrain.client.pipelines import Pipelines
from aftertrain.client.sources import Sources
from aftertrain.client.transport import SignedTransport, Transport


class Client:
    """The API, by resource."""

    def __init__(self, api_url: str | None = None, *, transport: Transport | None = None) -> None:
        transport = transport or SignedTransport(_url(api_url))
        self.approvals = Approvals(transport)
        self.clusters = Clusters(transport)
        self.event_triggers = EventTriggers(transport)
        self.events = Events(transport)
        self.event_types = EventTypes(transport)
        self.executions = Executions(transport)
        self.pipelines = Pipelines(transport)
        self.sources = Sources(transport)


def _url(api_url: str | None) -> str:
    url = api_url or os.environ.get("AFTERTRAIN_API_URL")
    if not url:
        raise ApiError(0, {"detail": "the API's URL is unknown: set AFTERTRAIN_API_URL to the stack's ApiUrl"})
    return url
