"""Where alerts show outside of their own pages: the rail, a model's pages, its first sentences, and its timeline."""

from django.http import HttpRequest
from django.urls import reverse

from audit.alerts import gathering, selectors
from audit.alerts.domain import life
from audit.alerts.models import Alert
from audit.alerts.services import RIGHT
from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import links, notes, subjects
from audit.catalogue.models import Model
from audit.catalogue.panels import MONITORING, OVERVIEW, Context, Panel
from audit.catalogue.panels import register as register_panel
from audit.catalogue.words import count_of
from audit.people import reading
from config.ui import navigation

SHOWN = 6
TAGS = {
    Alert.State.OPEN: "bad", Alert.State.ACKNOWLEDGED: "watch", Alert.State.EXPLAINED: "watch",
    Alert.State.CLOSED: "off",
}  # fmt: skip


def register() -> None:
    """Fills the registries."""
    navigation.register(
        floor="What happened", label="Alerts", url_name="alerts:alerts", order=22, key="w", count=_count,
        count_words="alerts are open", prefixes=("alerts:alert",),
    )  # fmt: skip
    subjects.register(Alert)
    reading.by_id(alert_id=Alert)
    notes.register_notes(_notes)
    links.register(
        links.Link("When it raises an alert", "read", lambda _, slug: reverse("alerts:policy", args=[slug]), ("model",))
    )
    register_panel(Panel(12, "alerts", "Alerts", "alerts/panel.html", _panel, parts=(OVERVIEW, MONITORING)))


def tag(alert: Alert) -> str:
    """The shape of its state."""
    return TAGS[Alert.State(alert.state)]


def _count(request: HttpRequest) -> int | None:
    if not request.actor.may_anywhere(RIGHT):
        return None
    return selectors.alerts(viewer=request.actor).filter(state=life.OPEN).count() or None


def _notes(model: Model, viewer: Actor) -> list[notes.Note]:
    rows = selectors.alerts(viewer=viewer).filter(model=model).exclude(state=life.CLOSED)
    return [
        notes.Note(
            f"{alert.short}: {alert.get_state_display().lower()} since the week of {alert.first_week:%-d %B %Y}.",
            reverse("alerts:alert", args=[alert.pk]),
        )
        for alert in rows
    ]


def _panel(model: Model, viewer: Actor, period: Period) -> Context:
    rows = list(selectors.alerts(viewer=viewer).filter(model=model)[:SHOWN])
    active = [row for row in rows if row.is_active]
    title = f"{count_of(len(active), 'alert')} stand{'s' if len(active) == 1 else ''} open" if active else ""
    return {
        "alerts": [(row, tag(row)) for row in rows],
        "title": title or "Does anything stand out?",
        "policy": gathering.policy_of(model),
        "follows": selectors.follows(viewer=viewer, model=model),
        "may_follow": viewer.kind == "person",
    }
