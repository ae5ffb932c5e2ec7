"""What plain SQL changes is found by the next comparison and named; what services change never is."""

from typing import Any

import pytest
from django.db import connection

from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.ledger import sealing, verification
from audit.ledger.audited import AUDITED, NOT_AUDITED, values
from audit.ledger.models import Entry, Head, Incident, State
from audit.ledger.selectors import Told
from audit.monitoring import services as monitoring
from audit.people import services as people
from audit.people.models import Membership, Token, User
from audit.reconciliation import remembered, services
from audit.reconciliation.models import Comparison
from tests.support import told
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted
from tests.support.world import World

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: Any) -> None:
    """Past Tollgate."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def key(row: Any) -> Any:
    """The row's id as the table has it."""
    return row.pk.hex if connection.vendor == "sqlite" and hasattr(row.pk, "hex") else row.pk


def compare() -> Comparison:
    """One run, and all entries sealed after it."""
    done = services.compare(actor=SYSTEM)
    sealing.seal()
    return done


def found() -> list[Told]:
    """Entries about changes past Tollgate."""
    return told.entries(action="reconciliation.unattributed")


def test_nothing_is_found_where_all_went_through_services(world: World) -> None:
    done = compare()
    assert [(one.subject_type, one.subject_name, one.reason) for one in found()] == []
    assert (done.found, done.put_back, done.sealed) == (0, 0, True)
    assert done.counts["people.user"] == User.objects.count()
    assert done.counts["catalogue.modelversion"] == 2
    assert set(done.counts) == set(AUDITED)
    assert not Incident.objects.filter(kind="unattributed").exists()


def test_entries_tell_every_field_of_what_they_are_about(world: World) -> None:
    """What an entry leaves out of a record could be changed later, and nobody could tell from what."""
    sealing.seal()
    untold = {}
    for label, about in AUDITED.items():
        for row in about.model._base_manager.all():
            log = remembered.remembered(label, str(row.pk))
            if not log.whole:
                continue  # its last entry is about another record, which touched this one
            now = {name: value for name, value in values(row).items() if value not in (None, "", [], {})}
            if differing := sorted(name for name, value in now.items() if log.fields.get(name) != value):
                untold[label] = differing
    assert untold == {}


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "change"),
    [
        ("catalogue_model", "model", "threshold", 0.9, {"threshold": ["0.5", "0.9"]}),
        ("catalogue_deployment", "deployment", "environment", "shadow", {"environment": ["production", "shadow"]}),
        ("retraining_rule", "rule", "threshold", 0.1, {"threshold": ["0.6", "0.1"]}),
        ("approvals_promotionrequest", "request", "state", "approved", {"state": ["open", "approved"]}),
        ("sources_source", "source", "every_seconds", 61, {"every_seconds": [60, 61]}),
        ("monitoring_upload", "upload", "digest", "b" * 64, None),
    ],
)
def test_update_by_sql_is_found_and_named(
    world: World, table: str, row: str, column: str, value: Any, change: dict[str, list[Any]] | None
) -> None:
    subject = world.rows[row]
    sql(f"UPDATE {table} SET {column} = %s WHERE id = %s", value, key(subject))
    assert compare().found == 1
    (entry,) = found()
    assert (entry.subject_type, entry.subject_id) == (subject._meta.label_lower, str(subject.pk))
    assert entry.reason == f"No entry tells of this change: {column.replace('_', ' ')}."
    if change is None:
        change = {column: [values(subject)[column], value]}
    assert entry.changes == change
    assert entry.team == world.cast.team.pk


def test_change_is_told_once_and_a_second_one_again(world: World) -> None:
    model = world.rows["model"]
    sql("UPDATE catalogue_model SET outcome = 'x' WHERE id = %s", key(model))
    assert compare().found == 1
    assert compare().found == 0
    sql("UPDATE catalogue_model SET outcome = 'y' WHERE id = %s", key(model))
    assert compare().found == 1
    assert [entry.changes["outcome"] for entry in found()] == [
        ["lands more than 15 minutes late", "x"], ["x", "y"],
    ]  # fmt: skip
    (incident,) = Incident.objects.filter(kind="unattributed")
    assert (incident.kind, incident.halts) == ("unattributed", False)
    assert incident.sentence == "One record was changed past Tollgate; no entry says who did it."
    assert verification.compute().broken_at is None


