"""A scope's days are whole days in UTC, the last one among them."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from audit.exports.domain.scope import Scope

MODEL = UUID(int=7)


def test_last_day_belongs_to_the_period_to_its_last_microsecond():
    scope = Scope("model", MODEL, "late-arrival", date(2013, 6, 1), date(2013, 6, 30))
    assert scope.start == datetime(2013, 6, 1, tzinfo=UTC)
    assert scope.end == datetime(2013, 7, 1, tzinfo=UTC)
    assert scope.holds(datetime(2013, 7, 1, tzinfo=UTC) - timedelta(microseconds=1))
    assert not scope.holds(datetime(2013, 7, 1, tzinfo=UTC))
    assert not scope.holds(datetime(2013, 5, 31, 23, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope("all", None, ""), "the whole organisation, of all time"),
        (Scope("use_case", MODEL, "Alert", date(2013, 6, 1)), "the use case Alert, from 1 June 2013"),
        (Scope("team", MODEL, "Flights", None, date(2013, 6, 30)), "the team Flights, until 30 June 2013"),
        (
            Scope("model", MODEL, "late", date(2013, 6, 1), date(2013, 6, 30)),
            "the model late, from 1 June 2013 to 30 June 2013",
        ),
    ],
)
def test_scope_says_whose_and_when(scope, words):
    assert scope.words == words
    assert scope.title == words[0].upper() + words[1:]


def test_chain_is_the_key_of_the_ledger_and_everything_has_none():
    assert Scope("model", MODEL, "late").chain == f"model:{MODEL}"
    assert Scope("all", None, "").chain is None
