"""Starts exactly the commands of docker-compose.yml as processes, against real PostgreSQL and Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.servers import answers, free_port, process, wait_until

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OUTSIDE = ("DATABASE_URL", "DEMO", "DJANGO_SETTINGS_MODULE", "PORT", "TOLLGATE_TEST_DATABASE_URL")


def command(service: str, port: int = 8000) -> list[str]:
    """The command of a service, run by this Python instead of the image's, on ``port`` of this machine alone."""
    name, *rest = SERVICES[service]["command"]
    rest = [f"127.0.0.1:{port}" if word == "0.0.0.0:8000" else word for word in rest]
    return [sys.executable, *([] if name == "python" else ["-m", name]), *rest]


@dataclass
class Production:
    """A running installation: where it answers, its environment, and the process ids of its workers."""

    url: str
    home: Path
    env: dict[str, str]
    stack: ExitStack
    workers: list[int] = field(default_factory=list)

    def manage(self, *arguments: str) -> str:
        """The output of ``manage.py`` with ``arguments``; raises CalledProcessError when it fails."""
        argv = [sys.executable, "manage.py", *arguments]
        return subprocess.run(argv, cwd=ROOT, env=self.env, check=True, capture_output=True, text=True).stdout

    def start_worker(self) -> int:
        """One more worker, as ``--scale worker=`` would start it; its process id."""
        name = f"worker-{len(self.workers) + 1}@test"
        argv = [*command("worker"), "-n", name]  # containers differ by host name, processes here do not
        self.workers.append(self.stack.enter_context(process(argv, env=self.env, cwd=ROOT)))
        return self.workers[-1]


@contextmanager
def production(
    *, database_url: str, broker_url: str, home: Path, workers: int = 2, extra: Sequence[tuple[str, str]] = ()
) -> Iterator[Production]:
    """Migrate, then run web, ``workers`` workers and beat until the block ends."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name not in OUTSIDE} | {
        "DEBUG": "0",
        "SECRET_KEY": "test-" + "k" * 60,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "LAKE_URL": str(home / "lake"),
        "TOLLGATE_HOME": str(home),
        "TOLLGATE_URL": f"http://127.0.0.1:{port}",
        "SECURE_SSL_REDIRECT": "0",  # no proxy stands in front here
        **dict(extra),
    }
    subprocess.run(command("migrate"), cwd=ROOT, env=env, check=True, capture_output=True)
    with ExitStack() as stack:
        stack.enter_context(process(command("web", port), env=env, cwd=ROOT))
        running = Production(f"http://127.0.0.1:{port}", home, env, stack)
        for _ in range(workers):
            running.start_worker()
        beat = [str(home / "beat-schedule") if word == "/tmp/beat-schedule" else word for word in command("beat")]
        stack.enter_context(process(beat, env=env, cwd=ROOT))
        wait_until(lambda: answers(f"{running.url}/healthz"), 90, "the web server's first answer")
        yield running
