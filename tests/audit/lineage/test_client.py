"""OpenLineage's own client, by its sync and its async transport, against a real server that is restarted in between."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.async_http import AsyncHttpConfig, AsyncHttpTransport
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport
from openlineage.client.transport.http_common import DEFAULT_RETRY_CONFIG

from tests.support.servers import answers, free_port, process, wait_until

ROOT = Path(__file__).resolve().parents[3]
RUNS = 12
RETRY = {**DEFAULT_RETRY_CONFIG, "total": 8, "read": 8, "connect": 8}
"""The client's own, with more patience for a busy machine."""
pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("processes")]
BEGIN = """
from audit.base.actors import Actor, Role
from audit.people import services as people
system = Actor.service("test")
team = people.create_team(actor=system, slug="t", name="T")
user = people.create_user(actor=system, email="a@example.org", name="A")
people.grant_role(actor=system, user=user, role=Role.OWNER, team=team)
print(people.issue_token(actor=system, user=user, name="t", scopes=["write"], days=1)[1])
"""
COUNT = """
import json
from audit.lineage.models import Event
bodies = map(json.loads, Event.objects.values_list("body", flat=True))
print(json.dumps([[one["run"]["runId"], one["eventType"]] for one in bodies]))
"""


class Served:
    """A server in a home of its own, that can be ended and started again at the same port."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "TOLLGATE_HOME": str(home), "PORT": str(self.port), "DEMO": "0"}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            self.env.pop(name, None)

    def start(self) -> ExitStack:
        """Starts it, and waits for its first answer; closing what is returned ends it."""
        stack = ExitStack()
        stack.enter_context(process([sys.executable, "manage.py", "serve"], env=self.env, cwd=ROOT))
        wait_until(lambda: answers(f"{self.url}/healthz"), 90, "the first answer")
        return stack

    def tell(self, code: str) -> str:
        """What ``code`` prints in the server's home."""
        argv = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
        return subprocess.run(argv, env=self.env, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def sync_transport(url: str, key: str) -> Any:
    auth = ApiKeyTokenProvider({"api_key": key})
    return HttpTransport(HttpConfig(url=url, auth=auth, compression=HttpCompression.GZIP, retry=RETRY))


def async_transport(url: str, key: str) -> Any:
    return AsyncHttpTransport(AsyncHttpConfig(url=url, auth=ApiKeyTokenProvider({"api_key": key}), retry=RETRY))


def events(kind: str) -> list[Any]:
    """A start and an end of each run."""
    return [
        RunEvent(
            eventType=state,
            eventTime=datetime.now(UTC).isoformat(),
            run=Run(runId=run),
            job=Job(namespace="prod", name=kind),
            producer="https://example.org/test",
            inputs=[InputDataset(namespace="s3://lake", name="flights")],
            outputs=[OutputDataset(namespace="s3://lake", name="features")],
        )
        for run in (str(uuid.uuid4()) for _ in range(RUNS))
        for state in (RunState.START, RunState.COMPLETE)
    ]


def emit(client: OpenLineageClient, some: list[Any]) -> None:
    """Sends these."""
    for event in some:
        client.emit(event)


@pytest.mark.parametrize("transport", [sync_transport, async_transport])
def test_every_event_is_there_once_though_the_server_restarted(
    tmp_path: Path, transport: Callable[[str, str], Any]
) -> None:
    served = Served(tmp_path)
    with served.start() as first:
        key = served.tell(BEGIN).split()[-1]
        client = OpenLineageClient(transport=transport(served.url, key))
        sent = events(transport.__name__)
        half = len(sent) // 2
        emit(client, sent[:half])
        wait_until(lambda: json.loads(served.tell(COUNT)), 30, "the first event")
        first.close()
    rest = threading.Thread(target=emit, args=(client, sent[half:]))
    rest.start()
    with served.start():
        rest.join(60)
        assert client.close(60)
        again = OpenLineageClient(transport=sync_transport(served.url, key))
        emit(again, sent)
        found = Counter(tuple(one) for one in json.loads(served.tell(COUNT)))
    assert found == Counter((event.run.runId, event.eventType.value) for event in sent)
