"""A running Tollgate in a home of its own, as benchmarks need it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Served:
    """Where it answers, where its state is, and its supervisor's process."""

    url: str
    home: Path
    supervisor: psutil.Process

    def memory(self) -> dict[str, float]:
        """Resident megabytes by part: supervisor, web (arbiter and worker), worker (the largest), beat."""
        parts = {"supervisor": self.supervisor.memory_info().rss / 1e6, "web": 0.0, "worker": 0.0, "beat": 0.0}
        for child in self.supervisor.children(recursive=True):
            line, size = child.cmdline(), child.memory_info().rss / 1e6
            if "gunicorn" in line:
                parts["web"] += size
            elif "beat" in line:
                parts["beat"] = size
            elif "worker" in line:
                parts["worker"] = max(parts["worker"], size)
        return parts


def answers(url: str) -> bool:
    """Whether a GET of ``url`` answers 200 now."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as response:
        return bool(response.status == 200)
    return False


def wait_for(url: str, seconds: float) -> float:
    """Seconds until ``url`` answered 200; TimeoutError when it did not within ``seconds``."""
    started = time.monotonic()
    while not answers(url):
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{url} did not answer within {seconds:g} s")
        time.sleep(0.1)
    return time.monotonic() - started


@contextmanager
def served(
    argv: tuple[str, ...] = (sys.executable, "manage.py", "serve"),
    cwd: Path = ROOT,
    demo: bool = False,
    home: Path | None = None,
) -> Iterator[Served]:
    """Start Tollgate on a free port, in ``home`` or in an empty one that goes away; end it with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as empty:
        home = home or Path(empty)
        env = {**os.environ, "TOLLGATE_HOME": str(home), "PORT": str(port), "DEMO": "1" if demo else "0"}
        process = subprocess.Popen(argv, cwd=cwd, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield Served(f"http://127.0.0.1:{port}", home, psutil.Process(process.pid))
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(10)
