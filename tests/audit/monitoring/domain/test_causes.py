"""One cause for each window, by what moved and what did not; a data fault wins and starts no retraining."""

import numpy as np
import pytest
from scipy import stats

from audit.base.errors import InvalidInput
from audit.monitoring.domain.budget import Candidate, decide
from audit.monitoring.domain.causes import (
    Band,
    Facts,
    Movement,
    cause_of,
    evidence,
    given_scores,
    inputs_moved,
    of_columns,
    of_parts,
    rates,
)
from audit.monitoring.domain.drift import Drift
from audit.monitoring.domain.estimate import Estimate
from audit.monitoring.domain.quality import Finding

FAULT = Finding("nulls", "age", "broken", 0.4, 0.07, 1000, "400 of 1,000 rows (40.00%) are null; 7% allowed.", True)
NEW = Finding("unseen", "kind", "broken", 0.4, 0.01, 1000, "400 rows have a category that the reference has not.")
FINE = Finding("range", "age", "ok", 0.0, 0.01, 1000, "All are inside.")
YES, NO, OPEN = (Movement("it", moved) for moved in (True, False, None))
APART, ALIKE = Estimate(0.8, 0.78, 0.82, 4000), Estimate(0.5, 0.48, 0.52, 4000)


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ({}, "unknown"),
        ({"columns": [OPEN], "labels": YES}, "unknown"),
        # Inputs as they were.
        ({"columns": [NO]}, "unknown"),
        ({"columns": [NO], "labels": NO, "errors": NO, "given_scores": NO}, "unknown"),
        ({"columns": [NO], "errors": YES}, "concept_shift"),
        ({"columns": [NO], "given_scores": YES, "labels": NO}, "concept_shift"),
        ({"columns": [NO], "labels": YES, "within_labels": YES}, "concept_shift"),
        ({"columns": [NO], "labels": YES, "within_labels": NO}, "prior_shift"),
        ({"columns": [NO], "classifier": ALIKE, "prediction": YES}, "unknown"),
        # Inputs moved: a column, a classifier, or predictions where no classifier says otherwise.
        ({"columns": [NO, YES]}, "covariate_shift"),
        ({"columns": [NO], "classifier": APART}, "covariate_shift"),
        ({"columns": [NO], "prediction": YES}, "covariate_shift"),
        ({"columns": [YES], "given_scores": NO, "errors": YES, "labels": YES, "within_labels": YES}, "covariate_shift"),
        ({"columns": [YES], "errors": NO}, "covariate_shift"),
        ({"columns": [YES], "errors": YES}, "unknown"),
        ({"columns": [YES], "given_scores": YES, "labels": YES, "within_labels": NO}, "prior_shift"),
        ({"columns": [YES], "labels": YES, "within_labels": NO}, "prior_shift"),
        ({"columns": [YES], "given_scores": NO, "labels": YES, "within_labels": NO}, "unknown"),
        ({"columns": [YES], "given_scores": YES, "labels": YES, "within_labels": YES}, "concept_shift"),
        ({"columns": [YES], "given_scores": YES, "labels": NO}, "concept_shift"),
        ({"columns": [YES], "given_scores": YES, "labels": YES}, "unknown"),
    ],
)
def test_cause_follows_from_what_moved_and_what_did_not(facts, cause):
    found = cause_of(Facts(**facts))
    assert found.cause == cause
    assert found.starts_retraining
    # A data fault wins over all of it; what is no fault by itself changes nothing.
    faulty = cause_of(Facts(quality=[NEW, FAULT, FINE], **facts))
    assert (faulty.cause, faulty.starts_retraining) == ("data_fault", False)
    assert faulty.evidence == (FAULT.sentence, NEW.sentence)
    assert cause_of(Facts(quality=[NEW, FINE], **facts)).cause == cause


@pytest.mark.parametrize(
    ("distance", "given", "cause"),
    [
        (0.14, NO, "unknown"),
        (0.16, NO, "covariate_shift"),  # the labels moved by 0.10, and can carry no column further
        (0.14, YES, "prior_shift"),
        (0.16, YES, "concept_shift"),
        (0.16, None, "covariate_shift"),
    ],
)
def test_inputs_that_moved_further_than_the_labels_are_no_prior_shift(distance, given, cause):
    labels = rates("labels", (300, 1000), (400, 1000))
    column = Movement("age", True, 0.3, 1e-9, "psi/credit", None, distance)
    facts = Facts(columns=[column], labels=labels, within_labels=NO, given_scores=given)
    assert cause_of(facts).cause == cause


