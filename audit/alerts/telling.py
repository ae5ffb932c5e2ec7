"""Who hears of an alert: the model's owner, who follows the model, and the channels of its team; never of the past."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from audit.alerts.models import Alert, AlertSign, Following
from audit.base import clock
from audit.base.clock import WEEK
from audit.catalogue.selectors import models
from audit.notifications import kinds
from audit.notifications.services import notify
from audit.people.models import User
from audit.people.selectors import actor_of

OPENED: Final = "alerts.opened"
GROWN: Final = "alerts.grown"
NEWS: Final = timedelta(weeks=5)
"""So long after its end a week is news: labels take a while, and a year of history that is sent today is none."""
SAID: Final = 3


def register_own() -> None:
    """Adds the kinds of messages."""
    kinds.register(OPENED, "An alert opened", "Something stands out at a model that you own or follow.")
    kinds.register(GROWN, "An alert grew", "Something more stands out, for a cause that you were told of.")


def is_news(end: datetime) -> bool:
    """Whether a week that ended then is worth a message."""
    return clock.now() - end <= NEWS


def tell(alert: Alert, signs: Sequence[AlertSign], *, week: datetime, grown: bool) -> None:
    """Tells of an alert that opened, or of signs of a kind that it had not; once for each week."""
    if not signs or not is_news(week + WEEK):
        return
    more = f" And {len(signs) - SAID} more." if len(signs) > SAID else ""
    said = " ".join(sign.sentence for sign in signs[:SAID])
    notify(
        kind=GROWN if grown else OPENED,
        team=alert.model.use_case.team,
        key=f"{GROWN if grown else OPENED}:{alert.pk}:{week.date()}:{alert.cause}",
        title=f"{alert.short} at {alert.model}" + (": more signs" if grown else ""),
        text=f"In the week of {week.day} {week:%B %Y}. {alert.sentence} {said}{more}",
        link=reverse("alerts:alert", args=[alert.pk]),
        to=_audience(alert),
    )


def _audience(alert: Alert) -> list[User]:
    """The owner, and who follows the model and may still see it."""
    followers = [row.user for row in Following.objects.filter(model=alert.model).select_related("user")]
    seeing = [one for one in followers if models(viewer=actor_of(one)).filter(pk=alert.model_id).exists()]
    return ([alert.model.owner] if alert.model.owner else []) + seeing
