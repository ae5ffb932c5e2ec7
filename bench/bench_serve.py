"""Memory at rest, the second start, the way from ``make run`` to a filled portfolio, and the front page's pace."""

import html.parser
import subprocess
import tempfile
import time
from collections.abc import Iterator
from json import loads
from pathlib import Path

import httpx

from bench.harness import Figure, bench
from bench.served import ROOT, Served, served, wait_for

LIMITS_MB = {"supervisor": 40, "web": 150, "worker": 150, "beat": 150}


@bench("config.serve")
def at_rest() -> Iterator[Figure]:
    """How fast an installation answers when it is started again, and what it weighs after some requests."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as home:
        with served(home=Path(home)) as tollgate:
            wait_for(f"{tollgate.url}/healthz", 60)
        with served(home=Path(home)) as tollgate:
            again = wait_for(f"{tollgate.url}/healthz", 60)
            yield Figure("config.serve.second_start", again, "s", "limit for a second start", 5)
    with served() as tollgate:
        wait_for(f"{tollgate.url}/healthz", 60)
        with httpx.Client(base_url=tollgate.url, follow_redirects=True) as client:
            for _ in range(60):
                client.get("/")
        time.sleep(5)
        for part, size in tollgate.memory().items():
            limit = LIMITS_MB[part]
            yield Figure(f"config.serve.memory.{part}", size, "MB", "limit at rest, resident", limit)


@bench("governance.portfolio")
def front_page() -> Iterator[Figure]:
    """A fresh clone, ``make run``, until everything is ready; then the manager's front page, 200 times."""
    with tempfile.TemporaryDirectory(prefix="tollgate-clone-") as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        started = time.monotonic()
        with served(("make", "run"), cwd=Path(folder), demo=True) as tollgate:
            wait_for(f"{tollgate.url}/readyz", 600)
            filled = time.monotonic() - started
            yield Figure("governance.portfolio.filled_after_make_run", filled, "s", "limit: two minutes", 120)
            times = sorted(_visits(tollgate, 200))
            yield Figure("governance.portfolio.front_page_p95", times[189] * 1000, "ms", "limit", 300)


class _Token(html.parser.HTMLParser):
    value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("name") == "csrfmiddlewaretoken":
            self.value = given.get("value") or ""


def _visits(tollgate: Served, count: int) -> Iterator[float]:
    person = loads((tollgate.home / "demo-signins.json").read_text())["manager"]
    with httpx.Client(base_url=tollgate.url, follow_redirects=True) as client:
        form, token = client.get("/"), _Token()
        token.feed(form.text)
        entered = {"username": person["email"], "password": person["password"], "csrfmiddlewaretoken": token.value}
        page = client.post(form.url, data=entered)
        page.raise_for_status()
        for _ in range(count):
            started = time.perf_counter()
            client.get("/").raise_for_status()
            yield time.perf_counter() - started
