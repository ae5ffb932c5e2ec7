"""Pages by key, not by number: a row that is added while someone reads never shifts or repeats another."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from audit.base.errors import InvalidInput

Row = TypeVar("Row", bound=Model)
DEFAULT, LARGEST = 50, 200


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Rows, and the cursor that leads to those after them (None at the end)."""

    items: list[Row]
    next: str | None


def page(rows: QuerySet[Row], *, cursor: str = "", limit: int = DEFAULT, by: str = "-pk") -> Slice[Row]:
    """``limit`` rows (1 to 200) after ``cursor``, in the order of the unique field ``by`` ("-pk": newest first).

    Raises:
        InvalidInput: the cursor was not made by this function.
    """
    size, falling, field = max(1, min(limit, LARGEST)), by.startswith("-"), by.removeprefix("-")
    if cursor:
        rows = rows.filter(**{f"{field}__{'lt' if falling else 'gt'}": _read(rows, field, cursor)})
    found = list(rows.order_by(by)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Slice(found[:size], _write(getattr(last, field)) if last else None)


def _write(value: Any) -> str:
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def _read(rows: QuerySet[Any], field: str, cursor: str) -> Any:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        meta = rows.model._meta
        return (meta.pk if field == "pk" else meta.get_field(field)).to_python(text)
    except (binascii.Error, UnicodeError, ValueError, TypeError, ValidationError):
        sentence = "This is not a cursor of ours."
        raise InvalidInput(sentence, where="cursor", mend="Leave it out to start at the beginning.") from None
