"""One filled demo for the whole run, served as `make run` serves it: by ``manage.py serve`` in an empty home."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.lifeline import tie_to_parent
from tests.support.figures import figures
from tests.support.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
FROM_OUTSIDE = ("DATABASE_URL", "CELERY_BROKER_URL", "LAKE_URL", "DEBUG", "TOLLGATE_TEST_DATABASE_URL")


@dataclass(frozen=True)
class Filled:
    """Where it answers, where its state is, who can sign in ({role: {email, password}})."""

    url: str
    home: Path
    signins: dict[str, dict[str, str]]
    figures: dict[str, Any] = field(default_factory=dict)
    """What the filling came to, before any test decided anything."""

    def manage(self, *arguments: str) -> str:
        """The output of ``manage.py`` with ``arguments`` in this home."""
        argv = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(argv, cwd=ROOT, env=environment(self.home), check=True, capture_output=True, text=True)
        return done.stdout


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process of this home."""
    kept = {name: value for name, value in os.environ.items() if name not in FROM_OUTSIDE}
    return {**kept, "TOLLGATE_HOME": str(home), **more}


def readiness(url: str) -> dict[str, Any]:
    """What /readyz says, ready or not; empty while nothing answers."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
            return {"ready": True, **json.load(response)}
    except urllib.error.HTTPError as error:
        return {"ready": False, **json.load(error)}
    except OSError:
        return {}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The demo, filled by two workers; ends with the run."""
    home, port = tmp_path_factory.mktemp("filled"), free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(home, PORT=str(port), DEMO="1"),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(tie_to_parent, os.getpid()),
    )
    try:
        wait_until(lambda: readiness(url).get("ready"), 1200, "a filled demo")
        found = Filled(url, home, json.loads((home / "demo-signins.json").read_text()))
        found.figures.update(figures(found.manage))
        yield found
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGINT)
        server.wait(15)
