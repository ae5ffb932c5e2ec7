"""How values are said: unknown is a word, minus is a minus, money has its currency, a time has its zone.

Plain text in and out; the template filters of ``ui`` wrap these. Instants are aware; they are shown in the zone that is
active for the request.
"""

import math
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils import timezone

UNKNOWN = "unknown"
MINUS = "\u2212"
Number = int | float | Decimal


def is_unknown(value: object) -> bool:
    """None, the empty text and NaN are unknown; zero is not."""
    if value is None or value == "":
        return True
    try:
        return isinstance(value, float | Decimal) and math.isnan(value)
    except (TypeError, ValueError):
        return False


def number(value: Number | None, places: int = 0) -> str:
    """1234567.891 with 1 place is "1,234,567.9"; None is "unknown". Halves go to even."""
    if value is None or is_unknown(value):
        return UNKNOWN
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite():
        return UNKNOWN
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return (MINUS if rounded < 0 else "") + f"{abs(rounded):,.{places}f}"


def signed(value: Number | None, places: int = 0) -> str:
    """A difference with its sign: "+0.064", "−0.026", and "0.000" without one."""
    text = number(value, places)
    if text == UNKNOWN or text.startswith(MINUS) or not any(digit in text for digit in "123456789"):
        return text
    return f"+{text}"


def percent(value: Number | None, places: int = 0) -> str:
    """A share of one as percent: 0.964 is "96%"."""
    if value is None or is_unknown(value):
        return UNKNOWN
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return f"{number(exact * 100, places)}%"


def money(value: Any, currency: str = "USD", places: int = 2) -> str:
    """An amount with its currency: "$1,234.50", "−$386.00", others by their code: "EUR 12.00".

    Takes a number, or a value with ``.amount`` and ``.currency``.
    """
    amount = getattr(value, "amount", value)
    currency = getattr(value, "currency", currency) or currency
    text = number(amount, places)
    if text == UNKNOWN:
        return text
    minus, digits = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    if currency == "USD":
        return f"{minus}${digits}"
    return f"{currency} {minus}{digits}"


def interval(low: Number | None, high: Number | None, places: int = 2, *, with_sign: bool = False) -> str:
    """As in "0.61 to 0.72"; unknown when an end is."""
    if is_unknown(low) or is_unknown(high):
        return UNKNOWN
    say = signed if with_sign else number
    return f"{say(low, places)} to {say(high, places)}"


def count(value: int | None, one: str, many: str = "") -> str:
    """As in "1 model", "4 models"; None is "unknown models"."""
    word = one if value == 1 else (many or f"{one}s")
    return f"{number(value)} {word}"


def change(now: Number | None, before: Number | None) -> str:
    """A change in words: "5% more than before", "the same as before"; unknown when either is, or before was zero."""
    if now is None or before is None or is_unknown(now) or is_unknown(before):
        return "Change unknown"
    if before == 0:
        return "Unchanged, zero" if now == 0 else "Nothing before"
    share = (Decimal(str(now)) - Decimal(str(before))) / abs(Decimal(str(before)))
    text = number(abs(share) * 100)
    if text == "0":
        return "The same as before"
    return f"{text}% {'more' if share > 0 else 'less'} than before"


UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def duration(value: timedelta | Number | None) -> str:
    """The largest one or two units: "40 seconds", "2 hours 5 minutes", "4 days"; under a second "0.3 seconds".

    Numbers are seconds.
    """
    if value is None or is_unknown(value):
        return UNKNOWN
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0:
        return f"{MINUS}{duration(-seconds)}"
    if seconds < 1:
        return "0 seconds" if seconds == 0 else f"{seconds:.1f} seconds"
    left = round(seconds)
    parts = []
    for size, name in UNITS:
        amount, left = divmod(left, size)
        if amount:
            parts.append((count(amount, name), size))
    # "4 days 3 seconds" is false precision: the second unit is the next one down, or none.
    sizes = [size for size, _ in UNITS]
    if len(parts) > 1 and sizes.index(parts[1][1]) == sizes.index(parts[0][1]) + 1:
        return f"{parts[0][0]} {parts[1][0]}"
    return parts[0][0]


def day(value: date | datetime | None, *, weekday: bool = False, year: bool = True) -> str:
    """As in "15 July 2013"; with ``weekday`` "Mon 15 July 2013"."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    text = f"{value.day} {value:%B}" + (f" {value.year}" if year else "")
    return f"{value:%a} {text}" if weekday else text


def moment(value: datetime | None, style: str = "full") -> str:
    """An instant in the active zone.

    Styles: ``full`` "Mon 15 July 2013, 09:40 EDT", ``short`` "15 July, 09:40" (with the year, if it is not this one),
    ``day`` "15 July 2013", ``seconds`` "15 July 2013, 09:40:12 EDT", ``time`` "09:40:12".
    """
    if value is None:
        return UNKNOWN
    local = timezone.localtime(value)
    if style == "day":
        return day(local)
    if style == "time":
        return f"{local:%H:%M:%S}"
    if style == "short":
        return f"{day(local, year=local.year != timezone.localtime().year)}, {local:%H:%M}"
    if style == "seconds":
        return f"{day(local)}, {local:%H:%M:%S %Z}"
    return f"{day(local, weekday=True)}, {local:%H:%M %Z}"


def ago(value: datetime | None, now: datetime) -> str:
    """How long before ``now``: "4 days ago", "just now"; later instants are "in 2 hours"."""
    if value is None:
        return UNKNOWN
    seconds = (now - value).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    size, name = next((size, name) for size, name in UNITS if abs(seconds) >= size)
    words = count(int(abs(seconds) // size), name)
    return f"{words} ago" if seconds > 0 else f"in {words}"


def short_hash(digest: str | None) -> str:
    """The first eight and the last four characters of a digest: "sha256 9f3c 41d8 … a27e"."""
    if not digest:
        return UNKNOWN
    kind, colon, value = digest.rpartition(":")
    prefix = f"{kind} " if colon else ""
    if len(value) <= 16:
        return prefix + value
    return f"{prefix}{value[:4]} {value[4:8]} … {value[-4:]}"