def test_entry_stands_in_the_life_of_the_model(world: World) -> None:
    version, model = ModelVersion.objects.get(number=2), world.rows["model"]
    sql("UPDATE catalogue_modelversion SET notes = 'better' WHERE id = %s", key(version))
    compare()
    (entry,) = found()
    assert (entry.model, entry.use_case) == (model.pk, model.use_case_id)  # type: ignore[attr-defined]
    assert entry.changes == {"notes": [None, "better"]}


def test_row_added_by_sql_is_found(world: World) -> None:
    deployment = world.rows["deployment"]
    columns = [str(field.column) for field in Deployment._meta.concrete_fields]
    names = ", ".join(columns)
    other = "0" * 31 + "7"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM catalogue_deployment WHERE id = %s", [key(deployment)])
        copy = dict(zip(columns, cursor.fetchone(), strict=True))
        copy |= {"id": other, "environment": "staging"}
        cursor.execute(
            f"INSERT INTO catalogue_deployment ({names}) VALUES ({', '.join(['%s'] * len(columns))})",
            [copy[column] for column in columns],
        )
    assert compare().found == 1
    (entry,) = found()
    assert entry.subject_id == "00000000-0000-0000-0000-000000000007"
    assert entry.subject_name == "late-arrival v1 in staging"
    assert entry.reason == "It was added, and no entry tells of that."
    assert entry.changes["environment"] == [None, "staging"]
    assert "salt" not in entry.changes
    assert entry.team == world.cast.team.pk
    assert compare().found == 0


def test_row_deleted_by_sql_is_found(world: World) -> None:
    held = world.rows["membership"]
    sql("DELETE FROM people_membership WHERE id = %s", key(held))
    assert compare().found == 1
    (entry,) = found()
    assert entry.subject_id == str(held.pk)
    assert entry.subject_name == "Validator: Validator, Flight operations"
    assert entry.reason == "It was deleted, and no entry tells of that."
    assert entry.changes["role"] == ["validator", None]
    assert compare().found == 0
    assert State.objects.get(key=f"people.membership:{held.pk}").digest == ""


def test_role_that_someone_gives_themselves_by_sql_is_found(cast: Cast) -> None:
    held = Membership.objects.get(user=cast.manager)
    sql("UPDATE people_membership SET role = 'administrator' WHERE id = %s", key(held))
    assert compare().found == 1
    assert found()[0].changes == {"role": ["viewer", "administrator"]}


def test_personal_values_stay_commitments_and_passwords_stay_out(cast: Cast) -> None:
    sql("UPDATE people_user SET name = 'Mallory', password = 'x' WHERE id = %s", key(cast.owner))
    assert compare().found == 1
    (entry,) = found()
    assert entry.changes == {"name": ["Owner", "Mallory"]}
    stored = Entry.objects.get(action="reconciliation.unattributed")
    assert "Mallory" not in str(stored.changes) + stored.subject_name
    sql("UPDATE people_user SET password = 'y' WHERE id = %s", key(cast.owner))
    compare()
    assert found()[-1].changes == {}
    assert found()[-1].reason.startswith("Which field was changed cannot be told")


def test_digest_that_was_forged_with_its_record_is_doubted(world: World) -> None:
    """Who can change a record by SQL can change what the sealer keeps of it; entries they cannot."""
    model = Model.objects.get()
    sealing.seal()
    older = State.objects.get(key=f"catalogue.model:{model.pk}")
    sql("UPDATE catalogue_model SET threshold = 0.9 WHERE id = %s", key(model))
    from audit.ledger.audited import digest_of

    State.objects.filter(pk=older.pk).update(digest=digest_of(Model.objects.get()))
    assert compare().found == 1
    assert found()[0].reason.endswith("What the sealer keeps of it was changed as well.")
    assert compare().found == 0


def test_record_that_was_turned_back_to_an_older_entry_is_found(world: World) -> None:
    rule = world.rows["rule"]
    from governance.retraining import services as retraining
    from governance.retraining.models import Rule

    sealing.seal()
    older = State.objects.get(key=f"retraining.rule:{rule.pk}")
    retraining.change_rule(actor=SYSTEM, rule=Rule.objects.get(), changes={"windows": 5}, reason="Slower.")
    assert compare().found == 0
    sql("UPDATE retraining_rule SET windows = 3 WHERE id = %s", key(rule))
    State.objects.filter(pk=older.pk).update(digest=older.digest, entry=older.entry)
    assert compare().found == 1
    assert found()[0].changes == {"windows": [5, 3]}


