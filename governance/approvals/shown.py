"""What approvals tell the floors below: the rail's entry, the model's first sentences, tags and timeline."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue import notes, subjects
from audit.catalogue.models import Model
from audit.people import reading
from config.ui import navigation
from governance.approvals import leaving, selectors
from governance.approvals.models import PromotionRequest, State


def register() -> None:
    """Fills the registries."""
    navigation.register(
        floor="What we decide",
        label="Decisions",
        url_name="approvals:requests",
        order=10,
        key="d",
        count=_count,
        count_words="wait for you",
        prefixes=("approvals:",),
    )
    subjects.register(PromotionRequest)
    reading.by_id(request_id=PromotionRequest)
    notes.register_notes(_notes)
    notes.register_tags(_tags)
    leaving.register()


def _count(request: HttpRequest) -> int | None:
    return len(selectors.waiting_for(request.actor)) or None


def _notes(model: Model, viewer: Actor) -> list[notes.Note]:
    rows = selectors.requests(viewer=viewer).filter(model=model, state=State.OPEN).prefetch_related(None)
    rows = rows.select_related(None).select_related("version__model", "replaces")
    return [notes.Note(f"{row.question} That waits for a decision.", _url(row)) for row in rows]


def _tags(model: Model, viewer: Actor) -> Mapping[UUID, notes.Tag]:
    rows = subjects.bare(selectors.requests(viewer=viewer).filter(model=model, state=State.OPEN)).only("version")
    return {row.version_id: notes.Tag("waiting", "Waiting for a decision", _url(row)) for row in rows}


def _url(row: PromotionRequest) -> str:
    return reverse("approvals:request", args=[row.pk])
