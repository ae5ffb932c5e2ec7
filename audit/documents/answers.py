"""Which documents stood behind a model on the day that its history is asked about."""

from collections.abc import Sequence
from datetime import timedelta

from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue.answers import Asked, Line, register
from audit.catalogue.words import count_of
from audit.documents import selectors


def on_the_day(asked: Asked, viewer: Actor) -> Sequence[Line]:
    """The number of documents, dated that day or before, that stand behind the model; as known then, if so asked."""
    rows = selectors.documents(viewer=viewer)
    if asked.known is not None:
        rows = selectors.known_at(viewer=viewer, as_of=asked.known - timedelta(microseconds=1))
    else:
        rows = rows.filter(withdrawn_at=None)
    number = rows.filter(selectors.behind(asked.model), dated__lte=asked.day).count()
    words = f"{count_of(number, 'document')} dated that day or before" if number else "None dated that day or before"
    return [Line("Documents", words, f"{reverse('documents:documents')}?model={asked.model.slug}")]


def register_own() -> None:
    """Adds the line."""
    register("documents", on_the_day, order=40)
