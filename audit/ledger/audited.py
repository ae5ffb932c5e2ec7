"""Every class of records is either audited, with the fields that entries answer for, or says why it is not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from audit.ledger.domain.canonical import plain
from audit.ledger.domain.leaves import state_of

Within = Callable[[Any], tuple[UUID | None, UUID | None]]
Changes = dict[str, tuple[Any, Any] | list[Any]]
SALT = "salt"


@dataclass(frozen=True, slots=True)
class Audited:
    """What entries answer for of a class.

    ``within`` gives the ids of the model and of the use case in whose life a record stands; ``person`` the id of the
    user of whom it tells, whose name then is the record's too. ``personal`` are those of ``fields`` that may hold who
    someone is (a name, an e-mail); ``secret`` are those that no entry shows, such as the hash of a password.
    """

    model: type[models.Model]
    fields: tuple[str, ...]
    within: Within | None = None
    person: Callable[[Any], UUID | None] | None = None
    personal: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


AUDITED: dict[str, Audited] = {}
NOT_AUDITED: dict[str, str] = {}


def audited(
    model: type[models.Model],
    *,
    fields: Sequence[str],
    within: Within | None = None,
    person: Callable[[Any], UUID | None] | None = None,
    personal: Sequence[str] = (),
    secret: Sequence[str] = (),
) -> None:
    """Every change of ``fields`` (attribute names: "team_id") is an entry; what is changed past us is found by them.

    Fields with personal values need a random ``salt`` among them: the digest must not tell what they were.

    Raises:
        ValueError: ``personal`` or ``secret`` name other fields, or personal ones have no salt beside them.
    """
    label, hidden = model._meta.label_lower, {SALT, *secret} & set(fields)
    if not {*personal, *secret} <= set(fields) or (personal and SALT not in fields):
        raise ValueError(f"{label}: personal and secret fields are audited ones, personal ones with a salt.")
    AUDITED[label] = Audited(model, tuple(fields), within, person, tuple(personal), tuple(sorted(hidden)))


def every(model: type[models.Model], *, but: Sequence[str] = ()) -> tuple[str, ...]:
    """The attribute names of all columns but the key and ``but``: a column that is added later is audited at once."""
    return tuple(
        field.attname for field in model._meta.concrete_fields if not field.primary_key and field.attname not in but
    )


def not_audited(model: type[models.Model], *, why: str) -> None:
    """Changes of these records are no entries, because of ``why``."""
    NOT_AUDITED[model._meta.label_lower] = why


def key_of(record: models.Model) -> str:
    """The name of a record in ``states``: "people.user:0190…"."""
    return f"{record._meta.label_lower}:{record.pk}"


def within(record: models.Model | None) -> tuple[UUID | None, UUID | None]:
    """The ids of the model and of the use case in whose life ``record`` stands; None where it stands in none's."""
    found = AUDITED.get(record._meta.label_lower) if record is not None else None
    return found.within(record) if found and found.within else (None, None)


def digest_of(record: models.Model) -> str:
    """The digest of the record's audited fields; empty for a class that is not audited."""
    found = AUDITED.get(record._meta.label_lower)
    if found is None:
        return ""
    return state_of({name: _stored(record, name) for name in found.fields})


def digests_of(about: Audited, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The digests of ``rows`` as read from the database, each the values of ``about.fields`` in their order."""
    columns = [(name, _reading(about.model._meta.get_field(name))) for name in about.fields]
    for row in rows:
        yield state_of({name: told(value) for (name, told), value in zip(columns, row, strict=True)})


def _reading(field: Any) -> Callable[[Any], Any]:
    """What makes a value that was just read plain: most have their form, and ``plain`` alone is three times as fast."""
    if isinstance(field, models.DecimalField | models.ForeignKey):
        return lambda value: _plain(field, value)
    return plain


def values(record: models.Model, *, personal: bool = False) -> dict[str, Any]:
    """What entries may tell of a record: its audited fields as plain values, but for secret ones.

    With ``personal`` those as well that may hold who someone is, in clear: an entry needs commitments in their place.
    """
    found = AUDITED[record._meta.label_lower]
    hidden = {*found.secret, *(() if personal else found.personal)}
    return {name: _stored(record, name) for name in found.fields if name not in hidden}


def created(record: models.Model) -> Changes:
    """The changes that make a new record: each field that is filled, from nothing to its value."""
    return {name: (None, value) for name, value in values(record).items() if value not in (None, "", [], {})}


def removed(record: models.Model) -> Changes:
    """The changes that delete a record: each field that is filled, from its value to nothing."""
    return {name: (after, None) for name, (_, after) in created(record).items()}


def changed(before: dict[str, Any], record: models.Model) -> Changes:
    """The changes since ``before`` (its ``values`` then): each field that differs, with both values."""
    return {name: (before[name], value) for name, value in values(record).items() if before[name] != value}


def _stored(record: models.Model, name: str) -> Any:
    return _plain(record._meta.get_field(name), getattr(record, name))


def _plain(field: Any, value: Any) -> Any:
    """The value as the database gives it back, whatever form it had when it was set."""
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
