"""OPTIONS request -> headers that tell a CloudEvents sender whether it may deliver here.

    WebHook-Request-Origin: events.example   ->   WebHook-Allowed-Origin: events.example, WebHook-Allowed-Rate: *

Format: github.com/cloudevents/spec, "HTTP 1.1 Web Hooks", section 4. The handshake authenticates nobody: each delivery
still has to prove who sent it.
"""

from collections.abc import Mapping

MAX_ORIGIN = 253  # characters of a DNS name


def handshake(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of the answer; a request without an origin gets the answer of any OPTIONS request."""
    origin = headers.get("webhook-request-origin", "")
    if not origin or len(origin) > MAX_ORIGIN or not origin.isascii() or not origin.isprintable():
        return {"allow": "POST"}
    return {"allow": "POST", "webhook-allowed-origin": origin, "webhook-allowed-rate": "*"}
