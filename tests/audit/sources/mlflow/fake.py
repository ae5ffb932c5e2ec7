"""A server that answers as MLflow does, or as it should not: real HTTP, answers that a test writes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, Any]


@dataclass
class Fake:
    """``answers`` maps the end of a path to a function of what was asked; what it does not know is 404."""

    url: str = ""
    answers: dict[str, Callable[[dict[str, Any]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, Any]) -> Answer:
        """The status and the body."""
        self.asked.append((path, asked))
        known = next((name for name in self.answers if path.endswith(name)), None)
        return self.answers[known](asked) if known else (404, {"error_code": "ENDPOINT_NOT_FOUND"})


def a_registry(count: int) -> dict[str, Callable[[dict[str, Any]], Answer]]:
    """The answers of a server of MLflow 2 with so many models, each with one version, whose runs are there."""
    names = [f"m{number:04}" for number in range(count)]
    models = [{"name": name, "aliases": [{"alias": "champion", "version": "1"}]} for name in names]
    versions = [
        {"name": name, "version": "1", "creation_timestamp": 1000 + at, "last_updated_timestamp": 1000 + at,
         "run_id": f"r{at}", "source": "s3://b", "status": "READY"} for at, name in enumerate(names)
    ]  # fmt: skip
    run = {"start_time": 1, "status": "FINISHED", "experiment_id": "1"}
    runs = [{"info": {"run_id": f"r{at}", **run}} for at in range(count)]

    def found(asked: dict[str, Any]) -> list[Any]:
        return [one for one in runs if f"'{one['info']['run_id']}'" in asked["filter"]]

    return {
        "registered-models/search": lambda asked: (200, {"registered_models": models}),
        "model-versions/search": lambda asked: (200, {"model_versions": versions}),
        "experiments/search": lambda asked: (200, {"experiments": [{"experiment_id": "1", "name": "nightly"}]}),
        "runs/search": lambda asked: (200, {"runs": found(asked)}),
    }


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serves until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, asked: dict[str, Any]) -> None:
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, body = fake.answer(urlsplit(self.path).path, asked)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._answer(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
