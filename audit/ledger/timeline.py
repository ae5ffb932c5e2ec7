"""What the ledger says of one record, newest first, for the page of that record and as far as the viewer may read."""

from dataclasses import dataclass
from urllib.parse import quote

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from audit.base.actors import Actor
from audit.ledger import finding, names, search, selectors
from audit.ledger.sentences import Sentence, sentence

SHOWN = 8
LIVES = ("model", "use-case", "team")
"""Records whose whole life is searched, and not only what names them."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a line of a timeline."""

    entry: selectors.Told
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest entries, how many there are (None: more than are counted), and the search that gives all."""

    lines: list[Line]
    total: int | None
    url: str


def of(*, viewer: Actor, subject: Model, limit: int = SHOWN) -> Timeline | None:
    """The timeline of a record; None for who may not read the ledger."""
    if not viewer.may_anywhere("ledger.read"):
        return None
    text = text_of(viewer=viewer, subject=subject)
    query = search.parse(text, zone=timezone.get_current_timezone())
    found = finding.find(viewer=viewer, query=query, limit=limit)
    entries = selectors.told(selectors.by_ids(viewer=viewer, ids=found.ids))
    lines = [Line(entry, sentence(entry)) for entry in entries]
    return Timeline(lines, found.total, url_of(viewer=viewer, subject=subject))


def url_of(*, viewer: Actor, subject: Model) -> str:
    """The address of all entries about a record."""
    return f"{reverse('ledger:ledger')}?q={quote(text_of(viewer=viewer, subject=subject))}"


def text_of(*, viewer: Actor, subject: Model) -> str:
    """The search for everything about a record: ``model:late-arrival``, ``subject:jobs.job:0190…``."""
    label = subject._meta.label_lower
    for qualifier in LIVES:
        kind = names.KINDS.get(qualifier)
        if kind and kind.label == label:
            known = names.called(qualifier, viewer, str(subject.pk))
            return f"{qualifier}:{known.value if known else subject.pk}"
    return f"subject:{label}:{subject.pk}"
