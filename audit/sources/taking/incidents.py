"""Incidents that follow from what a source tells: each is opened once, and its entry names what is wrong."""

from audit.catalogue.models import Model
from audit.ledger.audited import created
from audit.ledger.services import Event
from audit.sources.ledger_actions import INCIDENT_CLOSED, INCIDENT_OPENED
from audit.sources.models import Incident
from audit.sources.taking.work import Work


def open_incident(work: Work, *, kind: str, key: str, sentence: str, model: Model | None = None) -> None:
    """An open incident with this key is one incident, however often the source shows it."""
    if Incident.objects.filter(kind=kind, key=key, closed_at=None).exists():
        return
    found = Incident.objects.create(kind=kind, key=key, source=work.source, model=model, at=work.at, sentence=sentence)
    work.entry(Event(INCIDENT_OPENED, subject=found, subject_name=sentence, team=work.team.pk, changes=created(found)))


def over(work: Work, *, kind: str, key: str, reason: str) -> None:
    """The source shows that it is over."""
    found = Incident.objects.filter(kind=kind, key=key, closed_at=None).select_related("model").first()
    if found is None:
        return
    found.closed_at, found.closed_by, found.reason = work.at, work.source.name, reason
    found.save(update_fields=("closed_at", "closed_by", "reason"))
    work.entry(
        Event(
            INCIDENT_CLOSED,
            subject=found,
            reason=reason,
            team=work.team.pk,
            changes={"closed_at": (None, work.at), "closed_by": (None, found.closed_by), "reason": (None, reason)},
        )
    )
