"""A real Prometheus over a day that was written into its database beforehand, with promtool."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from tests.support.servers import answers, free_port, process, wait_until

HERE = all(map(shutil.which, ("prometheus", "promtool")))
WHY = "No prometheus and promtool are installed here (Debian has them in the package prometheus)."
BOUNDS = ("0.1", "0.25", "0.5", "1.0", "2.5", "+Inf")
SHARES = (0.4, 0.3, 0.2, 0.05, 0.04, 0.01)
"""Of the requests in each bucket, in each minute the same."""


def history(first: datetime, hours: int, hole: tuple[int, int]) -> str:
    """OpenMetrics: counters of two services, scraped each minute but from minute ``hole[0]`` until ``hole[1]``.

    late-arrival: 60 requests a minute, of which 3 fail with 500 and 6 with 404; the share of each bucket is SHARES.
    other: 1 request a minute, and nothing fails.
    """
    minutes = [at for at in range(-10, hours * 60 + 1) if not hole[0] <= at < hole[1]]
    rates = {
        'http_requests_total{service="late-arrival",code="200"}': 51.0,
        'http_requests_total{service="late-arrival",code="404"}': 6.0,
        'http_requests_total{service="late-arrival",code="500"}': 3.0,
        'http_requests_total{service="other",code="200"}': 1.0,
    }
    seconds = {'http_request_duration_seconds_sum{service="late-arrival"}': 24.0,
               'http_request_duration_seconds_count{service="late-arrival"}': 60.0}  # fmt: skip
    below = 0.0
    for bound, share in zip(BOUNDS, SHARES, strict=True):
        below += share
        seconds[f'http_request_duration_seconds_bucket{{service="late-arrival",le="{bound}"}}'] = 60 * below
    cpu = {'process_cpu_seconds_total{service="late-arrival"}': 24.0}
    text = []
    for family, kind, series in (
        ("http_requests", "counter", rates), ("http_request_duration_seconds", "histogram", seconds),
        ("process_cpu_seconds", "counter", cpu),
    ):  # fmt: skip
        text.append(f"# TYPE {family} {kind}")
        for name, rate in series.items():
            for at in minutes:
                moment = (first + timedelta(minutes=at)).timestamp()
                text.append(f"{name} {(at + 10) * rate:.6f} {moment:.3f}")
    return "\n".join([*text, "# EOF", ""])


@contextmanager
def prometheus(home: Path, text: str) -> Iterator[str]:
    """The address of a server that knows ``text``."""
    (home / "history.txt").write_text(text)
    (home / "prometheus.yml").write_text("global: {}\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "history.txt", "data"],
        cwd=home, check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    argv = [
        "prometheus", f"--config.file={home / 'prometheus.yml'}", f"--storage.tsdb.path={home / 'data'}",
        "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with process(argv, env=dict(os.environ), cwd=home):
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 30, "Prometheus's first answer")
        yield f"http://127.0.0.1:{port}"
