"""One command runs everything on one machine; a child that dies comes back, and none outlives this process.

Web server, Celery workers and Celery beat are children, each in its own session. This process never loads
the application, so it stays small and cannot fail with it.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.lifeline import tie_to_parent

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
STOP_SECONDS = 3.0  # what a child gets between TERM and KILL
STEADY_SECONDS = 10.0  # a child that lived this long starts again at once
LONGEST_WAIT = 30.0
LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Options:
    """What the environment says about serving; the only place that reads it."""

    port: int = 8000
    workers: int = 2
    demo: bool = True
    home: Path = ROOT / "var"

    @classmethod
    def from_environment(cls) -> "Options":
        """Read PORT, TOLLGATE_WORKERS, DEMO and TOLLGATE_HOME; raise ImproperlyConfigured on a wrong value."""
        port, workers = env.number("PORT", 8000), env.number("TOLLGATE_WORKERS", 2)
        if not 1 <= port <= 65535:
            raise ImproperlyConfigured(f"PORT is {port}; set it to a number between 1 and 65535.")
        if not 1 <= workers <= 64:
            raise ImproperlyConfigured(f"TOLLGATE_WORKERS is {workers}; set it to a number between 1 and 64.")
        home = Path(env.text("TOLLGATE_HOME", str(ROOT / "var"))).resolve()
        return cls(port=port, workers=workers, demo=env.flag("DEMO", True), home=home)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def check_port(options: Options) -> None:
    """Raise ImproperlyConfigured when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn binds
        try:
            probe.bind((HOST, options.port))
        except PermissionError:
            sentence = f"port {options.port} needs rights that you do not have; choose one above 1023."
            raise ImproperlyConfigured(sentence) from None
        except OSError:
            other = options.port + 1 if options.port < 65535 else 8000
            sentence = f"port {options.port} is taken by another program; choose another with PORT={other} make run"
            raise ImproperlyConfigured(sentence) from None


