"""Reads alerts, their signs and policies as the viewer may see them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Value, When

from audit.alerts.domain import life
from audit.alerts.models import Alert, AlertSign, Following
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import Model
from audit.monitoring.domain.causes import DATA_FAULT

STATES: Final = (("active", "Not closed"), *Alert.State.choices, ("all", "All"))


def alerts(*, viewer: Actor) -> QuerySet[Alert]:
    """Alerts of the viewer's models: active ones first, the worst cause first, then the newest week."""
    worst = Case(
        *(When(cause=cause, then=Value(place)) for place, cause in enumerate(life.WORST)),
        default=Value(len(life.WORST)), output_field=IntegerField(),
    )  # fmt: skip
    closed = Case(When(state=life.CLOSED, then=Value(1)), default=Value(0), output_field=IntegerField())
    rows = Alert.objects.select_related("model__use_case__team", "version", "holder")
    rows = visible(rows, viewer=viewer, team="model__use_case__team", model="model", at="last_week")
    return rows.annotate(worst=worst, is_closed=closed).order_by("is_closed", "worst", "-last_week", "-created_at")


def in_state(rows: QuerySet[Alert], state: str) -> QuerySet[Alert]:
    """Those in the state, which is one of ``STATES``; whatever else is asked, those that are not closed."""
    if state == "all":
        return rows
    return rows.filter(state=state) if state in Alert.State.values else rows.exclude(state=life.CLOSED)


def alert(*, viewer: Actor, alert_id: UUID | str) -> Alert:
    """One alert.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = alerts(viewer=viewer).filter(pk=alert_id).first()
    if found is None:
        raise NotFound("There is no such alert, or it belongs to a team that you are not in.")
    return found


def signs(*, viewer: Actor, alert: Alert) -> QuerySet[AlertSign]:
    """What stood out, newest week first."""
    within = alerts(viewer=viewer).filter(pk=alert.pk).order_by()
    return AlertSign.objects.filter(alert__in=within.values("pk")).select_related("version")


def follows(*, viewer: Actor, model: Model) -> bool:
    """Whether the viewer is told of the model's alerts by choice."""
    return viewer.user_id is not None and Following.objects.filter(model=model, user_id=viewer.user_id).exists()


def fault(*, model: Model, weeks: Iterable[datetime]) -> Alert | None:
    """The alert that says that the model's data are at fault now, or were in these weeks; None without.

    An alert that a person closed counts no more: that person's reason stands in the record.
    """
    rows = Alert.objects.filter(model=model, cause=DATA_FAULT)
    active = rows.exclude(state=life.CLOSED).first()
    if active is not None:
        return active
    return rows.filter(by_calm=True, signs__start__in=list(weeks)).distinct().first()
