"""A function of the stage as a process: `python -m tests.chaos.functions webhook 8001`, or redrive, sweep or status.

Lambda runs the same handlers. Here each is a process that can be killed in the middle of anything.
"""

import os
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aftertrain.lambdas import redrive, status, sweep, webhook
from aftertrain.lambdas.runtime import control, ingest
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
    ingest.ports = lambda: ahead
    while True:
        sweep.handler({}, Context())
        time.sleep(1)


def tell_ends() -> None:
    """What EventBridge does for executions with slots: tell their ends, at least once each."""
    client, told = control.slow_client("stepfunctions"), set[str]()
    while True:
        for machine in os.environ["MACHINES_WITH_SLOTS"].split(","):
            pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine)
            ended = [each for page in pages for each in page["executions"] if each["status"] != "RUNNING"]
            for execution in ended:
                if execution["executionArn"] not in told:
                    _tell_end(client.describe_execution(executionArn=execution["executionArn"]))
                    told.add(execution["executionArn"])
        time.sleep(0.2)


def _tell_end(execution: dict[str, Any]) -> None:
    names = ("executionArn", "stateMachineArn", "name", "status", "input")
    times = {name: int(execution[name].timestamp() * 1000) for name in ("startDate", "stopDate")}
    status.handler({"detail": {name: execution[name] for name in names} | times}, Context())


def main(name: str, port: int = 0) -> None:
    """Run until killed."""
    work: dict[str, Callable[[], None]] = {
        "webhook": lambda: ThreadingHTTPServer(("127.0.0.1", port), Webhook).serve_forever(),
        "redrive": take_messages,
        "sweep": sweep_often,
        "status": tell_ends,
    }
    work[name]()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
