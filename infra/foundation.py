"""What the constructs on top stand on: the settings, the maker of functions, the two tables, compute, the API."""

from dataclasses import dataclass

from aws_cdk import aws_apigatewayv2 as apigateway

from infra.compute import Compute
from infra.function import Functions
from infra.ledger import Ledger
from infra.registry import Registry
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Foundation:
    """Handed to `Intake` and `Control` as one; `api_url` is where the API is reached."""

    settings: Settings
    functions: Functions
    api: apigateway.HttpApi
    api_url: str
    registry: Registry
    ledger: Ledger
    compute: Compute

    @property
    def webhook_url(self) -> str:
        """Below it every source has its own address."""
        return f"{self.api_url}/events"
