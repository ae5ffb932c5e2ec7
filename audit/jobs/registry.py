"""Kinds of jobs, who follows them, and what runs on a schedule; each slice fills this when it starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.jobs.models import Job

Handler = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. ``permanent`` errors fail at once; others are tried again, ``attempts`` times in all.

    ``args`` of the job become keyword arguments of ``handler``, after the Run.
    """

    code: str
    title: str
    handler: Handler
    permanent: tuple[type[Exception], ...]
    attempts: int


KINDS: dict[str, Kind] = {}
FOLLOWERS: dict[str, list[Callable[["Job"], None]]] = {}
SCHEDULES: dict[str, int] = {}
TICKS: list[Callable[[], None]] = []


def job(
    code: str, *, title: str, permanent: tuple[type[Exception], ...] = (), attempts: int = 5
) -> Callable[[Handler], Handler]:
    """Makes the decorated function the handler of jobs of kind ``code``.

    The handler may run twice and must take effect once. It returns counts, which the job's page shows.

    Raises:
        ValueError: the kind has a handler.
    """

    def wrap(handler: Handler) -> Handler:
        if code in KINDS:
            raise ValueError(f"The job kind {code} has two handlers.")
        KINDS[code] = Kind(code, title, handler, permanent, attempts)
        return handler

    return wrap


def follow(code: str, follower: Callable[["Job"], None]) -> None:
    """Calls ``follower`` in the transaction in which a job of kind ``code`` ends, whether it succeeded or failed.

    A follower looks at ``job.state``. It may start jobs; what it starts is started if and only if the job ended.
    """
    followers = FOLLOWERS.setdefault(code, [])
    if follower not in followers:
        followers.append(follower)


def schedule(code: str, *, every_seconds: int) -> None:
    """Starts a job of kind ``code`` every so many seconds, once for all workers and beats."""
    SCHEDULES[code] = every_seconds


def on_tick(start_due: Callable[[], None]) -> None:
    """Calls ``start_due`` every few seconds; it starts the jobs that are due by records of its own."""
    if start_due not in TICKS:
        TICKS.append(start_due)