def test_cause_says_its_grounds_in_words():
    found = cause_of(
        Facts(
            quality=[NEW, FINE],
            columns=[
                Movement("age", True, 0.3, 1e-9, "psi/credit", 0.1),
                Movement("fare", True, 0.2, 1e-9, "psi/credit", 0.6),
                Movement("size", False, 0.01, 0.4, "psi/credit", 0.3),
            ],
            prediction=Movement("prediction", True, 0.25, 1e-9, "psi/credit"),
            given_scores=Movement("outcomes at the same score", False, 0.004, 0.6, "chi2/bands"),
            labels=OPEN,
            classifier=APART,
        )
    )
    assert found.sentence == (
        "The inputs changed, and what they mean did not: the inputs moved, and rows of the same score have the "
        "outcomes that they had."
    )
    assert found.evidence == (
        "fare (psi/credit 0.2, importance 0.60) moved.",
        "age (psi/credit 0.3, importance 0.10) moved.",
        "A classifier tells the window's inputs from the reference's (AUC 0.80).",
        "prediction (psi/credit 0.25) moved.",
        "outcomes at the same score (chi2/bands 0.004) did not move.",
        NEW.sentence,
    )
    assert evidence(Facts(columns=[NO, NO, OPEN])) == ("None of 2 columns moved.",)


def test_inputs_are_not_known_without_a_tested_column():
    assert inputs_moved(Facts()) is None
    assert inputs_moved(Facts(columns=[OPEN])) is None
    assert inputs_moved(Facts(columns=[OPEN, NO])) is False


def test_columns_moved_where_the_budget_raised_an_alarm():
    tests = [Candidate("age", 1e-9, 0.3), Candidate("fare", 1e-9, 0.01), Candidate("note", None, 0.3)]
    spent = decide(tests, remaining=0.05, windows_left=1)
    assert of_columns(spent, variant="psi/credit", importance={"age": 0.7}, distances={"fare": 0.1}) == [
        Movement("age", True, 0.3, 1e-9, "psi/credit", 0.7),
        Movement("fare", False, 0.01, 1e-9, "psi/credit", None, 0.1),
        Movement("note", None, 0.3, None, "psi/credit"),
    ]


def test_parts_share_the_level_and_the_surest_decides():
    def drift(value, p):
        return Drift("ks", value, p, 100, 100, 0.0)

    assert of_parts("score", [drift(0.2, 0.004), drift(0.5, 0.3)]) == Movement("score", True, 0.2, 0.008, "ks")
    assert of_parts("score", [drift(0.2, 0.006), drift(0.5, 0.3)]).moved is False
    # Sure but tiny: it does not hide the other part.
    assert of_parts("score", [drift(0.01, 1e-9), drift(0.2, 0.004)]) == Movement("score", True, 0.2, 0.008, "ks")
    assert of_parts("score", [drift(None, None)]).moved is None


def test_rates_are_tested_as_two_proportions():
    found = rates("labels", (300, 1000), (400, 1000))
    z = 0.1 / np.sqrt(0.35 * 0.65 * 2 / 1000)
    assert found.p == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)
    assert (found.moved, found.effect) == (True, pytest.approx(0.1))
    assert rates("labels", (30, 100), (40, 100)).moved is False
    assert rates("labels", (300_000, 1_000_000), (310_000, 1_000_000)).moved is False  # sure, and 0.01 only
    assert rates("labels", (0, 0), (1, 10)).moved is None
    assert rates("labels", (0, 10), (0, 10)) == Movement("labels", False, 0.0, 1.0, "difference of shares")


def test_outcomes_at_the_same_score_by_hand():
    # Means 0 and 0.3 of 100 rows each, squares 25 and 34: variance v = 59/200 - 0.15**2, z squared 0.09 / (v / 50).
    found = given_scores([Band(100, 0.0, 25.0), Band(19, 9.0, 9.0)], [Band(100, 30.0, 34.0), Band(500, 0.0, 9.0)])
    assert found.effect == pytest.approx(0.3)
    assert found.p == pytest.approx(stats.chi2.sf(0.09 / ((59 / 200 - 0.0225) / 50), 1))
    assert found.moved
    assert given_scores([Band(19, 9.0, 9.0)], [Band(100, 0.0, 1.0)]).moved is None
    assert given_scores([Band(50, 0.0, 0.0)], [Band(50, 0.0, 0.0)]).moved is False
    with pytest.raises(InvalidInput):
        given_scores([Band(1, 0.0, 0.0)], [])


def test_outcomes_at_the_same_score_keep_their_level():
    moved = 0
    for seed in range(400):
        generator = np.random.default_rng(seed)
        sides = []
        for n in (1000, 400):
            score = generator.random(n)
            missed = (generator.random(n) < score) - score
            band = np.minimum((score * 10).astype(int), 9)
            sides.append([Band(int(k.sum()), float(missed[k].sum()), float((missed[k] ** 2).sum())) for k in
                          (band == place for place in range(10))])  # fmt: skip
        moved += given_scores(*sides, level=0.05).p <= 0.05
    # 400 draws at 5%: 20 +/- 3 standard deviations of 4.4.
    assert 7 <= moved <= 33
