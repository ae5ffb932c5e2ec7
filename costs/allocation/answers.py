"""What a model cost on the day, and in the month, that its history is asked about."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue.answers import Asked, Line, register
from config.ui import format as say
from costs.allocation import selectors
from costs.billing.amounts import ExactSum


def cost(asked: Asked, viewer: Actor) -> Sequence[Line]:
    """Effective cost of the model, all its versions and stages, that day and in the calendar month of that day."""
    first = asked.day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    address = f"{reverse('allocation:spend')}?p=custom&from={first}&until={last}"
    day = _sums(asked, viewer, asked.day, asked.day)
    month = _sums(asked, viewer, first, last)
    if not month:
        return [Line("Cost", f"Unknown: no charge of {asked.day:%B} {asked.day.year} is tied to the model", address)]
    words = f"{_words(day) or 'Nothing'} that day, {_words(month)} in {asked.day:%B} {asked.day.year}"
    if selectors.simulated(viewer=viewer, since=first, until=last + timedelta(days=1), models=[asked.model]):
        words += ", from a simulated bill"
    return [Line("Cost", f"{words}; the model, all its versions", address)]


def _sums(asked: Asked, viewer: Actor, first: date, last: date) -> list[tuple[str, Decimal]]:
    rows = selectors.day_costs(viewer=viewer, at=asked.known).filter(model=asked.model, day__range=(first, last))
    found = rows.values("currency").annotate(sum=ExactSum("effective")).order_by("currency")
    return [(row["currency"], row["sum"]) for row in found]


def _words(sums: list[tuple[str, Decimal]]) -> str:
    return " and ".join(say.money(amount, currency) for currency, amount in sums)


def register_own() -> None:
    """Adds the line."""
    register("cost", cost, order=50)
