"""Amounts are exact in every database: SQLite keeps them as text and adds them as Decimal, PostgreSQL as numeric.

SQLite has no decimal type of its own: a number in it is a binary fraction, and a sum of those misses cents.
"""

from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast

from audit.base.errors import InvalidInput

if TYPE_CHECKING:
    Field = models.Field[Any, Any]
else:
    Field = models.Field
DIGITS, PLACES = 38, 18
EXACT = Context(prec=DIGITS)
STEP = Decimal(1).scaleb(-PLACES)


def plain(amount: Decimal) -> str:
    """``amount`` as text without exponent and without zeros at its end; at most 18 decimals."""
    text = format(amount.quantize(STEP, context=EXACT), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def currency_of(said: str) -> str:
    """The code of a currency in capitals.

    Raises:
        InvalidInput: it has not the three letters of ISO 4217.
    """
    if len(said) != 3 or not said.isascii() or not said.isalpha():
        raise InvalidInput(f"“{said}” is no currency.", where="currency", mend="Use its three letters, like USD.")
    return said.upper()


class AmountField(Field):
    """A Decimal of at most 38 digits, 18 of them decimals. Filter and sort by it through ``rough``."""

    description = "An exact amount"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Text where the database has no decimals."""
        return f"numeric({DIGITS}, {PLACES})" if connection.vendor == "postgresql" else "text"

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        """The amount as it was stored."""
        return None if value is None else _shortened(value)

    def to_python(self, value: Any) -> Decimal | None:
        """The amount that ``value`` says.

        Raises:
            ValidationError: it is not a number, or a float, which is not exact.
        """
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, float):
            raise ValidationError(f"{value!r} is a float; amounts are exact.")
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise ValidationError(f"{value!r} is not a number.") from None

    def get_prep_value(self, value: Any) -> Any:
        """A Decimal, or an expression as it is."""
        value = super().get_prep_value(value)
        return value if hasattr(value, "resolve_expression") else self.to_python(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Text without exponent, or the Decimal where the database knows it."""
        value = value if prepared else self.get_prep_value(value)
        if not isinstance(value, Decimal):
            return value
        return value.quantize(STEP, context=EXACT) if connection.vendor == "postgresql" else plain(value)


def _shortened(value: Any) -> Decimal:
    return Decimal(plain(Decimal(value)))


class ExactSum(models.Aggregate):
    """The sum of an AmountField, exact; None of no rows."""

    function = "SUM"
    name = "ExactSum"
    output_field = AmountField()

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        """Adds in Python: see ``teach_sqlite``."""
        return self.as_sql(compiler, connection, function="exact_sum", **extra)


def rough(expression: str) -> Cast:
    """The amount as a float, to sort by; never to show."""
    return Cast(expression, models.FloatField())


class _Sum:
    """SQLite's side of ExactSum."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: str | None) -> None:
        """Adds one value."""
        if value is not None:
            with localcontext(EXACT):
                self.total = (self.total or Decimal(0)) + Decimal(value)

    def finalize(self) -> str | None:
        """The sum as text."""
        return None if self.total is None else plain(self.total)


def teach_sqlite(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Gives a new SQLite connection the function ``exact_sum``; receiver of ``connection_created``."""
    if connection.vendor == "sqlite":
        connection.connection.create_aggregate("exact_sum", 1, _Sum)
