"""An invented ledger of millions of entries, written past the application: what many teams do in three years.

Names, words and shares are simulated with a fixed seed; the shapes are those of real entries. Common and rare values
follow Zipf's law, as words and models do.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

BEGIN = datetime(2023, 1, 2, tzinfo=UTC)
DAYS = 3 * 364
CHUNK = 50_000
PEOPLE, TEAMS, USE_CASES, MODELS, WORDS, ADDRESSES = 3_000, 60, 250, 1_200, 6_000, 10
COLUMNS = (
    "id", "at", "actor_kind", "actor_id", "actor_name", "on_behalf_of", "action", "subject_type", "subject_id",
    "subject_name", "model", "use_case", "team", "reason", "changes", "states", "address", "origin", "pruned",
)  # fmt: skip
#: action, subject's type, share, by a person, kept under a model, share with a reason
ACTIONS = (
    ("jobs.started", "jobs.job", 24.0, False, True, 0.0),
    ("monitoring.measured", "monitoring.window", 22.0, False, True, 0.0),
    ("monitoring.imported", "monitoring.upload", 14.0, False, True, 0.0),
    ("monitoring.received", "monitoring.upload", 9.0, False, True, 0.0),
    ("people.signed_in", "people.user", 10.0, True, False, 0.0),
    ("people.signed_out", "people.user", 3.0, True, False, 0.0),
    ("catalogue.version_registered", "catalogue.modelversion", 4.0, True, True, 0.3),
    ("catalogue.run_started", "catalogue.pipelinerun", 4.0, False, True, 0.2),
    ("catalogue.run_finished", "catalogue.pipelinerun", 4.0, False, True, 0.2),
    ("approvals.voted", "approvals.promotionrequest", 2.0, True, True, 1.0),
    ("approvals.asked", "approvals.promotionrequest", 1.0, True, True, 1.0),
    ("approvals.approved", "approvals.promotionrequest", 0.7, True, True, 1.0),
    ("catalogue.alias_moved", "catalogue.aliasperiod", 0.7, True, True, 1.0),
    ("jobs.failed", "jobs.job", 0.6, False, True, 1.0),
    ("ledger.refused", "", 0.4, True, False, 1.0),
    ("retraining.fired", "retraining.retraining", 0.3, False, True, 1.0),
    ("people.role_granted", "people.membership", 0.1, True, False, 0.5),
    ("billing.bill_imported", "billing.bill", 0.1, False, False, 0.0),
    ("catalogue.model_registered", "catalogue.model", 0.02, True, True, 0.5),
    ("people.token_revoked", "people.token", 0.002, True, False, 1.0),
)
SERVICES = ("schedule", "sweep", "folder-arrivals", "rule 7", "mlflow", "sealer", "cloudtrail", "github")
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "zo")
COMMON = (
    "model",
    "drift",
    "threshold",
    "week",
    "retry",
    "late",
    "file",
    "holds",
    "failed",
    "missing",
    "label",
    "review",
)


@dataclass
class World:
    """What the entries tell of, and what a search may ask for."""

    words: list[str]
    people: list[tuple[UUID, str, str, list[str]]]
    """Id, name, e-mail, addresses."""
    signs: dict[str, str] = field(default_factory=dict)
    models: list[tuple[UUID, str]] = field(default_factory=list)
    use_cases: list[UUID] = field(default_factory=list)
    teams: list[UUID] = field(default_factory=list)


def world(seed: int = 7) -> World:
    """The same one each time."""
    import numpy as np

    random = np.random.default_rng(seed)

    def ident() -> UUID:
        return UUID(bytes=random.bytes(16), version=4)

    def name(parts: int) -> str:
        return "".join(random.choice(SYLLABLES, parts)).capitalize()

    words = [*COMMON, *dict.fromkeys(name(int(n)).lower() for n in random.integers(2, 5, WORDS))]
    people = []
    for number in range(PEOPLE):
        first, last = name(2), name(3)
        addresses = [".".join(str(part) for part in random.integers(1, 255, 4)) for _ in range(ADDRESSES)]
        people.append((ident(), f"{first} {last}", f"{first}.{last}.{number}@example.org".lower(), addresses))
    found = World(words, people)
    found.models = [(ident(), f"{words[int(random.integers(20, 900))]}-{name(2).lower()}-{n}") for n in range(MODELS)]
    found.use_cases = [ident() for _ in range(USE_CASES)]
    found.teams = [ident() for _ in range(TEAMS)]
    return found


def _falling(count: int, power: float = 1.0) -> Any:
    """Shares that fall by Zipf's law."""
    import numpy as np

    shares = 1 / np.arange(1, count + 1) ** power
    return shares / shares.sum()


