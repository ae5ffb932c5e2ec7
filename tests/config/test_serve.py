"""The supervisor, tried with real processes: what is killed comes back, what is ended leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.servers import answers, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "manage.py", "serve")
PARTS = {"gunicorn": 2, "celery worker": 2, "celery beat": 1}  # the web server is an arbiter and one worker
pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("processes")]


@dataclass
class Served:
    """A running ``manage.py serve``."""

    process: subprocess.Popen[str]
    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def parts(self) -> dict[str, list[psutil.Process]]:
        """Everything below the supervisor, by what it is."""
        found: dict[str, list[psutil.Process]] = {part: [] for part in PARTS}
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    line = " ".join(child.cmdline())
                    for part in PARTS:
                        if all(word in line.split() for word in part.split()):
                            found[part].append(child)
        return found

    def complete(self) -> bool:
        return {part: len(found) for part, found in self.parts().items()} == PARTS and answers(f"{self.url}/healthz")

    def everything(self) -> list[psutil.Process]:
        return [child for found in self.parts().values() for child in found]


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers in a home of their own; kills what a failed test left running."""
    started: list[Served] = []

    home = tmp_path / "home with a space"

    def start(port: int | None = None, argv: Sequence[str] = SERVE, **extra: str) -> Served:
        port = port or free_port()
        env = {**os.environ, "TOLLGATE_HOME": str(home), "PORT": str(port), "DEMO": "0", **extra}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            env.pop(name, None)
        process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(Served(process, port, home))
        return started[-1]

    yield start
    for served in started:
        for child in served.everything():
            with suppress(psutil.NoSuchProcess):
                child.kill()
        served.process.kill()
        served.process.wait()


def gone(processes: list[psutil.Process]) -> Callable[[], bool]:
    return lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in processes)


def test_serve_killed_children_come_back(serve: Serve) -> None:
    served = serve()
    wait_until(served.complete, 90, "the first answer with all parts running")
    before = served.everything()
    web, worker = served.parts()["gunicorn"], served.parts()["celery worker"][0]
    arbiter = next(child for child in web if child.ppid() == served.process.pid)

    for victim in (arbiter, worker, served.parts()["celery beat"][0]):
        victim.kill()

    wait_until(gone([*web, worker]), 5, "the end of the killed web server's own worker")
    wait_until(served.complete, 30, "the return of all three")
    assert len({child.pid for child in served.everything()} - {child.pid for child in before}) == 4
    assert "was ended by SIGKILL" in (served.home / "log" / "web.log").read_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_stopped_ends_everything_within_five_seconds(serve: Serve, how: signal.Signals) -> None:
    served = serve()
    wait_until(served.complete, 90, "the first answer with all parts running")
    below = served.everything()

    os.killpg(served.process.pid, how)

    said, _ = served.process.communicate(timeout=5)
    assert served.process.returncode == 0
    assert gone(below)()
    assert f"Tollgate answers on {served.url}" in said
    assert "Traceback" not in said


def test_serve_parent_killed_leaves_no_orphans(serve: Serve) -> None:
    served = serve()
    wait_until(served.complete, 90, "the first answer with all parts running")
    below = served.everything()
    assert len(below) == 5

    served.process.kill()

    wait_until(gone(below), 5, "the end of every child")
    assert not answers(f"{served.url}/healthz")


def test_serve_asked_to_end_with_its_parent_ends_when_that_is_killed(serve: Serve) -> None:
    shell = serve(argv=["sh", "-c", '"$0" manage.py serve --end-with-parent; true', sys.executable])
    supervisor = wait_until(lambda: psutil.Process(shell.process.pid).children(), 10, "the start of the supervisor")[0]
    wait_until(shell.complete, 90, "the first answer with all parts running")
    below = [supervisor, *shell.everything()]

    shell.process.kill()

    wait_until(gone(below), 5, "the end of the supervisor and its children")


def test_serve_second_start_keeps_the_data_and_answers(serve: Serve) -> None:
    first = serve()
    wait_until(first.complete, 90, "the first answer with all parts running")
    key = (first.home / "secret.key").read_text()
    first.process.terminate()
    first.process.wait(5)

    second = serve(port=first.port)

    wait_until(lambda: answers(f"{second.url}/healthz"), 60, "the answer of a second start")
    assert (second.home / "secret.key").read_text() == key


def test_serve_sign_ins_that_appear_later_are_printed_once_whole(serve: Serve) -> None:
    served = serve(argv=[sys.executable, "-m", "config.serve"], DEMO="1")
    wait_until(lambda: answers(f"{served.url}/healthz"), 90, "the first answer")
    path = served.home / "demo-signins.json"
    path.write_text('{"manager": {"email": "mia@')
    time.sleep(1)
    path.write_text('{"manager": {"email": "mia@example.org", "password": "long-and-random"}}')
    time.sleep(1.5)

    served.process.send_signal(signal.SIGINT)

    said, _ = served.process.communicate(timeout=5)
    lines = [line.split() for line in said.splitlines()]
    assert lines.count(["manager", "mia@example.org", "long-and-random"]) == 1
    assert f"from {path}:" in said


def test_serve_taken_port_says_so_in_one_line(serve: Serve) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        served = serve(port=port)
        said, _ = served.process.communicate(timeout=20)

    assert served.process.returncode == 1
    assert said.splitlines() == [
        f"Tollgate cannot start: port {port} is taken by another program; choose another with PORT={port + 1} make run"
    ]
    assert not (served.home / "tollgate.sqlite3").exists()


def test_serve_home_in_use_says_so_in_one_line(serve: Serve) -> None:
    first = serve()
    wait_until(lambda: answers(f"{first.url}/healthz"), 90, "the first answer")

    second = serve()
    said, _ = second.process.communicate(timeout=20)

    assert second.process.returncode == 1
    assert said.splitlines() == [
        f"Tollgate cannot start: it already runs from {first.home} (process {first.process.pid}, {first.url})."
    ]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "http", "PORT is 'http'; set it to a whole number."),
        ("PORT", "70000", "PORT is 70000; set it to a number between 1 and 65535."),
        ("TOLLGATE_WORKERS", "0", "TOLLGATE_WORKERS is 0; set it to a number between 1 and 64."),
    ],
)
def test_serve_wrong_number_says_so_in_one_line(serve: Serve, name: str, value: str, sentence: str) -> None:
    served = serve(**{name: value})
    said, _ = served.process.communicate(timeout=20)
    assert served.process.returncode == 1
    assert said.splitlines() == [f"Tollgate cannot start: {sentence}"]
