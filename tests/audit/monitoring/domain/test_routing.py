"""Injected faults go to their cause: at least 95 of 100 of each, from rows through profiles to a sentence."""

import functools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from audit.monitoring.domain import budget, quality
from audit.monitoring.domain.causes import Band, Facts, cause_of, given_scores, of_columns, of_parts, rates
from audit.monitoring.domain.columns import Categories, Numbers
from audit.monitoring.domain.drift import of_columns as drifts_of

REFERENCE, ROWS, NUMBERS = 6000, 3000, 5
WEIGHTS = np.array([1.2, -1.0, 0.8, 0.7, 0.0, 0.9])
"""What each column truly means for the label: five of numbers (the last means nothing) and one of names."""
CENTRES, WIDTHS = np.array([0.0, 40.0, 2.0, 50.0, 10.0, 0.0]), np.array([1.0, 12.0, 0.7, 29.0, 3.0, 1.0])
BANDS = np.linspace(0, 1, 11)[1:-1]
FAMILY = np.array(["single", "pair", "three", "more"])


@dataclass
class Rows:
    """Rows as they truly are: ``inputs`` (n x 6; the last is a place in ``FAMILY``) and ``labels``."""

    inputs: np.ndarray
    labels: np.ndarray


def inputs_of(generator, n, *, moved=()):
    """``moved``: pairs of a column and how far its mean moves, in its widths."""
    shared = generator.normal(size=n)
    columns = [
        0.6 * shared + 0.8 * generator.normal(size=n),
        CENTRES[1] + WIDTHS[1] * (0.5 * shared + 0.87 * generator.normal(size=n)),
        generator.lognormal(0.6, 0.35, n),
        generator.uniform(0, 100, n),
        generator.normal(10, 3, n),
        generator.choice(4, n, p=[0.4, 0.3, 0.2, 0.1]).astype(float),
    ]
    for column, widths in moved:
        columns[column] = columns[column] + widths * WIDTHS[column]
    return np.column_stack(columns)


def chances(inputs, weights=WEIGHTS):
    return 1 / (1 + np.exp(0.6 - ((inputs - CENTRES) / WIDTHS) @ weights))


def rows_of(generator, n, *, moved=(), weights=WEIGHTS):
    inputs = inputs_of(generator, n, moved=moved)
    return Rows(inputs, (generator.random(n) < chances(inputs, weights)).astype(float))


def with_prior(generator, n, share):
    """Rows of which ``share`` are positive, and each label's inputs are as ever."""
    pool = rows_of(generator, 3 * n)
    positive = round(share * n)
    chosen = np.concatenate([
        generator.choice(np.flatnonzero(pool.labels == label), size, replace=False)
        for label, size in ((1, positive), (0, n - positive))
    ])  # fmt: skip
    return Rows(pool.inputs[chosen], pool.labels[chosen])


@functools.cache
def model():
    """A logistic regression, as a team would fit it."""
    learned = rows_of(np.random.default_rng(99), 20_000)
    fitted = LogisticRegression(max_iter=1000).fit((learned.inputs - CENTRES) / WIDTHS, learned.labels)
    return lambda inputs: fitted.predict_proba((np.nan_to_num(inputs, nan=0.0) - CENTRES) / WIDTHS)[:, 1]


class Profiles:
    """What is kept of rows: profiles of columns and score, scores by label, and what was missed by band."""

    def __init__(self, rows, like=None):
        scores = model()(rows.inputs)
        self.columns = {
            f"x{place}": Numbers.of(rows.inputs[:, place], None if like is None else like.columns[f"x{place}"].edges)
            for place in range(NUMBERS)
        }
        self.columns["family"] = Categories.of(FAMILY[rows.inputs[:, NUMBERS].astype(int)])
        self.scores = Numbers.of(scores, None if like is None else like.scores.edges)
        self.by_label = [
            Numbers.of(scores[rows.labels == label], None if like is None else like.by_label[label].edges)
            for label in (0, 1)
        ]
        self.n, self.positive = rows.labels.size, int(rows.labels.sum())
        self.wrong = int(((scores >= 0.5) != rows.labels).sum())
        missed, band = rows.labels - scores, np.searchsorted(BANDS, scores)
        self.bands = [
            Band(int(inside.sum()), float(missed[inside].sum()), float((missed[inside] ** 2).sum()))
            for inside in (band == place for place in range(BANDS.size + 1))
        ]


