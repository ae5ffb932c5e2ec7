"""Entries as people read them: in the database, who someone is stands as a commitment."""

from typing import Any

from audit.ledger.models import Entry
from audit.ledger.selectors import Told, told


def entries(**fields: Any) -> list[Told]:
    """The entries with these stored values (``action="people.signed_in"``), oldest first."""
    return told(Entry.objects.select_related("leaf").filter(**fields).order_by("pk"))


def entry(**fields: Any) -> Told:
    """The one entry with these stored values."""
    (found,) = entries(**fields)
    return found
