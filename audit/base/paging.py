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
        meta = rows.model._meta
        value = read_cursor(meta.pk if field == "pk" else meta.get_field(field), cursor)
        rows = rows.filter(**{f"{field}__{'lt' if falling else 'gt'}": value})
    found = list(rows.order_by(by)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Slice(found[:size], cursor_of(getattr(last, field)) if last else None)


def cursor_of(value: Any) -> str:
    """The cursor that leads to what comes after the row with this value."""
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def read_cursor(field: Any, cursor: str) -> Any:
    """The value of ``field`` that a cursor stands for.

    Raises:
        InvalidInput: the cursor was not made by ``cursor_of``.
    """
    try:
        return field.to_python(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (binascii.Error, UnicodeError, ValueError, TypeError, ValidationError):
        sentence = "This is not a cursor of ours."
        raise InvalidInput(sentence, where="cursor", mend="Leave it out to start at the beginning.") from None
