"""From what stands out in a week to alerts: one active alert a cause, extended by further signs, closed by calm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.alerts import ledger_actions, telling
from audit.alerts.domain import life
from audit.alerts.models import Alert, AlertPolicy, AlertSign, Weighing
from audit.alerts.signs import OF_OUTCOMES, Group, Sign
from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.ledger.audited import changed, created, values
from audit.ledger.domain.canonical import canonical, plain
from audit.ledger.services import record
from audit.monitoring.domain import causes
from audit.monitoring.inputs.days import sealed

TOLLGATE: Final = "Tollgate"
GONE: Final = "Weighed again with more rows, it does not stand out any more, or for another cause."
CALM: Final = "{count} weeks were calm."
Known = set[tuple[str, str]]


def digest_of(signs: Iterable[Sign]) -> str:
    """The SHA-256 in hex that seals a week's signs."""
    return sealed(canonical(plain(sign.told())).decode() for sign in signs)


def keep(*, actor: Actor, weighing: Weighing, groups: Sequence[Group], policy: AlertPolicy) -> list[Alert]:
    """The alerts of the week's groups, in the transaction of the caller, who holds the model.

    Signs that the week had before are replaced. Alerts that lose all of their signs are closed, or get the new cause.
    """
    model, week = weighing.model, weighing.start
    old = AlertSign.objects.filter(version__model=model, start=week)
    before = {alert.pk: alert for alert in Alert.objects.filter(model=model, signs__in=old).distinct()}
    known = {pk: set(alert.signs.values_list("what", "name")) for pk, alert in before.items()}
    old.delete()
    orphans = [one for one in before.values() if one.is_active and not one.signs.exists()]
    kept = [_keep(actor, weighing, group, policy, orphans, known) for group in groups]
    left = {alert.pk for alert in kept}
    for alert in before.values():
        if alert.pk not in left:
            _shrink(actor, alert)
    _close_calm(actor, weighing, policy)
    return kept


def _keep(
    actor: Actor, weighing: Weighing, group: Group, policy: AlertPolicy, orphans: list[Alert], known: dict[UUID, Known]
) -> Alert:
    week = weighing.start
    alert, made = _alert_for(weighing, group, policy, orphans), False
    if alert is None:
        made = True
        alert = Alert(model=weighing.model, cause=group.cause, first_week=week, last_week=week)
    was = None if made else values(alert)
    had = set() if made else known.get(alert.pk) or set(alert.signs.values_list("what", "name"))
    if alert.state == life.CLOSED and week > alert.last_week:
        alert.state = life.LIFE.after(alert.state, "reopen")
        alert.closed_by, alert.closed_at, alert.by_calm, alert.reason = "", None, False, ""
    recaused = alert.cause != group.cause
    alert.cause, alert.starts_retraining = group.cause, life.starts_retraining(group.cause)
    if week >= alert.last_week:
        alert.version, alert.sentence, alert.evidence = weighing.version, group.sentence, list(group.evidence)
    alert.first_week, alert.last_week = min(alert.first_week, week), max(alert.last_week, week)
    alert.save(force_insert=made)
    rows = AlertSign.objects.bulk_create(
        AlertSign(alert=alert, version=weighing.version, start=week, **one.told()) for one in group.signs
    )
    changes = created(alert) if was is None else changed(was, alert)
    fresh = [row for row in rows if recaused or (row.what, row.name) not in had]
    if changes or fresh:
        record(
            actor=actor, action=ledger_actions.OPENED if made else ledger_actions.GREW, subject=alert,
            team=alert.model.use_case.team_id, reason=group.sentence,
            changes=changes | {"signs": (None, [f"{one.what} {one.name}" for one in fresh])},
        )  # fmt: skip
    if made or (fresh and alert.state in {life.OPEN, life.ACKNOWLEDGED}):
        telling.tell(alert, fresh or rows, week=week, grown=not made)
    return alert


def _alert_for(weighing: Weighing, group: Group, policy: AlertPolicy, orphans: list[Alert]) -> Alert | None:
    """The alert that these signs belong to: the active one; one that this week alone had opened, for another cause; or
    one that calm weeks around this one had closed."""
    rows = Alert.objects.filter(model=weighing.model, cause=group.cause)
    active = rows.exclude(state=life.CLOSED).first()
    if active is None and group.cause in causes.CAUSES:
        active = next((one for one in orphans if one.cause in causes.CAUSES), None)
    if active is not None:
        if active in orphans:
            orphans.remove(active)
        return _with_model(active, weighing)
    reach = policy.calm_weeks * WEEK
    near = rows.filter(
        by_calm=True, first_week__lte=weighing.start + reach, last_week__gte=weighing.start - reach
    ).first()
    return _with_model(near, weighing) if near is not None else None


def _with_model(alert: Alert, weighing: Weighing) -> Alert:
    alert.model = weighing.model
    return alert


def _shrink(actor: Actor, alert: Alert) -> None:
    """Its weeks are those that it still has signs of; without any it is closed."""
    was = values(alert)
    weeks: list[datetime] = sorted(set(alert.signs.values_list("start", flat=True)))
    if weeks:
        alert.first_week, alert.last_week = weeks[0], weeks[-1]
        changes = changed(was, alert)
        if changes:
            alert.save()
            record(
                actor=actor, action=ledger_actions.GREW, subject=alert, team=alert.model.use_case.team_id, reason=GONE,
                changes=changes,
            )  # fmt: skip
    elif alert.is_active:
        _close(actor, alert, GONE)


def _close_calm(actor: Actor, weighing: Weighing, policy: AlertPolicy) -> None:
    """Closes each alert after so many weighed weeks without a sign; where labels show it, weeks with labels count."""
    model = weighing.model
    weighed = list(
        Weighing.objects.filter(model=model).values_list("start", "inputs_known", "outcomes_known").order_by("start")
    )
    for alert in Alert.objects.filter(model=model).exclude(state=life.CLOSED):
        whats = set(alert.signs.filter(start=alert.last_week).values_list("what", flat=True))
        by_labels = bool(whats & OF_OUTCOMES) or alert.cause in {causes.CONCEPT, causes.PRIOR}
        calm = sum(
            (outcomes if by_labels else inputs or alert.cause == life.SERVICE)
            for start, inputs, outcomes in weighed
            if start > alert.last_week
        )
        if calm >= policy.calm_weeks:
            _close(actor, _with_model(alert, weighing), CALM.format(count=calm))


def _close(actor: Actor, alert: Alert, reason: str) -> None:
    was = values(alert)
    alert.state = life.LIFE.after(alert.state, "close")
    alert.reason, alert.closed_by, alert.closed_at, alert.by_calm = reason, TOLLGATE, clock.now(), True
    alert.save()
    record(
        actor=actor, action=ledger_actions.CLOSED, subject=alert, team=alert.model.use_case.team_id, reason=reason,
        changes=changed(was, alert),
    )  # fmt: skip
