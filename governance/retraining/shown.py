"""What retraining tells the floors below: thresholds, the rail's entry, and what the model page shows."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue import notes, panels, states, subjects
from audit.catalogue.models import Model
from audit.people import reading
from config.ui import navigation
from governance.retraining import selectors
from governance.retraining.models import Retraining, Review, Rule, State
from governance.retraining.services import REVIEW

RUNS_SHOWN = 6


def register() -> None:
    """Fills the registries."""
    navigation.register(
        floor="What we decide",
        label="Retraining",
        url_name="retraining:overview",
        order=20,
        key="n",
        count=_count,
        count_words="reviews wait for you",
        prefixes=("retraining:",),
    )
    states.register_thresholds(selectors.thresholds)
    subjects.register(Rule, Retraining, Review)
    reading.by_id(retraining_id=Retraining, rule_id=Rule, review_id=Review)
    notes.register_notes(_notes)
    panels.register(panels.Panel(60, "retraining", "Retraining", "retraining/panel.html", _panel))


def _count(request: HttpRequest) -> int | None:
    viewer = request.actor
    if not viewer.may_anywhere(REVIEW):
        return None
    teams = viewer.teams(REVIEW)
    rows = selectors.open_reviews(viewer=viewer)
    return (rows if teams is None else rows.filter(model__use_case__team__in=teams)).count() or None


def _notes(model: Model, viewer: Actor) -> list[notes.Note]:
    sentence = "Retraining did not make it better, and a review is open."
    found = [
        notes.Note(sentence, reverse("retraining:review", args=[row.pk]))
        for row in subjects.bare(selectors.open_reviews(viewer=viewer).filter(model=model))
    ]
    runs = subjects.bare(selectors.retrainings(viewer=viewer, model=model))
    under_way = runs.filter(state__in=(State.QUEUED, State.RUNNING, State.WAITING))
    for row in under_way.select_related("candidate").only("state", "candidate__number"):
        words = "It is being retrained."
        if row.state == State.WAITING and row.candidate is not None:
            words = f"v{row.candidate.number} was trained, and is compared when later weeks are labelled."
        found.append(notes.Note(words, reverse("retraining:run", args=[row.pk])))
    return found


def _panel(model: Model, viewer: Actor, period: Period) -> dict[str, Any]:
    from governance.retraining.views import tag, verdict_tag

    rules = list(selectors.rules(viewer=viewer).filter(model=model))
    last = selectors.last_evaluations(viewer=viewer, rules=rules)
    runs = list(selectors.retrainings(viewer=viewer, model=model)[:RUNS_SHOWN]) if rules else []
    return {
        "rules": [
            {
                "row": row,
                "words": row.condition().words(),
                "last": last.get(row.pk),
                "tag": verdict_tag(last.get(row.pk)),
            }
            for row in rules
        ],
        "runs": [{"row": row, "tag": tag(row)} for row in runs],
    }