def rows(size: int, of: World, seed: int = 11) -> Iterator[list[tuple[Any, ...]]]:
    """``size`` entries in pieces, in the order of ``COLUMNS``; ids from 1, times rising but for small disorder.

    Once, in the middle, the clock goes back by one hour.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    step = timedelta(days=DAYS) / size
    for first in range(1, size + 1, CHUNK):
        count = min(CHUNK, size + 1 - first)
        yield list(_piece(first, count, size, step, of, random))


def _piece(first: int, count: int, size: int, step: timedelta, of: World, random: Any) -> Iterator[tuple[Any, ...]]:
    import numpy as np

    shares = np.array([action[2] for action in ACTIONS])
    actions = random.choice(len(ACTIONS), count, p=shares / shares.sum()).tolist()
    models = random.choice(MODELS, count, p=_falling(MODELS)).tolist()
    people = random.choice(PEOPLE, count, p=_falling(PEOPLE, 0.8)).tolist()
    lengths = random.integers(4, 13, count).tolist()
    words = iter(random.choice(len(of.words), 13 * count, p=_falling(len(of.words))).tolist())
    chances, jitter = random.random(count).tolist(), random.integers(0, 2_000_000, count).tolist()
    noise = random.bytes(16 * (count + 2))
    idents = iter(noise[at : at + 16] for at in range(0, len(noise), 16))
    subject = origin = ""
    for at in range(count):
        number = first + at
        code, kind, _, by_person, under_model, with_reason = ACTIONS[actions[at]]
        model, name = of.models[models[at]]
        use_case = of.use_cases[models[at] % USE_CASES]
        team = of.teams[-1] if models[at] == MODELS - 1 else of.teams[models[at] % (TEAMS - 1)]
        when = BEGIN + step * number + timedelta(microseconds=jitter[at])
        if size // 2 < number < size // 2 + size // 200:
            when -= timedelta(hours=1)
        if at % 2 == 0:
            subject = str(UUID(bytes=next(idents), version=4))
        if at % 3 == 0:
            origin = f"{'request' if by_person else 'job'} {UUID(bytes=next(idents), version=4)}"
        if by_person:
            person = of.people[people[at]]
            actor = ("person", of.signs[person[2]], of.signs[person[1]], "")
            address = of.signs[person[3][at % ADDRESSES]]
        else:
            service = SERVICES[people[at] % len(SERVICES)]
            actor, address = ("service", service, service, ""), ""
        if kind == "catalogue.model":
            about = (str(model), name)
        elif kind == "monitoring.window":
            about = (str(model), f"{name} week of {when:%Y-%m-%d}")
        elif kind == "monitoring.upload":
            about = (subject, f"{name}-{when:%Y%m%d}.csv")
        elif kind == "people.user":
            about = (str(of.people[people[at]][0]), of.signs[of.people[people[at]][1]])
        elif kind:
            about = (subject, f"{name} v{number % 40}")
        else:
            about = ("", f"POST /models/{name}/upload/")
        reason = ""
        if with_reason and chances[at] < with_reason:
            reason = " ".join(of.words[next(words)] for _ in range(lengths[at]))
        changes = f'{{"score":[{at % 7},{at % 11}],"state":["queued","{code}"]}}'
        states = f'{{"{kind}:{about[0]}":"{subject.replace("-", "") * 2}"}}' if under_model and kind else "{}"
        ids = (model, use_case, team) if under_model else (None, None, team if at % 3 else None)
        yield (number, when, *actor, code, kind, *about, *ids, reason, changes, states, address, origin, False)


def sign_all(of: World) -> list[tuple[str, str, str, str]]:
    """Gives each personal value its commitment; returns rows (person, value, salt, commitment)."""
    from audit.ledger.domain.commitments import commitment

    found = []
    for person, name, email, addresses in of.people:
        for value in (name, email, *addresses):
            salt = secrets.token_bytes(16)
            of.signs[value] = commitment(salt, value)
            found.append((str(person), value, salt.hex(), of.signs[value]))
    return found


def load(size: int) -> World:
    """Fills the empty ledger of the present database with ``size`` sealed entries, by the database's bulk way."""
    from django.db import connection

    from audit.ledger.models import Entry, Personal

    found = world()
    personal = sign_all(found)
    Personal.objects.bulk_create([Personal(person=p, value=v, salt=s, commitment=c) for p, v, s, c in personal])
    indexes = list(Entry._meta.indexes)
    fields = [str(f.column) for f in Entry._meta.local_fields if getattr(f, "db_index", False)]
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Entry, index)
        for field_ in fields:
            editor.execute(f'DROP INDEX "{_index_name(field_)}"')
    for piece in rows(size, found):
        _write("ledger_entry", COLUMNS, piece)
    with connection.cursor() as cursor:
        hashes = "randomblob(32)" if connection.vendor == "sqlite" else "decode(md5(id::text) || md5(id::text), 'hex')"
        cursor.execute(
            "INSERT INTO ledger_leaf (number, entry_id, hash, subject_at, model_at, use_case_at, team_at) "
            f"SELECT id, id, {hashes}, 1, NULL, NULL, NULL FROM ledger_entry ORDER BY id"
        )
        cursor.execute("UPDATE ledger_head SET size = %s, last = %s", [size, size])
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Entry, index)
        for field_ in fields:
            editor.execute(f"CREATE INDEX ledger_entry_{field_} ON ledger_entry ({field_})")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return found


def _index_name(column: str) -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "ledger_entry")
    return next(n for n, c in found.items() if c["index"] and c["columns"] == [column] and not c["primary_key"])


def _write(table: str, columns: tuple[str, ...], rows_: list[tuple[Any, ...]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows_:
                    copy.write_row(row)
        else:
            marks = ", ".join(["?"] * len(columns))
            plain = (
                (
                    r[0],
                    r[1].strftime("%Y-%m-%d %H:%M:%S.%f"),
                    *r[2:10],
                    *(i.hex if i else None for i in r[10:13]),
                    *r[13:],
                )
                for r in rows_
            )
            connection.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", plain)
