"""Whom monitoring tells, and of what: the owner and the team's channels, once, when something begins.

Weeks that lie back are told to nobody: a year of history that is sent today is no news.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from audit.base import clock
from audit.catalogue.models import Model
from audit.catalogue.states import State
from audit.catalogue.words import metric_words
from audit.monitoring.input_models import ColumnWeek, InputWeek
from audit.monitoring.models import ServedWeek
from audit.notifications import kinds
from audit.notifications.services import notify
from audit.people.models import User

WEEK: Final = timedelta(weeks=1)
NEWS: Final = timedelta(weeks=5)
"""So long after its end a week is news: labels take a while."""
DRIFTED: Final = "monitoring.drifted"
OUTSIDE: Final = "monitoring.outside"


def register_own() -> None:
    """Adds the kinds of messages."""
    kinds.register(DRIFTED, "Inputs drifted", "A column of a model of yours moved away from its reference.")
    kinds.register(OUTSIDE, "Outside its threshold", "A model of yours does worse than was agreed.")


def _is_news(end: datetime) -> bool:
    return clock.now() - end <= NEWS


def _owner(model: Model) -> list[User]:
    return [model.owner] if model.owner else []


def tell_of_drift(*, week: InputWeek, columns: Iterable[ColumnWeek], sentence: str) -> None:
    """Tells of columns that drifted in this week and had not in the week before."""
    if not _is_news(week.end):
        return
    before = ColumnWeek.objects.filter(
        week__reference=week.reference_id, week__version=week.version_id, week__start=week.start - WEEK, state="bad"
    )
    known = set(before.values_list("column", flat=True))
    fresh = sorted(row.column for row in columns if row.state == "bad" and row.column not in known)
    if not fresh:
        return
    version = week.version
    more = f" and {len(fresh) - 2} more" if len(fresh) > 2 else ""
    notify(
        kind=DRIFTED,
        team=version.model.use_case.team,
        key=f"{DRIFTED}:{week.reference_id}:{week.start.date()}:{','.join(fresh)}"[:200],
        title=f"{' and '.join(fresh[:2]) if not more else ', '.join(fresh[:2])}{more} drifted: {version}",
        text=f"In the week of {week.start.day} {week.start:%B %Y}. {sentence}",
        link=reverse("monitoring:inputs", args=[version.model.slug, version.number]),
        to=_owner(version.model),
    )


def tell_of_state(*, model: Model) -> None:
    """Tells that the newest week left the model outside its threshold, where the one before it had not."""
    weeks = list(ServedWeek.objects.filter(model=model).order_by("-start")[:2])
    if not weeks or weeks[0].state != State.BELOW or not _is_news(weeks[0].end):
        return
    newest = weeks[0]
    if len(weeks) > 1 and weeks[1].state == State.BELOW:
        return
    value = "" if newest.value is None else f": {metric_words(newest.metric, newest.value, model.unit)}"
    notify(
        kind=OUTSIDE,
        team=model.use_case.team,
        key=f"{OUTSIDE}:{model.pk}:{newest.start.date()}",
        title=f"{model} is outside its threshold",
        text=f"In the week of {newest.start.day} {newest.start:%B %Y}{value}, of {newest.n:,} labelled predictions.",
        link=reverse("catalogue:model", args=[model.slug]),
        to=_owner(model),
    )