def hold_home(options: Options) -> None:
    """Keep a second server out of this home until this process ends; raise ImproperlyConfigured when one is there.

    Two would run two schedulers on one queue. The lock survives exec and is not passed to children.
    """
    options.home.mkdir(parents=True, exist_ok=True)
    lock = os.open(options.home / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(lock, 200).decode(errors="replace").strip()
        raise ImproperlyConfigured(f"it already runs from {options.home} ({holder}).") from None
    os.ftruncate(lock, 0)
    os.write(lock, f"process {os.getpid()}, {options.url}\n".encode())
    os.set_inheritable(lock, True)


@dataclass(frozen=True)
class Command:
    """One child: its name in logs and the command line that runs it."""

    name: str
    argv: tuple[str, ...]


def commands(options: Options) -> list[Command]:
    """The children of one machine: the web server first, because people wait for it."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-q", "-A", "config")
    quiet = ("--loglevel", "WARNING")
    bind = ("--bind", f"{HOST}:{options.port}", "--graceful-timeout", "2")
    lone = ("--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat")
    schedule = ("--schedule", str(options.home / "beat-schedule"), "--pidfile", "")
    return [
        Command("web", (*python, "gunicorn", "-c", "python:config.web", *bind, "config.wsgi")),
        *(
            Command(f"worker-{n}", (*celery, "worker", "-n", f"worker-{n}@%h", *lone, *quiet))
            for n in range(1, options.workers + 1)
        ),
        Command("beat", (*celery, "beat", *schedule, *quiet)),
    ]


def say(line: str = "") -> None:
    """Print a line for people; a closed terminal is no reason to stop serving."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


@dataclass
class Log:
    """What one child says: whole lines to the console with its name, all of it to ``var/log/<name>.log``."""

    name: str
    folder: Path
    shown: bool = True
    _file: IO[bytes] | None = None
    _rest: bytes = b""

    def write(self, chunk: bytes) -> None:
        self._to_file(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > 100_000:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines if self.shown else ():
            say(f"{self.name:>8} | {line.decode(errors='replace').rstrip()}")

    def note(self, line: str) -> None:
        """A line of the supervisor's own about this child."""
        self.write(f"[{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC] {line}\n".encode())

    def _to_file(self, chunk: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not take the children down
            path = self.folder / f"{self.name}.log"
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file = path.open("ab")
            self._file.write(chunk)
            self._file.flush()
            if self._file.tell() > LOG_BYTES:
                self._file.close()
                self._file = None
                path.replace(path.with_suffix(".log.1"))


@dataclass
class Child:
    """One supervised process: started again whenever it ends, ever later when it ends at once."""

    command: Command
    log: Log
    around: Mapping[str, str]
    process: asyncio.subprocess.Process | None = None
    early_ends: int = 0

    async def keep(self) -> None:
        """Run the child for ever; cancel to stop starting it again (``signal`` ends the process itself)."""
        while True:
            started = time.monotonic()
            code = await self._run_once()
            lived = time.monotonic() - started
            self.early_ends = 0 if lived >= STEADY_SECONDS else self.early_ends + 1
            wait = 0.2 if self.early_ends <= 1 else min(2.0 ** (self.early_ends - 2), LONGEST_WAIT)
            self.log.note(f"{self.command.name} {_ending(code)} after {lived:.0f} s; starting it again in {wait:g} s")
            await asyncio.sleep(wait)

    async def _run_once(self) -> int:
        self.process = await asyncio.create_subprocess_exec(
            *self.command.argv,
            cwd=ROOT,
            env=self.around,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(tie_to_parent, os.getpid()),
        )
        reading = asyncio.create_task(self._read(self.process.stdout))
        code = await self.process.wait()
        self.signal(signal.SIGKILL)  # whatever it started and left behind
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 1.0)
        self.process = None
        return code

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        while stream and (chunk := await stream.read(65536)):
            self.log.write(chunk)

    def signal(self, number: int) -> None:
        """Signal the child and everything in its process group; nothing happens when none is left."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


@dataclass
class Supervisor:
    """Starts the children, tells people where to look, and ends everything when asked."""

    options: Options
    children: list[Child] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; a second one ends the children at once."""
        asked = 0
        stop, hurry = asyncio.Event(), asyncio.Event()

        def on_signal() -> None:
            nonlocal asked
            asked += 1
            (stop if asked == 1 else hurry).set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, on_signal)
        # Two arenas: glibc otherwise keeps one for each thread.
        gentle = {"MALLOC_ARENA_MAX": "2", "PYTHONWARNINGS": "ignore"}
        around = {**gentle, **os.environ, "TOLLGATE_URL": self.options.url, "PYTHONUNBUFFERED": "1"}
        logs = self.options.home / "log"
        self.children = [Child(c, Log(c.name, logs), around) for c in commands(self.options)]
        self.tasks.append(asyncio.create_task(self._start()))
        await stop.wait()
        say("\nStopping.")
        await self._end(hurry)

    async def _start(self) -> None:
        web, *others = self.children
        self.tasks.append(asyncio.create_task(web.keep()))
        # Two cores load one program faster than four: the page comes first.
        answered = await self._answers(within=10.0)
        self.tasks.extend(asyncio.create_task(child.keep()) for child in others)
        while not answered:
            answered = await self._answers(within=60.0)
        say(f"\nTollgate answers on {self.options.url}    (logs: {self.options.home / 'log'}; Ctrl-C ends it)")
        await self._show_sign_ins()

    async def _answers(self, within: float) -> bool:
        """Whether ``/healthz`` answered 200 before ``within`` seconds were over."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            with contextlib.suppress(OSError, TimeoutError):
                if b" 200 " in await asyncio.wait_for(self._status_line(), 2.0):
                    return True
            await asyncio.sleep(0.1)
        return False

    async def _status_line(self) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, self.options.port)
        try:
            request = f"GET /healthz HTTP/1.1\r\nHost: {HOST}:{self.options.port}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            return await reader.readline()
        finally:
            writer.close()

    async def _show_sign_ins(self) -> None:
        """Print the demo's sign-ins once its file is there: on a first start that is some seconds later."""
        path = self.options.home / "demo-signins.json"
        while (lines := _sign_ins(path)) is None:
            if not self.options.demo:
                return
            await asyncio.sleep(0.5)
        say(f"Sign-ins of the demo organisation, from {path}:")
        for line in lines:
            say(line)

    async def _end(self, hurry: asyncio.Event) -> None:
        for task in self.tasks:
            task.cancel()
        for child in self.children:
            child.log.shown = False
        alive = [child for child in self.children if child.process and child.process.returncode is None]
        for child in alive:
            child.signal(signal.SIGTERM)
        waiting: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(hurry.wait()),
            asyncio.gather(*(child.process.wait() for child in alive if child.process)),
        ]
        await asyncio.wait(waiting, timeout=STOP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for child in alive:
            child.signal(signal.SIGKILL)
        await waiting[-1]


def _sign_ins(path: Path) -> list[str] | None:
    """One line a role; None while the file is not there or not whole."""
    try:
        people = json.loads(path.read_text())
        return [f"  {role:<14} {entry['email']:<34} {entry['password']}" for role, entry in people.items()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def main() -> int:
    """Supervise until told to stop; the caller has checked the port and prepared the database."""
    options = Options.from_environment()
    asyncio.run(Supervisor(options).run())
    return 0


def become_supervisor() -> None:
    """Replace this process, Django and all, by the small supervisor; never returns."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "config.serve"])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
