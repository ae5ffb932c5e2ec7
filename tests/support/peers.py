"""The libraries that our figures are held to, in an environment of their own, made once, outside of the checkout.

They need a pandas that Tollgate does not run on, and one of them reports its use unless told not to. Scripts that run
there lie in ``tests/parity/peer_*.py``; they print JSON and never import Tollgate.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).resolve().parent / "peers-requirements.txt"
QUIET = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}


class Unavailable(Exception):
    """The environment cannot be made here; the sentence says why."""


def python_of_peers() -> Path:
    """The Python of the environment with evidently, nannyml and fairlearn; makes it the first time.

    Raises ``Unavailable`` where it cannot be made, which mostly means: no network.
    """
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tollgate"
    folder = cache / f"peers-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "peers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder)
            (folder / "made").write_text(digest)
    return folder / "bin" / "python"


def run(script: Path, *args: str, env: Mapping[str, str] | None = None, timeout: float = 1800) -> Any:
    """What the script prints last (JSON), run by the peers' Python.

    Raises ``Unavailable`` where there is no such Python, and RuntimeError, with what it said, where the script fails.
    """
    python = python_of_peers()
    environment = {**os.environ, **QUIET, **(env or {})}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH"):
        environment.pop(name, None)
    done = subprocess.run(
        [python, script, *args], env=environment, cwd=script.parent, capture_output=True, text=True, timeout=timeout
    )
    if done.returncode:
        raise RuntimeError(f"{script.name} failed: {done.stderr.strip()[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _make(folder: Path) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    for argv in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "-r", str(REQUIREMENTS)],
    ):
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=900)
        except OSError as error:
            raise Unavailable(f"The peers' environment cannot be made here: {error}") from error
        if done.returncode:
            raise Unavailable(f"The peers' environment cannot be made here: {done.stderr.strip()[-300:]}")
