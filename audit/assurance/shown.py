"""What every page and /readyz say while something is wrong with the log."""

from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from audit.assurance import selectors
from audit.jobs import readiness
from audit.ledger.selectors import open_incidents
from config.ui import format as say
from config.ui import notices

PATIENCE = timedelta(minutes=1)


def register() -> None:
    """Adds them."""
    notices.register(notice)
    readiness.register("ledger", ready)


def notice(request: HttpRequest) -> str | None:
    """What stands open about the log, on every page of who has signed in."""
    if not request.user.is_authenticated:
        return None
    found = list(open_incidents())
    if not found:
        return None
    worst = next((incident for incident in found if incident.halts), found[0])
    words = "Sealing of the audit log has stopped." if worst.halts else "The audit log has an open incident."
    return format_html('{} {} <a href="{}">What to do</a>', words, worst.sentence, reverse("assurance:standing"))


def ready() -> str | None:
    """What is not ready about the log; the sentence names no record."""
    found = selectors.state()
    if found.halted is not None:
        return "Sealing of the audit log has stopped; an incident is open."
    if found.waits_long(PATIENCE):
        return f"Entries have been waiting to be sealed since {say.moment(found.waiting_since, 'seconds')}."
    return None
