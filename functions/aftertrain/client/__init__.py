"""The SDK: `from aftertrain import Client`. It speaks HTTP to the API and nothing else."""

from aftertrain.client.client import Client
from aftertrain.client.errors import ApiError, InvalidRequestError

__all__ = ["ApiError", "Client", "InvalidRequestError"]
