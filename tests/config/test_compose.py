"""The compose file names commands that exist, secrets that must be given, and a user without rights."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.production import SERVICES, command, production
from tests.support.servers import answers

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ("migrate", "web", "worker", "beat")
PRODUCTION = {"DEBUG": "0", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "tollgate.example.org"}


def run(service: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return subprocess.run(
        command(service),
        cwd=ROOT,
        env={**plain, "TOLLGATE_HOME": str(home), "DEBUG": "0", **env},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
    )


def test_compose_has_every_part() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}
    assert set(COMPOSE["volumes"]) == {"postgres", "redis", "state", "lake"}


@pytest.mark.parametrize("service", OURS)
def test_compose_command_exists(service: str) -> None:
    name = SERVICES[service]["command"][0]
    assert shutil.which(name, path=str(Path(sys.executable).parent)), f"{name} comes with no requirement"


@pytest.mark.parametrize("service", OURS)
def test_compose_environment_is_production(service: str) -> None:
    environment = SERVICES[service]["environment"]
    assert environment["DEBUG"] == "0"
    assert environment["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert environment["ALLOWED_HOSTS"].startswith("${ALLOWED_HOSTS:?")
    assert environment["DATABASE_URL"].startswith("${DATABASE_URL:-postgresql://")
    assert environment["CELERY_BROKER_URL"].startswith("${CELERY_BROKER_URL:-redis://")
    assert {"LAKE_URL", "TOLLGATE_URL", "TOLLGATE_HOME"} <= set(environment)


def test_compose_waits_for_the_database_and_its_migrations() -> None:
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for service in ("web", "worker", "beat"):
        assert SERVICES[service]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_compose_web_is_watched_and_the_worker_can_be_scaled() -> None:
    assert "/healthz" in " ".join(SERVICES["web"]["healthcheck"]["test"])
    assert "container_name" not in SERVICES["worker"]
    assert "ports" not in SERVICES["worker"]


def test_dockerfile_runs_as_an_unprivileged_user_with_hashed_requirements() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["tollgate"]
    assert lines.index("USER tollgate") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))
    assert any("--require-hashes -r /tmp/requirements.txt" in line for line in lines)
    assert "    DEBUG=0 \\" in lines


@pytest.mark.processes
@pytest.mark.parametrize("service", OURS)
@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("SECRET_KEY", "set SECRET_KEY in the environment."),
        ("ALLOWED_HOSTS", "set ALLOWED_HOSTS to the host names that people use, separated by commas."),
    ],
)
def test_compose_command_without_a_secret_or_host_stops_with_one_line(
    service: str, missing: str, sentence: str, tmp_path: Path
) -> None:
    given = {name: value for name, value in PRODUCTION.items() if name != missing}
    ended = run(service, tmp_path, **given)
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [f"Tollgate cannot start: {sentence}"]


@pytest.mark.processes
@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.xdist_group("processes")
def test_compose_commands_serve_on_postgres_and_redis(postgres_url: str, redis_url: str, tmp_path: Path) -> None:
    with production(database_url=postgres_url, broker_url=redis_url, home=tmp_path) as running:
        assert answers(f"{running.url}/healthz")
        assert len(running.workers) == 2
        assert "[ ]" not in running.manage("showmigrations", "--plan")
