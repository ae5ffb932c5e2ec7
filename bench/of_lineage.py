"""What the benchmarks of lineage run, each in a process and on a database of its own."""

import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any
from uuid import UUID

NODES, EDGES, HUB = 500_000, 1_000_000, 2_000
CHAIN, SKIPS = 24_000, 40


def _event(at: int) -> dict[str, Any]:
    """An event of the size that Airflow's provider sends: one run, two inputs, an output, schemas of 20 columns."""

    def dataset(name: str) -> dict[str, Any]:
        fields = [{"name": f"column_{column}", "type": "VARCHAR"} for column in range(20)]
        return {
            "namespace": "postgres://warehouse:5432",
            "name": name,
            "facets": {
                "schema": {"_producer": "https://example.org", "_schemaURL": "https://example.org/s", "fields": fields}
            },
        }

    return {
        "eventType": "COMPLETE",
        "eventTime": f"2026-03-03T10:{at // 60 % 60:02}:{at % 60:02}Z",
        "producer": "https://example.org/bench",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(UUID(int=at + 1)), "facets": {"sent": {"at": at}}},
        "job": {"namespace": "airflow", "name": f"task_{at % 50}"},
        "inputs": [dataset(f"raw.table_{at % 50}"), dataset(f"raw.table_{at % 37}_more")],
        "outputs": [dataset(f"mart.table_{at % 50}")],
    }


def receiving(rounds: int, events: int) -> dict[str, float]:
    """Events a second: one a request through the whole stack, a hundred a request, and plain inserts of the body."""
    from django.conf import settings
    from django.db import connection, transaction
    from django.test import Client

    from audit.base.actors import Actor, Role
    from audit.people import services as people

    settings.LINEAGE_EVENTS_A_SECOND = 10**9
    settings.ALLOWED_HOSTS = ["*"]
    actor = Actor.service("bench")
    team = people.create_team(actor=actor, slug="bench", name="Bench")
    user = people.create_user(actor=actor, email="bench@example.org", name="Bench")
    people.grant_role(actor=actor, user=user, role=Role.OWNER, team=team)
    _, token = people.issue_token(actor=actor, user=user, name="bench", scopes=["write"], days=1)
    client, numbers = Client(headers={"Authorization": f"Bearer {token}"}), count()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (id varchar(64) PRIMARY KEY, body text NOT NULL)")

    def bodies(size: int) -> list[Any]:
        return [_event(next(numbers)) for _ in range(size)]

    def insert(body: str, at: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO plain (id, body) VALUES (%s, %s)", [str(at), body])

    def post(path: str, body: str, status: int) -> None:
        answer = client.post(f"/api/v1/{path}", body, content_type="application/json")
        if answer.status_code != status:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content!r}")

    post("lineage", json.dumps(_event(next(numbers))), 201)
    one, many, plain = [], [], []
    for at in range(rounds):
        sent = [json.dumps(body) for body in bodies(events)]
        start = time.perf_counter()
        for number, body in enumerate(sent):
            insert(body, at * events + number)
        plain.append(events / (time.perf_counter() - start))
        start = time.perf_counter()
        for body in sent:
            post("lineage", body, 201)
        one.append(events / (time.perf_counter() - start))
        batches = [json.dumps(bodies(100)) for _ in range(events // 100)]
        start = time.perf_counter()
        for body in batches:
            post("lineage/batch", body, 200)
        many.append(events // 100 * 100 / (time.perf_counter() - start))
    return {"one": max(one), "many": max(many), "plain": max(plain)}


def _wide() -> Iterator[tuple[int, int]]:
    """A million edges onward among half a million nodes; the first node is the busiest."""
    chance, found = random.Random(7), {(1, 2 + target) for target in range(HUB)}
    while len(found) < EDGES:
        source = chance.randrange(1, NODES)
        found.add((source, min(NODES, source + 1 + int(chance.expovariate(1 / 2500)))))
    yield from found


def _long() -> Iterator[tuple[int, int]]:
    """Each node leads to the next 40: paths of every length lead to the same node."""
    for source in range(1, CHAIN + 1):
        for step in range(1, SKIPS + 1):
            yield source, source + step


def _fill(pairs: Iterable[tuple[int, int]], nodes: int) -> Any:
    """The team of the rows. PostgreSQL is vacuumed, as its own launcher does within minutes of so many rows."""
    from django.db import connection, transaction

    from audit.base.actors import Actor
    from audit.lineage.models import Edge, Node
    from audit.people.models import Team
    from audit.people.services import create_team

    team = create_team(actor=Actor.service("bench"), slug="bench", name="Bench")
    of = Team._meta.pk.get_db_prep_value(team.pk, connection)
    tables = (
        (Node, "id, kind, namespace, name, key", ((at, "run", "", str(at), str(at)) for at in range(1, nodes + 1))),
        (
            Edge,
            "source_id, target_id, link, team_id, since, known",
            ((source, target, 1, of, 10**15, 10**15) for source, target in pairs),
        ),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for model, names, rows in tables:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(names.split(",")))
                cursor.executemany(f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})", list(rows))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return team


def questions(graph: str, depth: int, rounds: int) -> dict[str, float]:
    """Milliseconds, at the median, of asking downstream as a member of the team, and of a search in memory."""
    from audit.base.actors import Actor, Role
    from audit.lineage import selectors
    from audit.lineage.models import Node

    pairs = list(_wide() if graph == "wide" else _long())
    random.Random(1).shuffle(pairs)
    nodes = NODES if graph == "wide" else CHAIN + SKIPS
    team = _fill(pairs, nodes)
    leads: dict[int, list[int]] = defaultdict(list)
    for source, target in pairs:
        leads[source].append(target)
    viewer = Actor("person", "a@example.org", "A", {team.pk: frozenset({Role.OWNER})})
    start_node = Node.objects.get(pk=1)
    ours, memory = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        found = selectors.downstream(viewer=viewer, start=start_node, depth=depth)
        ours.append(1000 * (time.perf_counter() - start))
        start = time.perf_counter()
        known = _in_memory(leads, 1, depth)
        memory.append(1000 * (time.perf_counter() - start))
        if found.depths != known:
            raise RuntimeError("The two searches differ.")
    return {"ours": statistics.median(ours), "memory": statistics.median(memory), "reached": len(known)}


def _in_memory(leads: dict[int, list[int]], start: int, depth: int) -> dict[int, int]:
    found, frontier = {start: 0}, [start]
    for level in range(1, depth + 1):
        following = []
        for node in frontier:
            for target in leads.get(node, ()):
                if target not in found:
                    found[target] = level
                    following.append(target)
        frontier = following
    return found
