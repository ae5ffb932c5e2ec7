"""The filled demo, with all that jobs, rules and people wrote: erased people are found nowhere in its database."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support.filled import ROOT, Filled, environment

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.xdist_group("filled")]
SCRIPT = """
import json
from audit.base.actors import Actor, Role
from audit.catalogue.handing_over import hand_over_model
from audit.ledger import personal, selectors, verification
from audit.ledger.audited import AUDITED, digest_of, key_of
from audit.ledger.models import Entry, State
from audit.ledger.sealing import seal
from audit.people import services as people
from audit.people.models import Team, User
from audit.people.selectors import actor_of
from audit.retention import services
from governance.approvals.models import PromotionRequest
from governance.approvals.services import withdraw
from tests.support import raw

me, seen = Actor.service("test"), {}
successor = people.create_user(actor=me, email="successor@example.org", name="Successor To All")
people.grant_role(actor=me, user=successor, role=Role.OWNER, team=Team.objects.get())
people.grant_role(actor=me, user=successor, role=Role.ADMINISTRATOR, team=None)
for user in User.objects.exclude(pk=successor.pk):
    seen[user.email] = user.name
    actor = actor_of(user)
    for request in PromotionRequest.objects.filter(state="open", on_behalf_of=user):
        withdraw(actor=actor, request=request, reason="It can wait.")
    for model in user.owned_models.all():
        hand_over_model(actor=me, model=model, owner=successor, reason="The owner leaves.")
seal()
before = {text: len(raw.places(text)) for pair in seen.items() for text in pair}
for email in seen:
    services.erase_person(actor=me, user=User.objects.get(email=email), reason="asked for")
seal()
places = {text: {place: values[:2] for place, values in raw.places(text).items()}
          for pair in seen.items() for text in (*pair, json.dumps(pair[1])[1:-1])}
states = dict(State.objects.values_list("key", "digest"))
moved = [key_of(row) for about in AUDITED.values() for row in about.model._base_manager.all()
         if key_of(row) in states and states[key_of(row)] != digest_of(row)]
told = selectors.told(Entry.objects.filter(actor_kind="token"))
print("FOUND" + json.dumps({
    "before": before, "places": {text: found for text, found in places.items() if found}, "moved": moved[:20],
    "verified": verification.compute().sentence, "broken": verification.compute().broken_at,
    "emptied": [list(row) for row in Entry.objects.filter(pruned=True).values_list("action", "pk")],
    "tokens told of": sorted({one.actor_name for one in told}),
}, default=str))
"""

COPY = """
import os
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, connections
from config import env
connections.settings["source"] = connections.configure_settings(
    {"default": {}, "source": env.database("sqlite:///" + os.environ["TOLLGATE_SOURCE"])}
)["source"]
kinds = [kind for kind in apps.get_models(include_auto_created=True) if kind._meta.managed]
with connection.cursor() as cursor:
    cursor.execute("SET session_replication_role = replica")
    for kind in kinds:
        cursor.execute(f'DELETE FROM "{kind._meta.db_table}"')
    for kind in kinds:
        rows = kind._base_manager.using("source").all()
        kind._base_manager.using("default").bulk_create(rows, batch_size=500)
    for statement in connection.ops.sequence_reset_sql(no_style(), kinds):
        cursor.execute(statement)
"""


def run(home: Path, script: str, **more: str) -> str:
    """What the script printed, run in this home."""
    argv = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    done = subprocess.run(argv, cwd=ROOT, env=environment(home, **more), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def erase_all(home: Path, **more: str) -> dict[str, Any]:
    """Erases everyone of the demo in this home; what was found before and after."""
    said = run(home, SCRIPT, **more)
    found: dict[str, Any] = json.loads(said[said.index("FOUND") + len("FOUND") :])
    return found


def copied(home: Path, to: Path) -> Path:
    """The same database and signing key in another home: what happens there happens to nobody else."""
    to.mkdir()
    source, target = (sqlite3.connect(place / "tollgate.sqlite3") for place in (home, to))
    with source, target:
        source.backup(target)
    for one in (source, target):
        one.close()
    for key in home.glob("*.key"):
        (to / key.name).write_bytes(key.read_bytes())
        (to / key.name).chmod(0o600)
    return to


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The DATABASE_URL of an empty database of its own on that server."""
    import psycopg

    name, parts = "erasure_in_the_demo", urlsplit(server)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(parts._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def expect_nothing_left(found: dict[str, Any]) -> None:
    assert len(found["before"]) == 12
    assert all(found["before"].values()), found["before"]
    assert found["places"] == {}
    assert found["moved"] == []
    assert found["broken"] is None, found["verified"]
    assert found["tokens told of"]
    assert all(name.startswith("erased person ") for name in found["tokens told of"])


def test_erased_people_are_nowhere_in_the_demo_on_sqlite(filled: Filled, tmp_path: Path) -> None:
    expect_nothing_left(erase_all(copied(filled.home, tmp_path / "home")))


def test_erased_people_are_nowhere_in_the_demo_on_postgresql(filled: Filled, postgres_url: str, tmp_path: Path) -> None:
    home = copied(filled.home, tmp_path / "home")
    with fresh_database(postgres_url) as url:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment(home, DATABASE_URL=url), check=True)
        run(home, COPY, DATABASE_URL=url, TOLLGATE_SOURCE=os.fspath(home / "tollgate.sqlite3"))
        expect_nothing_left(erase_all(home, DATABASE_URL=url))
