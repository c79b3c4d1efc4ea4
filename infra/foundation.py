"""What the other constructs build on: the settings, the maker of functions, the two tables, compute, the API."""

from dataclasses import dataclass

from aws_cdk import aws_apigatewayv2 as apigateway

from infra.compute import ComputeServices
from infra.function import Functions
from infra.ledger import Ledger
from infra.registry import Registry
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Foundation:
    """Passed to `Intake` and `Control`; `api_url` is the API's address."""

    settings: Settings
    functions: Functions
    api: apigateway.HttpApi
    api_url: str
    registry: Registry
    ledger: Ledger
    compute: ComputeServices

    @property
    def webhook_url(self) -> str:
        """The base of every source's URL."""
        return f"{self.api_url}/events"
