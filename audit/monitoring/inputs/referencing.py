"""What a version's inputs are compared with: chosen by a person, sent as a profile, or by default; each is an entry.

A version has one reference that counts. Another one replaces it, and every day and week is then read against it anew;
what was compared with the old one stays where it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.base.errors import InvalidInput, NotFound
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.input_models import Reference
from audit.monitoring.inputs import documents
from audit.monitoring.models import Kind, Partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audit.monitoring.domain.columns import Column

RIGHT: Final = "monitoring.write"
DEFAULT: Final = timedelta(weeks=4)
"""Without a choice, and without the rows that a version learned from, its first weeks are its reference."""
YEAR: Final = timedelta(weeks=52)


def current(version: ModelVersion) -> Reference | None:
    """The reference that counts, whatever its state."""
    return Reference.objects.filter(version=version, replaced_at=None).first()


def logged(model: Model, version: ModelVersion | None = None) -> tuple[datetime, datetime] | None:
    """The first and the end (exclusive) of the days with logged predictions (UTC); None without any."""
    rows = Partition.objects.filter(model=model, kind=Kind.PREDICTIONS)
    if version is not None:
        rows = rows.filter(version=version)
    first = rows.order_by("day").values_list("day", flat=True).first()
    last = rows.order_by("-day").values_list("day", flat=True).first()
    if first is None or last is None:
        return None
    return start_of(first), start_of(last + timedelta(days=1))


def default_of(version: ModelVersion) -> tuple[str, datetime, datetime] | None:
    """The kind and the bounds that a version without a choice gets; None while its log is too short.

    The time that it learned from where the model's log holds all of it, else the first four weeks of its own log.
    """
    known = logged(version.model)
    since, until = version.data_from, version.data_until
    if known and since and until and known[0] <= since < until <= known[1]:
        return Reference.Kind.TRAINING, since, until
    own = logged(version.model, version)
    if own and own[1] - own[0] >= DEFAULT:
        return Reference.Kind.PERIOD, own[0], own[0] + DEFAULT
    return None


@transaction.atomic
def settle_default(*, actor: Actor, version: ModelVersion) -> Reference | None:
    """The reference of a version of which nobody has chosen one: made when its log is long enough, None until then."""
    Model.objects.select_for_update().get(pk=version.model_id)
    found = current(version)
    if found is not None:
        return found
    chosen = default_of(version)
    if chosen is None:
        return None
    kind, since, until = chosen
    return _make(actor, Reference(version=version, kind=kind, since=since, until=until, by_default=True), None, "")


@transaction.atomic
def choose_reference(
    *,
    actor: Actor,
    version: ModelVersion,
    kind: str,
    since: datetime | None = None,
    until: datetime | None = None,
    reason: str = "",
) -> Reference:
    """The version is compared with this from now on; the same choice again gives the one that counts already.

    Under ``training`` the bounds are the version's own. ``since`` and ``until`` are aware, 00:00 UTC.

    Raises:
        NotPermitted: the actor may not write for the model's team.
        InvalidInput: the kind is unknown, the bounds are missing or hold no logged day, or what it learned from is not
            known.
    """
    actor.check(RIGHT, version.model.use_case.team_id)
    Model.objects.select_for_update().get(pk=version.model_id)
    if kind == Reference.Kind.TRAINING:
        since, until = version.data_from, version.data_until
    since, until = _checked(version, kind, since, until)
    before = current(version)
    same = before is not None and (before.kind, before.since, before.until) == (kind, since, until)
    if before is not None and same and before.state != Reference.State.FAILED:
        return before
    return _make(actor, Reference(version=version, kind=kind, since=since, until=until), before, reason)


def _checked(
    version: ModelVersion, kind: str, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    if kind not in {Reference.Kind.TRAINING, Reference.Kind.PERIOD, Reference.Kind.SEASON}:
        raise InvalidInput(f"{kind!r} is no kind of reference.", where="kind", mend="Use training, period or season.")
    if since is None or until is None:
        if kind == Reference.Kind.TRAINING:
            words = f"Which time {version} learned from is not known."
            raise InvalidInput(words, where="kind", mend="Choose a period, or send the profile of its training data.")
        raise InvalidInput("The first or the last day is missing.", where="since", mend="Choose both.")
    if since >= until:
        raise InvalidInput("The period ends before it starts.", where="until", mend="Swap the two days.")
    rows = Partition.objects.filter(
        model=version.model_id, kind=Kind.PREDICTIONS, day__gte=since.date(), day__lt=until.date()
    )
    if not rows.exists():
        words = f"No prediction of {version.model} is logged in this time."
        mend = "Choose days with predictions, or send a profile of those data."
        raise InvalidInput(words, where="since", mend=mend)
    return since, until


@transaction.atomic
def send_reference(
    *, actor: Actor, version: ModelVersion, columns: Mapping[str, Column], reason: str = ""
) -> Reference:
    """The version is compared with this profile, worked out where its data are (``documents.sent`` reads it).

    Raises:
        NotPermitted: the actor may not write for the model's team.
        InvalidInput: it has none of the model's features.
    """
    actor.check(RIGHT, version.model.use_case.team_id)
    if not set(columns) & set(version.model.features):
        named = ", ".join(list(version.model.inputs)[:8])
        raise InvalidInput(f"It has no feature of {version.model}.", where="columns", mend=f"Features are {named}.")
    Model.objects.select_for_update().get(pk=version.model_id)
    stored = documents.keep(prefix_of(version), columns, edges=True)
    before = current(version)
    if before and before.kind == Reference.Kind.SENT and before.digest == stored.digest:
        return before
    row = Reference(
        version=version, kind=Reference.Kind.SENT, state=Reference.State.READY, path=stored.path, digest=stored.digest,
        rows=max(column.n for column in columns.values()),
    )  # fmt: skip
    return _make(actor, row, before, reason)


def _make(actor: Actor, row: Reference, before: Reference | None, reason: str) -> Reference:
    row.chosen_by = actor.name
    touched = []
    if before is not None:
        before.replaced_at = clock.now()
        before.save(update_fields=("replaced_at",))
        touched.append(before)
    row.save(force_insert=True)
    record(
        actor=actor,
        action=ledger_actions.REFERENCE_CHOSEN,
        subject=row,
        subject_name=str(row.version),
        team=row.version.model.use_case.team_id,
        reason=reason,
        changes=created(row) | {"reference": (str(before) if before else None, str(row))},
        also=touched,
    )
    return row


@transaction.atomic
def finish(*, actor: Actor, reference: Reference, columns: Mapping[str, Column] | None, error: str = "") -> Reference:
    """The reference has its profile, or says why it cannot have one. Done twice it takes effect once."""
    locked = (
        Reference.objects.select_for_update(of=("self",))
        .select_related("version__model__use_case")
        .get(pk=reference.pk)
    )
    if locked.state == Reference.State.READY:
        return locked
    before = values(locked)
    if columns is None:
        locked.state, locked.error = Reference.State.FAILED, error
    else:
        stored = documents.keep(prefix_of(locked.version), columns, edges=True)
        locked.state, locked.error = Reference.State.READY, ""
        locked.path, locked.digest = stored.path, stored.digest
        locked.rows = max((column.n for column in columns.values()), default=0)
    changes = changed(before, locked)
    if changes:
        locked.save(update_fields=("state", "error", "path", "digest", "rows"))
        record(
            actor=actor,
            action=ledger_actions.REFERENCE_READ,
            subject=locked,
            subject_name=str(locked.version),
            team=locked.version.model.use_case.team_id,
            reason=error,
            changes=changes,
        )
    return locked


def for_job(pk: str) -> Reference:
    """The reference with its model; a job's arguments name it.

    Raises:
        NotFound: there is none.
    """
    found = Reference.objects.select_related("version__model__use_case__team").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such reference.")
    return found


def prefix_of(version: ModelVersion) -> str:
    """Where profiles of the version lie in the lake."""
    return f"profiles/{version.model.slug}"
