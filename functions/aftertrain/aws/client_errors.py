"""botocore's errors -> ours: BusyError, unless the adapter knows a better one."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from aftertrain.errors import BusyError, OperatorError, ThrottledError

# botocore's own list (botocore.retries.standard), which covers all services; a test compares the two.
THROTTLED = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled"),
        *("TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException"),
        *("RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown"),
        *("PriorRequestNotComplete", "EC2ThrottledException"),
        "Throttled",  # SNS
        *("ThrottlingError", "ProvisionedThroughputExceeded"),  # reasons why DynamoDB cancels a transaction
    }
)


@contextmanager
def busy_unless_known(action: str) -> Iterator[None]:
    """Turn every error that leaves the block into BusyError; the message names the action."""
    try:
        yield
    except ClientError as error:
        kind = ThrottledError if is_throttled(error) else BusyError
        raise kind(f"{action}: {error_code(error)}: {error.response['Error'].get('Message', '')}") from error
    except BotoCoreError as error:
        raise BusyError(f"{action}: {error}") from error


@contextmanager
def refused_or_busy(action: str) -> Iterator[None]:
    """Tell a lasting refusal (OperatorError) from a temporary failure (BusyError)."""
    with busy_unless_known(action):
        try:
            yield
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            if status >= 500 or is_throttled(error):
                raise
            raise OperatorError(f"{action}: {error.response['Error'].get('Message') or error_code(error)}") from error


def is_throttled(error: ClientError) -> bool:
    """Whether a service throttled the request."""
    return error_code(error) in THROTTLED


def error_code(error: ClientError) -> str:
    """The service's name of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
