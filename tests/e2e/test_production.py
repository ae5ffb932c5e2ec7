"""The compose file's own commands on real PostgreSQL and Redis: a killed worker changes no figure."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.figures import figures
from tests.support.filled import Filled, readiness
from tests.support.production import production
from tests.support.servers import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("filled")]


def test_a_worker_killed_in_the_middle_of_the_filling_changes_no_figure(
    filled: Filled, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    with production(database_url=postgres_url, broker_url=redis_url, home=tmp_path, workers=2) as running:
        running.manage("fill_demo")
        wait_until(lambda: weeks_done(readiness(running.url)) >= 20, 600, "the middle of the filling")
        os.kill(running.workers[0], signal.SIGKILL)
        running.start_worker()
        wait_until(lambda: readiness(running.url).get("ready"), 1200, "a filled demo")
        theirs = figures(running.manage)
    ours = filled.figures
    assert theirs["chain broken at"] is None
    assert theirs["changed past Tollgate"] == 0
    for name in ours:
        assert theirs[name] == ours[name], name


def weeks_done(said: dict) -> int:
    """How many weeks the readiness page says are replayed."""
    words = said.get("parts", {}).get("demo", "").split()
    return next((int(word) for word in words if word.isdigit()), 0)