def movements(reference, window, remaining):
    """Each column's movement, tested within the budget."""
    drifts = {name: drifts_of(reference[name], window[name]) for name in reference}
    tests = {name: found.get("ks") or found["chi2/contingency"] for name, found in drifts.items()}
    effects = {name: found["psi/credit"].value for name, found in drifts.items()}
    spent = budget.decide(
        [budget.Candidate(name, tests[name].p, effects[name]) for name in drifts], remaining=remaining, windows_left=1
    )
    distances = {name: found.get("l_infinity", tests[name]).value for name, found in drifts.items()}
    return of_columns(spent, variant="psi/credit", importance={}, distances=distances)


def facts_of(reference, window):
    by_label = zip(reference.by_label, window.by_label, strict=True)
    [prediction] = movements({"prediction": reference.scores}, {"prediction": window.scores}, 0.01)
    return Facts(
        quality=[
            finding
            for name, profile in window.columns.items()
            for finding in quality.of_column(name, reference.columns[name], profile)
        ],
        columns=movements(reference.columns, window.columns, budget.Budget(1, 12).monthly),
        prediction=prediction,
        labels=rates("labels", (reference.positive, reference.n), (window.positive, window.n)),
        errors=rates("errors", (reference.wrong, reference.n), (window.wrong, window.n)),
        within_labels=of_parts("scores of the same label", [drifts_of(*pair)["ks"] for pair in by_label]),
        given_scores=given_scores(reference.bands, window.bands),
    )


def unit_change(generator):
    rows = rows_of(generator, ROWS)
    factor, offset, _ = quality.CONVERSIONS[generator.integers(len(quality.CONVERSIONS))]
    column = generator.integers(1, NUMBERS)
    rows.inputs[:, column] = rows.inputs[:, column] * factor + offset
    return rows


def decades_in_part(generator):
    rows = rows_of(generator, ROWS)
    column, factor = generator.integers(1, NUMBERS), generator.choice([0.001, 0.01, 0.1, 10.0, 100.0, 1000.0])
    rows.inputs[generator.random(ROWS) < generator.uniform(0.2, 0.9), column] *= factor
    return rows


def null_burst(generator):
    rows = rows_of(generator, ROWS)
    rows.inputs[generator.random(ROWS) < generator.uniform(0.1, 1.0), generator.integers(NUMBERS)] = np.nan
    return rows


def covariate(generator):
    columns = generator.choice(4, 2, replace=False)
    return rows_of(
        generator, ROWS, moved=[(place, generator.choice([-1, 1]) * generator.uniform(0.5, 1.5)) for place in columns]
    )


def prior(generator):
    return with_prior(generator, ROWS, generator.choice([generator.uniform(0.1, 0.3), generator.uniform(0.65, 0.85)]))


def concept(generator):
    weights = WEIGHTS.copy()
    weights[generator.choice(4, 2, replace=False)] *= -1
    return rows_of(generator, ROWS, weights=weights)


def nothing(generator):
    return rows_of(generator, ROWS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inject", "cause"),
    [
        (unit_change, "data_fault"),
        (decades_in_part, "data_fault"),
        (null_burst, "data_fault"),
        (covariate, "covariate_shift"),
        (prior, "prior_shift"),
        (concept, "concept_shift"),
        (nothing, "unknown"),
    ],
)
def test_at_least_95_of_100_injections_are_routed_right(inject, cause):
    found = Counter()
    reference = Profiles(rows_of(np.random.default_rng(1), REFERENCE))
    for seed in range(100):
        window = Profiles(inject(np.random.default_rng([seed, 2])), reference)
        routed = cause_of(facts_of(reference, window))
        assert routed.starts_retraining == (routed.cause != "data_fault")
        found[routed.cause] += 1
    assert found[cause] >= 95, found
