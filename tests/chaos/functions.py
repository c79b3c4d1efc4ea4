"""A function of the stage as a process: `python -m tests.chaos.functions webhook 8001`, or redrive, or sweep.

Lambda runs the same handlers. Here each is a process that can be killed in the middle of anything.
"""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aftertrain.lambdas import redrive, sweep, webhook
from aftertrain.lambdas.runtime import ingest
from tests.api import Context

AHEAD_SECONDS = 7200.0  # the sweeper's clock: it finds at once what it would find within two hours


class Webhook(BaseHTTPRequestHandler):
    """API Gateway in front of the webhook."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        event = {
            "pathParameters": {"source": self.path.rpartition("/")[2]},
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(errors="replace"),
            "requestContext": {"http": {"method": "POST"}},
        }
        answer = webhook.handler(event, Context())
        content = answer["body"].encode()
        self.send_response(answer["statusCode"])
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def take_messages() -> None:
    """What Lambda's event source mapping does: receive, call the function, delete what it has done."""
    client, url = ingest.fast_client("sqs"), os.environ["REDRIVE_QUEUE_URL"]
    while True:
        messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
        answer = redrive.handler({"Records": records}, Context()) if records else {"batchItemFailures": []}
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def sweep_often() -> None:
    """The sweeper, every second and ahead of time."""
    ports = ingest.ports()
    ahead = ports._replace(clock=lambda: time.time() + AHEAD_SECONDS)
    ingest.ports = lambda: ahead  # type: ignore[assignment]
    while True:
        sweep.handler({}, Context())
        time.sleep(1)


def main(name: str, port: int = 0) -> None:
    """Run until killed."""
    if name == "webhook":
        ThreadingHTTPServer(("127.0.0.1", port), Webhook).serve_forever()
    elif name == "redrive":
        take_messages()
    else:
        sweep_often()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
