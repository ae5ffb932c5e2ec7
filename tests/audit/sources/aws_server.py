"""A real HTTP server that speaks AWS's JSON protocol, for the calls that moto does not have, and for failures.

Answers have the shape of the API references of SageMaker and CloudTrail (boto3's service models check them).
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

Answer = Callable[[dict[str, Any]], Any]


def denied(action: str) -> tuple[int, dict[str, str]]:
    """What AWS says to who lacks the right."""
    said = f"User: arn:aws:iam::123456789012:user/tollgate is not authorized to perform: {action}"
    return 400, {"__type": "AccessDeniedException", "Message": said}


STS = {
    "GetCallerIdentity": "<Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/tollgate</Arn>",
    "AssumeRole": "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>of-the-role</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>",
}
"""What STS answers, whose protocol is another: a form, and XML."""


@dataclass
class AwsServer:
    """``answers`` maps the name of a call to its answer: an object, a status with an object, or a function."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def calls(self, action: str) -> list[dict[str, Any]]:
        """What was asked with a call, in order."""
        return [body for name, body in self.asked if name == action]

    def answer(self, action: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and content."""
        self.asked.append((action, body))
        if action in STS:
            return 200, f"<R><{action}Result>{STS[action]}</{action}Result></R>".encode()
        found = self.answers.get(action, (400, {"__type": "ValidationException", "message": "Could not find it"}))
        if callable(found):
            found = found(body)
        status, said = found if isinstance(found, tuple) else (200, found)
        return status, said if isinstance(said, bytes) else json.dumps(said).encode()


@contextmanager
def aws_server() -> Iterator[AwsServer]:
    """Runs the server on a free port."""
    server = AwsServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            form = dict(parse_qsl(body.decode())) if not action else {}
            server.tokens.append(self.headers.get("X-Amz-Security-Token", ""))
            status, content = server.answer(action or form.get("Action", ""), form or json.loads(body))
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
