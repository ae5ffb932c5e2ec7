"""Figures that differ never look the same beside each other."""

import pytest

from audit.catalogue.words import count_of, metric_words, told_apart


@pytest.mark.parametrize(
    ("metric", "value", "bound", "unit", "words"),
    [
        ("roc_auc", 0.65981, 0.66, "", ("0.6598", "0.6600")),
        ("roc_auc", 0.7, 0.66, "", ("0.700", "0.660")),
        ("roc_auc", 0.66, 0.66, "", ("0.660", "0.660")),
        ("mae", 25.98, 26.0, "minutes", ("25.98 minutes", "26.00 minutes")),
    ],
)
def test_value_and_threshold_are_told_apart(
    metric: str, value: float, bound: float, unit: str, words: tuple[str, str]
) -> None:
    assert told_apart(metric, value, bound, unit) == words


def test_metric_has_its_unit_only_where_it_is_one_of_the_estimate() -> None:
    assert metric_words("mae", 18.24, "minutes") == "Mean error 18.2 minutes"
    assert metric_words("roc_auc", 0.66, "minutes") == "ROC AUC 0.660"


def test_count_of_one_is_singular() -> None:
    assert (count_of(1, "week"), count_of(1204, "week")) == ("1 week", "1,204 weeks")
