"""Outcomes give what the rows give, whatever the days were cut into; segments and thresholds included."""

# mypy: disable-error-code="operator,union-attr,arg-type"
# An estimate may be None; a test that meets one fails at that line.

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.base.errors import InvalidInput
from audit.monitoring.domain import outcomes
from audit.monitoring.domain.classification import Confusion
from audit.monitoring.domain.estimate import Estimate, wilson
from audit.monitoring.domain.meaning import EXPLAINED, HIGHER_IS_BETTER
from audit.monitoring.domain.outcomes import Binary, Outcomes
from tests.audit.monitoring.domain.by_rows import classification

NONE = math.nan
ROW = st.tuples(
    st.floats(0, 1) | st.just(NONE),
    st.sampled_from([0.0, 1.0, NONE]),
    st.sampled_from([0.0, 1.0, NONE]),
    st.sampled_from(["a", "b", "c", None]),
)


def _of(rows, known=None):
    score, said, label, place = ([row[column] for row in rows] for column in range(4))
    return outcomes.binary(scores=score, predicted=said, labels=label, segments={"place": place}, known=known)


def _drawn(rows, seed=3, digits=6):
    generator = np.random.default_rng(seed)
    scores = generator.random(rows).round(digits)
    labels = (generator.random(rows) < scores).astype(float)
    labels[generator.random(rows) < 0.2] = NONE
    scores[generator.random(rows) < 0.1] = NONE
    return scores, (generator.random(rows) < 0.4).astype(float), labels


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, max_size=25), st.integers(0, 25), st.integers(0, 25), st.randoms(use_true_random=False))
def test_merging_in_any_order_and_cut_gives_the_same_outcomes(rows, one, two, random):
    whole, (first, second) = _of(rows).to_dict(), sorted((one, two))
    shuffled = random.sample(rows, len(rows))
    a, b, c = _of(shuffled[:first]), _of(shuffled[first:second]), _of(shuffled[second:])
    assert a.merged(b).merged(c).to_dict() == c.merged(b.merged(a)).to_dict() == whole
    assert Outcomes.from_dict(json.loads(json.dumps(whole))).to_dict() == whole


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.731])
def test_metrics_are_those_of_the_arrays_at_any_threshold(threshold):
    scores, said, labels = _drawn(4_000)
    found = outcomes.metrics(outcomes.binary(scores=scores, predicted=said, labels=labels), threshold=threshold)
    flagged = np.where(np.isnan(scores), said == 1, scores >= threshold)
    known, true = ~np.isnan(labels), labels == 1
    scored = known & ~np.isnan(scores)
    expected = classification(
        confusion=Confusion(
            *(
                int((known & part).sum())
                for part in (flagged & true, flagged & ~true, ~flagged & true, ~flagged & ~true)
            )
        ),
        scores=scores[scored],
        labels=labels[scored],
        flagged=int(flagged.sum()),
        predictions=4_000,
    )
    for name, one in expected.items():
        assert found[name].n == one.n
        for part in ("value", "low", "high"):
            assert getattr(found[name], part) == pytest.approx(getattr(one, part), abs=1e-12)
    assert set(found) <= set(EXPLAINED) & set(HIGHER_IS_BETTER)


def test_folded_outcomes_lie_within_the_doubts_that_they_tell():
    columns = _drawn(25_000, digits=9)
    whole = outcomes.binary(scores=columns[0], predicted=columns[1], labels=columns[2])
    exact = Binary.of(*columns, limit=30_000)
    assert not whole.whole.scores.exact
    for threshold in (0.2501, 0.50003):
        found, doubts = outcomes.metrics(whole, threshold=threshold), outcomes.doubts(whole, threshold=threshold)
        for name, one in exact.metrics(threshold).items():
            assert abs(found[name].value - one.value) <= doubts.get(name, 0.0) + 1e-12
        assert {"roc_auc", "pr_auc", "accuracy", "positive_rate"} <= set(doubts)
        assert all(error < 0.001 for error in doubts.values())
    assert set(outcomes.doubts(whole, threshold=0.25)) == {"roc_auc", "pr_auc"}
    assert exact.doubts(0.2501) == {}


