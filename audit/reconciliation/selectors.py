"""Reads comparisons: their counts are nobody's, and what they found is as visible as any entry."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from audit.base.actors import Actor
from audit.ledger import selectors as ledger
from audit.ledger.audited import AUDITED, NOT_AUDITED
from audit.ledger.models import Entry
from audit.reconciliation.ledger_actions import UNATTRIBUTED
from audit.reconciliation.models import Comparison

READ = "ledger.read"


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of records: its name for people, what is compared (None rows: not compared yet), or why it is not."""

    label: str
    name: str
    fields: tuple[str, ...] = ()
    rows: int | None = None
    why: str = ""


def check_reader(viewer: Actor) -> None:
    """Nothing, when the viewer reads some of the ledger.

    Raises:
        NotPermitted: they do not.
    """
    if not viewer.may_anywhere(READ):
        viewer.check(READ)


def last() -> Comparison | None:
    """The newest comparison."""
    return Comparison.objects.first()


def differences(*, viewer: Actor) -> QuerySet[Entry]:
    """Entries about changes that were made past Tollgate, newest first, as far as the viewer may see them."""
    return ledger.entries(viewer=viewer).filter(action=UNATTRIBUTED)


def kinds() -> tuple[list[Kind], list[Kind]]:
    """All classes of records, by name: those that are compared, and those that are not."""
    found = last()
    counts = found.counts if found else {}
    compared = [Kind(label, _name(about.model), about.fields, counts.get(label)) for label, about in AUDITED.items()]
    left = [Kind(label, label, why=why) for label, why in NOT_AUDITED.items()]
    return sorted(compared, key=lambda kind: kind.label), sorted(left, key=lambda kind: kind.label)


def _name(model: type[Model]) -> str:
    """As in "Model version"; of a link between two, "Model version, training data"."""
    auto: Any = model._meta.auto_created
    of = auto or model
    text = str(of._meta.verbose_name)
    behind = model._meta.label_lower.removeprefix(f"{of._meta.label_lower}_") if of is not model else ""
    return text[:1].upper() + text[1:] + (f", {behind.replace('_', ' ')}" if behind else "")
