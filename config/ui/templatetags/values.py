"""Values in words and states in shapes, as filters and tags; part of ``{% load ui %}``. Unknown is a word."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.ui import format as say

register = template.Library()

STATES = frozenset({"ok", "watch", "bad", "unknown", "waiting", "off"})


def as_word(text: str) -> str:
    """Unknown is set apart from figures; everything else is as it is."""
    return format_html('<span class="none">{}</span>', text) if text == say.UNKNOWN else text


# --- filters: values in words ---


@register.filter
def number(value: Any, places: int = 0) -> str:
    """``{{ rows|number }}`` 1,234; ``{{ recall|number:3 }}`` 0.662."""
    return as_word(say.number(value, int(places)))


@register.filter
def signed(value: Any, places: int = 0) -> str:
    """``{{ difference|signed:3 }}`` +0.064."""
    return as_word(say.signed(value, int(places)))


@register.filter
def percent(value: Any, places: int = 0) -> str:
    """``{{ share|percent }}``: 0.964 is 96%."""
    return as_word(say.percent(value, int(places)))


@register.filter
def money(value: Any, currency: str = "USD") -> str:
    """``{{ amount|money:currency }}``, to the cent."""
    return as_word(say.money(value, currency or "USD"))


@register.filter
def whole_money(value: Any, currency: str = "USD") -> str:
    """``{{ amount|whole_money:currency }}``, to the whole unit: for ledes and key figures."""
    return as_word(say.money(value, currency or "USD", 0))


@register.filter
def duration(value: Any) -> str:
    """A timedelta or seconds: 2 hours 5 minutes."""
    return as_word(say.duration(value))


@register.filter
def when(value: datetime | None, style: str = "full") -> str:
    """A time element in the viewer's zone; styles full, short, day, seconds, time."""
    if value is None:
        return as_word(say.UNKNOWN)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), say.moment(value, style))


@register.filter
def day(value: Any) -> str:
    """A date, or the day of an instant: 15 July 2013."""
    if value is None:
        return as_word(say.UNKNOWN)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), say.day(value))


@register.filter
def ago(value: datetime | None) -> str:
    """4 days ago, with the instant itself as the title."""
    if value is None:
        return as_word(say.UNKNOWN)
    words = say.ago(value, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), say.moment(value), words)


@register.simple_tag
def interval(low: Any, high: Any, places: int = 2) -> str:
    """``{% interval low high 3 %}``: 0.610 to 0.720."""
    return as_word(say.interval(low, high, places))


@register.filter
def known(value: Any) -> Any:
    """The value, or the tag Unknown for None, empty text and NaN."""
    return tag("unknown", "Unknown") if say.is_unknown(value) else value


@register.filter
def counted(value: int | None, noun: str) -> str:
    """``{{ 3|counted:"model" }}`` 3 models; a plural of its own after a comma: "entry,entries"."""
    one, _, many = noun.partition(",")
    return say.count(value, one, many)


@register.filter
def words(value: str) -> str:
    """A code as words: "not_met" is "Not met"."""
    return str(value).replace("_", " ").capitalize()


@register.simple_tag
def moment() -> str:
    """Now, in the viewer's zone."""
    return when(timezone.now())


# --- small parts ---


@register.simple_tag(name="tag")
def tag(state: str, word: str, strong: bool = False) -> SafeString:
    """``{% tag "ok" "Healthy" %}``: shape and word. States: ok, watch, bad, unknown, waiting, off.

    Raises:
        ValueError: there is no such state.
    """
    if state not in STATES:
        raise ValueError(f"{state!r} is not a state; the states are {', '.join(sorted(STATES))}.")
    inner = format_html("<strong>{}</strong>", word) if strong else word
    return format_html('<span class="tag {}">{}</span>', state, inner)


@register.simple_tag
def mark(kind: str) -> SafeString:
    """``{% mark "person" %}`` or ``"machine"``, or a state: the shape alone, with the word beside it in the text."""
    return format_html('<span class="mark {}"></span>', kind)


@register.simple_tag
def who(kind: str, name: str) -> SafeString:
    """A ring for a person, a square for a machine, and the name."""
    shape = "person" if kind == "person" else "machine"
    return format_html(
        '<span class="tag"><span class="mark {}"></span><span class="visually-hidden">{} </span>{}</span>',
        shape,
        shape,
        name,
    )
