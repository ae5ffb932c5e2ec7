"""Every test runs on its own database and in its own home folder, set before Django reads its settings.

``pytest --database postgres`` runs the same tests on a real PostgreSQL that this run starts and stops.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FROM_OUTSIDE = (
    *("ALLOWED_HOSTS", "CELERY_BROKER_URL", "DATABASE_URL", "DEBUG", "DEMO", "EMAIL_FROM", "EMAIL_URL"),
    *("LAKE_ENDPOINT_URL", "LAKE_URL", "LOG_LEVEL", "PORT", "PUBLIC_URL", "SECRET_KEY", "TOLLGATE_HOME"),
    *("TOLLGATE_URL", "TOLLGATE_THREADS", "TOLLGATE_WITNESS", "TOLLGATE_WORKERS"),
)
SUPPORT = [
    "tests.support.api",
    "tests.support.browser",
    "tests.support.cast",
    "tests.support.jobs",
    "tests.support.kept",
    "tests.support.filled",
    "tests.support.hidden",
    "tests.support.post_office",
    "tests.support.receiver",
    "tests.support.servers",
    "tests.support.world",
]
pytest.register_assert_rewrite(*SUPPORT)
IN_XDIST_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite", help="what the suite runs on")


def _asked_for_postgres() -> bool:
    arguments = " ".join(sys.argv[1:]).replace("=", " ")
    return "--database postgres" in arguments


def _prepare() -> None:
    """Point the settings at throw-away places, then set Django up: modules of tests import models at once.

    The first process of a run starts PostgreSQL; its xdist workers inherit the address.
    """
    database = os.environ.get("TOLLGATE_TEST_DATABASE_URL") if IN_XDIST_WORKER else None
    if not IN_XDIST_WORKER:
        os.environ.pop("TOLLGATE_TEST_DATABASE_URL", None)
        if _asked_for_postgres():
            from tests.support.servers import postgres

            server = postgres()
            database = os.environ["TOLLGATE_TEST_DATABASE_URL"] = server.__enter__()
            atexit.register(server.__exit__, None, None, None)
    for name in FROM_OUTSIDE:
        os.environ.pop(name, None)
    home = Path(tempfile.mkdtemp(prefix="tollgate-test-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["TOLLGATE_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if database:
        os.environ["DATABASE_URL"] = database

    import django
    from django.conf import settings

    # A file, not memory: pages served in threads then meet the same locks as in use.
    if not database:
        settings.DATABASES["default"]["TEST"] = {"NAME": str(home / "test.sqlite3")}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow hash slows only tests
    django.setup()
    # The run's xdist workers inherit the environment; with this in it they would read the settings before this file.
    del os.environ["DJANGO_SETTINGS_MODULE"]


_prepare()

pytest_plugins = SUPPORT


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what meets a database runs again: the rest cannot end otherwise than on SQLite."""
    if config.getoption("--database") != "postgres":
        return
    kept = [item for item in items if "django_db_setup" in getattr(item, "fixturenames", ())]
    meeting = set(kept)
    left = [item for item in items if item not in meeting]
    config.hook.pytest_deselected(items=left)
    items[:] = kept


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """The migrated test database; transactional tests may empty it although the ledger refuses deletion."""
    from tests.support.flush import let_tests_flush

    let_tests_flush()


@pytest.fixture(scope="session")
def home() -> Path:
    """The TOLLGATE_HOME of this process."""
    return Path(os.environ["TOLLGATE_HOME"])


@pytest.fixture
def shared_data() -> Path:
    """Sample data beside the checkout; a test that needs it is skipped where it is not there."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("there is no ../shared/data beside this checkout")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With TOLLGATE_NO_SKIP=1 a skip fails, except for absent sample data: a green run has then run everything."""
    report = yield
    if os.environ.get("TOLLGATE_NO_SKIP") == "1" and report.skipped and not hasattr(report, "wasxfail"):  # type: ignore[attr-defined]
        reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)  # type: ignore[attr-defined]
        if "shared/data" not in reason:
            report.outcome = "failed"  # type: ignore[attr-defined]
            report.longrepr = f"Skipped, and nothing may be skipped here: {reason}"  # type: ignore[attr-defined]
    return report