def test_change_that_is_not_sealed_yet_is_no_finding(world: World) -> None:
    services_seal = sealing.seal
    compare()
    catalogue.register_dataset(actor=SYSTEM, team=world.cast.team, slug="late", name="Late")
    sealing.seal = lambda: (_ for _ in ()).throw(sealing.Halted("Sealing has stopped."))  # type: ignore[assignment]
    try:
        done = services.compare(actor=SYSTEM)
    finally:
        sealing.seal = services_seal
    assert (done.found, done.sealed) == (0, False)


def test_entry_that_the_sealer_lost_sight_of_is_put_back(world: World) -> None:
    sealing.seal()
    with triggers_lifted():
        lost = Entry.objects.latest("pk")
        sql("UPDATE ledger_head SET last = last + 3, gaps = '[]'")
    catalogue.register_dataset(actor=SYSTEM, team=world.cast.team, slug="late", name="Late")
    behind = Entry.objects.latest("pk")
    assert behind.pk == lost.pk + 1
    assert sealing.seal().count == 0
    assert compare().put_back == 1
    assert Entry.objects.get(pk=behind.pk).leaf.number
    assert Head.objects.get().gaps == [behind.pk + 1, behind.pk + 2] or Head.objects.get().gaps == []
    assert verification.compute().broken_at is None


def test_figure_of_a_window_is_found(world: World, version: ModelVersion) -> None:
    from datetime import UTC, datetime

    from audit.monitoring.models import Measurement

    window = monitoring.send_metric(
        actor=SYSTEM, version=version, start=datetime(2013, 3, 4, tzinfo=UTC), end=datetime(2013, 3, 11, tzinfo=UTC),
        metric="roc_auc", value=0.61, n=100,
    )  # fmt: skip
    assert compare().found == 0
    figure = Measurement.objects.get(window=window)
    sql("UPDATE monitoring_measurement SET value = 0.99 WHERE id = %s", figure.pk)
    assert compare().found == 1
    (entry,) = found()
    assert (entry.subject_type, entry.model) == ("monitoring.measurement", version.model_id)


def test_role_and_token_of_a_person_are_followed(cast: Cast) -> None:
    token, _ = people.issue_token(actor=SYSTEM, user=cast.owner, name="pipeline", scopes=["read"], days=1)
    people.grant_role(actor=SYSTEM, user=cast.manager, role=Role.OWNER, team=cast.team)
    people.revoke_role(actor=SYSTEM, membership=Membership.objects.get(user=cast.approver), reason="left")
    people.change_password(actor=SYSTEM, user=cast.owner, password="another good one 7")
    assert compare().found == 0
    people.revoke_token(actor=cast.actor("owner"), token_id=str(token.pk))
    assert compare().found == 0
    sql("UPDATE people_token SET revoked_at = NULL WHERE id = %s", key(token))
    assert compare().found == 1
    assert found()[0].changes["revoked_at"][1] is None
    assert Token.objects.get().digest not in str(found()[0].changes)


def test_who_may_not_manage_the_log_cannot_compare(cast: Cast, worker: Any) -> None:
    for name, status in (("administrator", 302), ("auditor", 403), ("owner", 403)):
        assert cast.client(name).post("/audit/reconciliation/compare/").status_code == status
    (job,) = worker.run_all()
    assert job.state == "succeeded", job.error
    assert job.counts["found"] == 0
    assert Comparison.objects.get().rows == job.counts["compared"]


def test_page_names_what_was_found_and_what_is_not_compared(world: World) -> None:
    client, outsider = world.cast.client("owner"), world.cast.client("outsider")
    assert "No comparison has run yet" in client.get("/audit/reconciliation/").content.decode()
    compare()
    assert "nothing was changed past Tollgate" in client.get("/audit/reconciliation/").content.decode()
    sql("UPDATE catalogue_model SET threshold = 0.9 WHERE id = %s", key(world.rows["model"]))
    compare()
    page = client.get("/audit/reconciliation/").content.decode()
    number = found()[0].number
    assert f'href="/audit/?entry={number}">late-arrival</a>' in page
    assert "threshold: 0.5" in page and "threshold: 0.9" in page
    assert "Model version, training data" in page
    assert "sessions.session" in page and "signing in and out are entries" in page
    assert "1 of them differs: no entry says who did that." in page
    assert "The audit log has an open incident. One record was changed past Tollgate" in page
    assert f"entry={number}" not in outsider.get("/audit/reconciliation/").content.decode()
    rows = client.get("/audit/reconciliation/?format=csv").getvalue().decode().splitlines()
    assert rows[0] == "class,compared,records,fields,why_not"
    assert len(rows) == 1 + len(AUDITED) + len(NOT_AUDITED)
    assert any(row.startswith("catalogue.model,yes,1,") for row in rows)
