"""A day of inputs as a profile that was made where its rows are: kept, and compared, like one read from rows here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.domain.columns import Numbers
from audit.monitoring.input_models import DayProfile, Reference
from audit.monitoring.inputs import documents, referencing
from audit.monitoring.models import Kind, Partition

if TYPE_CHECKING:
    from audit.monitoring.domain.columns import Column


def reference_for(version: ModelVersion) -> Reference:
    """The reference whose edges a profile must have.

    Raises:
        Refused: there is none yet, or it is not ready.
    """
    found = referencing.current(version)
    if found is None:
        raise Refused(f"Nothing says what the inputs of {version} should look like. Send the profile of a reference.")
    if found.state != Reference.State.READY:
        words = "is being read; ask again in a minute" if found.state == Reference.State.BUILDING else "failed"
        raise Refused(f"What the inputs of {version} are compared with {words}.")
    return found


def edges_of(reference: Reference) -> dict[str, dict[str, Any]]:
    """What a profile of a day must have: each column's kind and, of numbers, its edges."""
    return {
        name: {"kind": "numbers", "edges": column.edges.tolist()}
        if isinstance(column, Numbers)
        else {"kind": "categories"}
        for name, column in documents.read(reference.path).items()
    }


@transaction.atomic
def send_day(*, actor: Actor, version: ModelVersion, day: date, columns: Mapping[str, Column]) -> DayProfile:
    """Keeps the profile of a day (UTC), which ``documents.sent`` reads.

    The same again changes nothing; another one takes its place, with an entry. One without rows takes the day back.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        InvalidInput: the day has not begun, a column is unknown or has other edges, or columns differ in their rows.
        Refused: there is no reference to compare it with, or the day's rows are here.
    """
    team = version.model.use_case.team_id
    actor.check(referencing.RIGHT, team)
    if day > clock.now().date():
        raise InvalidInput(f"{day} has not begun, in UTC.", where="day", mend="Check the clock, or the day.")
    Model.objects.select_for_update().get(pk=version.model_id)
    reference = reference_for(version)
    rows = _checked(columns, documents.read(reference.path))
    known = DayProfile.objects.filter(reference=reference, version=version, day=day).first()
    logged = Partition.objects.filter(version=version, kind=Kind.PREDICTIONS, day=day).exists()
    if logged or (known is not None and known.source == DayProfile.Source.ROWS):
        raise Refused(f"The rows of {version} of {day} are here: its profile follows from them. Leave it out.")
    stored = documents.keep(referencing.prefix_of(version), columns, edges=False)
    if known is not None and known.digest == stored.digest:
        return known
    before = (known.rows, known.digest) if known else (None, None)
    row = known or DayProfile(reference=reference, version=version, day=day)
    row.source, row.rows, row.evidence = DayProfile.Source.SENT, rows, stored.digest
    row.path, row.digest, row.computed_at = stored.path, stored.digest, clock.now()
    row.save()
    record(
        actor=actor,
        action=ledger_actions.PROFILE_SENT,
        subject=version,
        team=team,
        changes={"day": (None, day), "rows": (before[0], rows), "digest": (before[1], stored.digest)},
    )
    return row


def _checked(columns: Mapping[str, Column], base: Mapping[str, Column]) -> int:
    """How many rows the columns have."""
    import numpy as np

    first = next(iter(columns.values())).n
    for name, column in columns.items():
        place, known = f"columns.{name}", base.get(name)
        if known is None:
            raise InvalidInput("The reference has no such column.", where=place, mend="Leave it out.")
        if isinstance(column, Numbers) != isinstance(known, Numbers):
            kind = "numbers" if isinstance(known, Numbers) else "categories"
            raise InvalidInput(f"In the reference it holds {kind}.", where=f"{place}.kind")
        if isinstance(column, Numbers) and isinstance(known, Numbers) and not np.array_equal(column.edges, known.edges):
            mend = "Fetch them with GET .../reference/edges, and make the profile anew."
            raise InvalidInput("These are not the edges of the reference.", where=f"{place}.edges", mend=mend)
        if column.n != first:
            words = f"It has {column.n:,} rows, another column {first:,}: a day's columns are of the same rows."
            raise InvalidInput(words, where=f"{place}.n")
    return first


def check_rows(model: Model, arriving: Iterable[tuple[UUID, date]]) -> None:
    """Nothing, when none of these days (of versions, by id) was sent as a profile; call it where imports take turns.

    Raises:
        InvalidInput: one was: its rows would be counted beside it.
    """
    sent = DayProfile.objects.filter(
        version__model=model, source=DayProfile.Source.SENT, rows__gt=0, reference__replaced_at=None
    )
    twice = sorted(set(sent.values_list("version_id", "day")) & set(arriving), key=lambda one: (one[1], str(one[0])))
    if twice:
        days = ", ".join(f"{day}" for _, day in twice[:3])
        raise InvalidInput(
            f"Of {len(twice):,} of these days a profile was sent instead of rows ({days}).",
            where="at",
            mend="Leave their rows out; or first send their profiles again without rows (n = 0).",
        )