def test_rows_add_up():
    rows = [
        (0.7, 0.0, 1.0, "a"),
        (NONE, 1.0, NONE, "a"),
        (NONE, 0.0, 1.0, "b"),
        (NONE, NONE, 1.0, "b"),
        (0.1, NONE, NONE, "a"),
    ]
    found = _of(rows)
    assert (found.whole.rows, found.whole.labelled, found.whole.silent) == (5, 2, 1)
    assert found.whole.confusion() == Confusion(tp=1, fp=0, fn=1, tn=0)
    assert (found.whole.flagged(), outcomes.metrics(found)["positive_rate"]) == (2, wilson(2, 4))
    assert {name: part.rows for name, part in found.segments["place"].values.items()} == {"a": 3, "b": 2}


def test_segments_are_measured_alone():
    rows = [(0.9, 1.0, 1.0, "a"), (0.8, 1.0, 0.0, "a"), (0.1, 0.0, 0.0, "b"), (0.2, 0.0, 1.0, None)]
    found = outcomes.segment_metrics(_of(rows), "place")
    assert {name: one["accuracy"].value for name, one in found.items()} == {"a": 0.5, "b": 1.0, "": 0.0}


def test_more_values_than_fifty_leave_the_same_fifty_in_any_order():
    rows = [(0.5, 1.0, 1.0, f"v{number:03}") for number in range(120)]
    whole = _of(rows)
    assert list(whole.segments["place"].values) == [f"v{number:03}" for number in range(50)]
    assert whole.segments["place"].others.rows == 70
    parts = [_of(rows[place::3]) for place in (2, 0, 1)]
    assert parts[0].merged(parts[1]).merged(parts[2]).to_dict() == whole.to_dict()
    assert parts[2].merged(parts[1].merged(parts[0])).to_dict() == whole.to_dict()


def test_known_values_are_told_apart_and_all_else_goes_to_the_others():
    rows = [(0.5, 1.0, 1.0, name) for name in ("z", "z", "a", None)]
    segment = _of(rows, known={"place": ["z", "q"]}).segments["place"]
    assert {name: part.rows for name, part in segment.values.items()} == {"z": 2}
    assert segment.others.rows == 2


def test_nothing_is_undefined():
    assert set(outcomes.metrics(_of([])).values()) == {Estimate(None, None, None, 0)}
    assert _of([]).segments["place"].others is None


def test_each_kind_has_segments_and_is_read_back():
    place = ["a", "b", "a"]
    numbers = outcomes.regression(predicted=[1.0, 2.0, 3.0], labels=[1.0, 2.5, 5.0], segments={"place": place})
    assert outcomes.segment_metrics(numbers, "place")["a"]["mae"].value == 1.0
    classes = outcomes.multiclass(predicted=["x", "y", "y"], labels=["x", "y", "x"], segments={"place": place})
    assert outcomes.segment_metrics(classes, "place")["a"]["accuracy"].value == 0.5
    for one in (numbers, classes):
        assert Outcomes.from_dict(json.loads(json.dumps(one.to_dict()))).to_dict() == one.to_dict()
        assert one.merged(one).whole.rows == 6
        assert set(outcomes.metrics(one)) <= set(EXPLAINED) & set(HIGHER_IS_BETTER)
    with pytest.raises(InvalidInput, match="different kinds"):
        numbers.merged(classes)


def test_another_format_or_kind_is_refused():
    told = _of([]).to_dict()
    with pytest.raises(InvalidInput, match="unknown format"):
        Outcomes.from_dict(told | {"format": 2})
    with pytest.raises(InvalidInput, match="kind of outcomes is unknown"):
        Outcomes.from_dict(told | {"whole": {"kind": "ranking"}})
