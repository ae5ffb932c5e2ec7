"""Formulas by hand; what is unknown stays unknown."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from costs.returns import domain
from costs.returns.domain import Counts, Stated

VALUES = {"tp": Decimal("3.20"), "fp": Decimal("-1.10"), "fn": Decimal(0), "prediction": Decimal("0.01")}


def test_value_classification_is_counts_times_values() -> None:
    counts = Counts(predictions=100, labelled=80, tp=10, fp=4, fn=6, tn=60)
    found = domain.parts(counts, VALUES)
    assert domain.value_of(found) == Decimal("32.00") - Decimal("4.40") + Decimal("0.80")
    assert [part.outcome for part in found or ()] == ["tp", "fp", "fn", "prediction"]


def test_value_regression_is_worth_of_estimates_minus_error() -> None:
    counts = Counts(predictions=10, labelled=5, absolute_error=62.5)
    found = domain.parts(counts, {"prediction": Decimal("0.60"), "unit_of_error": Decimal("-0.01")})
    assert domain.value_of(found) == Decimal("3.00") - Decimal("0.625")


@pytest.mark.parametrize(
    ("counts", "values"),
    [
        (Counts(predictions=10, labelled=0, tp=0, fp=0, fn=0, tn=0), VALUES),
        (Counts(predictions=10, labelled=10, absolute_error=1.0), {"tp": Decimal(1)}),
        (Counts(predictions=10, labelled=10, tp=1), {}),
    ],
)
def test_value_without_labels_or_measured_outcomes_is_unknown(counts: Counts, values: dict[str, Decimal]) -> None:
    assert domain.value_of(domain.parts(counts, values)) is None


def test_net_and_roi_by_hand() -> None:
    assert domain.net(Decimal(150), Decimal(100)) == Decimal(50)
    assert domain.roi(Decimal(150), Decimal(100)) == Decimal("0.5")
    assert (
        domain.net(None, Decimal(100)) is domain.roi(None, Decimal(100)) is domain.roi(Decimal(1), Decimal(0)) is None
    )


def test_in_force_is_the_valid_statement_that_was_recorded_last() -> None:
    def stated(number: int, since: date, until: date | None) -> Stated:
        return Stated(UUID(int=number), "USD", {}, since, until, datetime(2013, 1, number, tzinfo=UTC))

    first, second = stated(1, date(2013, 1, 1), None), stated(2, date(2013, 7, 1), date(2013, 7, 31))
    both = [second, first]
    assert domain.in_force(both, date(2012, 12, 31)) is None
    assert domain.in_force(both, date(2013, 6, 30)) == first
    assert domain.in_force(both, date(2013, 7, 31)) == second
    assert domain.in_force(both, date(2013, 8, 1)) == first


@pytest.mark.parametrize("values", [{}, {"tp": "x"}, {"win": "1"}, {"tp": 0.1}, {"tp": "NaN"}, {"tp": "Infinity"}])
def test_parse_values_that_cannot_be_used_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        domain.parse_values(values)
