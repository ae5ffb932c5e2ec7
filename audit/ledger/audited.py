"""Every class of records is either audited, with the fields that entries answer for, or says why it is not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from audit.ledger.domain.canonical import plain
from audit.ledger.domain.leaves import state_of

Within = Callable[[Any], tuple[UUID | None, UUID | None]]


@dataclass(frozen=True, slots=True)
class Audited:
    """What entries answer for of a class.

    ``within`` gives the ids of the model and of the use case in whose life a record stands; ``person`` the id of the
    user of whom it tells.
    """

    model: type[models.Model]
    fields: tuple[str, ...]
    within: Within | None = None
    person: Callable[[Any], UUID | None] | None = None


AUDITED: dict[str, Audited] = {}
NOT_AUDITED: dict[str, str] = {}


def audited(
    model: type[models.Model],
    *,
    fields: Sequence[str],
    within: Within | None = None,
    person: Callable[[Any], UUID | None] | None = None,
) -> None:
    """Every change of ``fields`` (attribute names: "team_id") is an entry; what is changed past us is found by them.

    Fields with personal values need a random ``salt`` among them: the digest must not tell what they were.
    """
    AUDITED[model._meta.label_lower] = Audited(model, tuple(fields), within, person)


def not_audited(model: type[models.Model], *, why: str) -> None:
    """Changes of these records are no entries, because of ``why``."""
    NOT_AUDITED[model._meta.label_lower] = why


def key_of(record: models.Model) -> str:
    """The name of a record in ``states``: "people.user:0190…"."""
    return f"{record._meta.label_lower}:{record.pk}"


def digest_of(record: models.Model) -> str:
    """The digest of the record's audited fields; empty for a class that is not audited."""
    found = AUDITED.get(record._meta.label_lower)
    if found is None:
        return ""
    return state_of({name: _stored(record, name) for name in found.fields})


def _stored(record: models.Model, name: str) -> Any:
    """The value as the database gives it back, whatever form it had when it was set."""
    value = getattr(record, name)
    field = record._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    if value is None or isinstance(field, models.JSONField):
        return plain(value)
    if isinstance(field, models.DecimalField):
        value = field.to_python(value).quantize(Decimal(1).scaleb(-field.decimal_places))
    elif isinstance(field, models.FloatField):
        value = float(value)
    elif isinstance(field, models.ForeignKey):
        value = str(value)
    else:
        value = field.to_python(value)
    return plain(value)
