"""Gaps between groups agree with fairlearn and published intervals; small groups are shown and never decide."""

# mypy: disable-error-code="operator,union-attr,arg-type"
# An estimate may be None; a test that meets one fails at that line.

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from audit.base.errors import InvalidInput
from audit.monitoring.domain import outcomes
from audit.monitoring.domain.estimate import Estimate, Z
from audit.monitoring.domain.fairness import Group, groups, measure
from tests.audit.monitoring.domain.by_rows import newcombe

EVEN = Group(predictions=1_000, flagged=300, tp=200, fp=100, fn=100, tn=600)


def _employment(shared_data, columns):
    folder = shared_data / "predictions"
    told = pq.read_table(
        folder / "employment_MA_analysis.pq", columns=["id", "prediction", "predicted_probability", *columns]
    ).to_pandas()
    truth = pq.read_table(folder / "employment_MA_analysis_target.pq").to_pandas().set_index("id")["employed"]
    reference = json.loads((folder / "parity_reference.json").read_text())["fairlearn_0.15.0_employment"]
    found = outcomes.binary(
        scores=np.full(len(told), np.nan),
        predicted=told["prediction"],
        labels=truth.loc[told["id"]],
        segments={name: told[name].astype(object) for name in columns},
    )
    return found, reference


def test_gaps_of_employment_are_fairlearns(shared_data):
    found, reference = _employment(shared_data, ["SEX", "RAC1P"])
    for column, expected in reference.items():
        gaps = measure(groups(found, column), minimum=1).metrics()
        assert gaps["demographic_parity_difference"].value == pytest.approx(expected["dpd"], abs=1e-12)
        assert gaps["demographic_parity_ratio"].value == pytest.approx(expected["dpr"], abs=1e-12)
        assert gaps["equalised_odds_difference"].value == pytest.approx(expected["eod"], abs=1e-12)
        assert min(group.predictions for group in groups(found, column).values()) == expected["smallest_group"]


def test_the_group_of_five_is_shown_and_decides_nothing(shared_data):
    found, _ = _employment(shared_data, ["RAC1P"])
    races = groups(found, "RAC1P")
    five = next(name for name, group in races.items() if group.predictions == 5)
    fair = measure(races)
    assert fair.rates[five]["selection_rate"].n == 5
    for rate in ("selection_rate", "true_positive_rate", "false_positive_rate"):
        assert five in fair.too_small[rate]
    for gap in (fair.parity, fair.odds):
        assert five not in {gap.highest, gap.lowest}
        assert gap.found.low < gap.found.value < gap.found.high
    without = measure({name: group for name, group in races.items() if name != five})
    assert (fair.parity, fair.ratio, fair.odds) == (without.parity, without.ratio, without.odds)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, p. 873, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_gives_the_published_intervals(first, second, low, high):
    assert newcombe(first, second, Z) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_two_groups_have_newcombes_interval():
    other = Group(predictions=500, flagged=100, tp=80, fp=20, fn=170, tn=230)
    fair = measure({"a": EVEN, "b": other})
    low, high = newcombe((300, 1_000), (100, 500), Z)
    assert fair.parity.found == Estimate(pytest.approx(0.1), pytest.approx(low), pytest.approx(high), 1_500)
    assert (fair.parity.highest, fair.parity.lowest) == ("a", "b")
    assert fair.ratio == Estimate(pytest.approx(0.2 / 0.3), None, None, 1_500)
    # True positive rates 200/300 and 80/250, false 100/700 and 20/250.
    assert (fair.odds.rate, fair.odds.found.value) == ("true_positive_rate", pytest.approx(2 / 3 - 0.32))
    assert fair.odds.found.n == 550


def test_a_large_group_that_is_treated_otherwise_is_found_and_a_small_one_is_not():
    hard = Group(predictions=1_000, flagged=500, tp=200, fp=300, fn=100, tn=400)
    tiny = Group(predictions=5, flagged=5, tp=1, fp=4, fn=0, tn=0)
    fair = measure({"a": EVEN, "b": EVEN, "hard": hard, "tiny": tiny})
    assert fair.parity.found.low > 0.1
    assert (fair.parity.highest, fair.odds.rate, fair.odds.highest) == ("hard", "false_positive_rate", "hard")
    alike = measure({"a": EVEN, "b": EVEN, "tiny": tiny})
    assert (alike.parity.found.value, alike.parity.found.low) == (0, 0)


def test_fewer_than_two_groups_that_decide_are_unknown():
    few = Group(predictions=99, flagged=50, tp=20, fp=30, fn=20, tn=29)
    for told in ({}, {"a": EVEN}, {"a": EVEN, "few": few}):
        fair = measure(told)
        assert {one.value for one in fair.metrics().values()} == {None}
        assert fair.parity.highest == ""
    rare = Group(predictions=1_000, flagged=300, tp=5, fp=295, fn=5, tn=695)
    fair = measure({"a": EVEN, "rare": rare})
    assert (fair.parity.found.value, fair.odds.found.value) == (0, None)
    assert fair.too_small["true_positive_rate"] == ("rare",)


def test_nobody_selected_has_no_ratio():
    none = Group(predictions=200, flagged=0, tp=0, fp=0, fn=0, tn=0)
    assert measure({"a": none, "b": none}).ratio == Estimate(None, None, None, 400)


def test_the_interval_holds_the_true_gap_when_the_extremes_are_chosen():
    generator, hits, naive = np.random.default_rng(12), 0, 0
    rates = np.array([0.30, 0.30, 0.30, 0.30, 0.30, 0.34])
    for _ in range(400):
        flagged = generator.binomial(400, rates)
        told = {
            str(number): Group(400, int(count), int(count), 0, 0, 400 - int(count))
            for number, count in enumerate(flagged)
        }
        found = measure(told).parity.found
        hits += found.low <= 0.04 <= found.high
        low, _ = newcombe((int(flagged.max()), 400), (int(flagged.min()), 400), Z)
        naive += low <= 0.04
    assert hits / 400 >= 0.95
    assert naive < hits


def test_groups_count_predictions_without_label_and_leave_out_rows_without_value():
    found = outcomes.binary(
        scores=[0.9, 0.2, 0.8, 0.7],
        predicted=[1, 0, 1, 1],
        labels=[1, 0, np.nan, 1],
        segments={"sex": ["f", "f", "f", None]},
    )
    assert groups(found, "sex") == {"f": Group(predictions=3, flagged=2, tp=1, fp=0, fn=0, tn=1)}
    assert groups(found, "sex", threshold=0.85)["f"].flagged == 1


def test_fairness_of_estimates_is_refused():
    found = outcomes.regression(predicted=[1.0], labels=[1.0], segments={"sex": ["f"]})
    with pytest.raises(InvalidInput, match="yes or no"):
        groups(found, "sex")
