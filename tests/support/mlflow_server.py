"""Real MLflow servers, each version in an environment of its own that is made once, outside of the checkout."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import answers, free_port, process, wait_until

HERE = Path(__file__).resolve().parent
REQUIREMENTS = {3: HERE / "mlflow-requirements.txt", 2: HERE / "mlflow2-requirements.txt"}
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, its folder, and how its own Python is started."""

    url: str
    folder: Path
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, script: str, *args: str, env: Mapping[str, str] | None = None) -> Any:
        """What a script of this folder prints (JSON), run in the server's environment against the server."""
        done = subprocess.run(
            [self.python, HERE / script, *args],
            env={**self.environment, "MLFLOW_TRACKING_URI": self.url, **(env or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])


def python_of(version: int) -> Path:
    """The Python of the environment of this MLflow; makes it the first time, and skips the test where that fails."""
    wanted = REQUIREMENTS[version]
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tollgate"
    folder = cache / f"mlflow-{version}-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"mlflow-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder, wanted)
            (folder / "made").write_text(digest)
    return folder / "bin" / "python"


def _make(folder: Path, requirements: Path) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    for argv in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "-r", str(requirements)],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=900)
        if done.returncode:
            pytest.skip(f"MLflow cannot be installed here: {done.stderr.strip()[-300:]}")


@contextmanager
def running(folder: Path, *, version: int = 3, app: str = "", env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server with its records and artefacts in ``folder``, until the block ends."""
    python = python_of(version)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, **QUIET, "PATH": f"{python.parent}:{os.environ['PATH']}", **(env or {})}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH"):
        environment.pop(name, None)
    argv = [
        str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"),
        *(["--app-name", app] if app else []),
    ]  # fmt: skip
    with process(argv, env=environment, cwd=folder):
        wait_until(lambda: answers(f"{url}/health"), 120, "MLflow's first answer")
        yield Server(url, folder, python, environment)
