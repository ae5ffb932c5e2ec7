"""A trained model is a function of its rows, features and seed, and is opened only under its registered digest."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sklearn

from audit.base.errors import InvalidInput
from governance.retraining.pipelines import ArtefactRefused, fit, predict

FEATURES = {"x": "number", "place": "category"}
SMALL = {"max_iter": 20, "min_samples_leaf": 5}


def rows(n: int = 600, seed: int = 1) -> pd.DataFrame:
    """`place` decides the class wholly, and the value is 10 for a, 20 for b, 30 for c."""
    draw = np.random.default_rng(seed)
    place = draw.choice(["a", "b", "c"], n)
    x = draw.normal(size=n)
    x[::7] = np.nan
    value = pd.Series(place).map({"a": 10.0, "b": 20.0, "c": 30.0})
    return pd.DataFrame({"x": x, "place": place, "label": place == "c", "value": value, "unused": "never read"})


def train(frame=None, *, target="label", task="classification", **options):
    frame = rows() if frame is None else frame
    return fit(frame, features=FEATURES, target=target, task=task, **{"parameters": SMALL, **options})


def test_fit_same_rows_and_seed_gives_the_same_bytes():
    first, second = train(), train()
    assert first.artefact == second.artefact
    assert first.digest == second.digest


def test_fit_in_another_process_gives_the_same_digest():
    code = (
        "from tests.governance.retraining.test_pipelines import train;"
        "print(train().digest, train(target='value', task='regression').digest)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [train().digest, train(target="value", task="regression").digest]


@pytest.mark.parametrize(("target", "task"), [("label", "classification"), ("value", "regression")])
def test_predict_with_one_or_two_threads_gives_the_same_figures(target, task):
    draw = np.random.default_rng(3)
    frame = rows()
    frame["value"] += draw.normal(size=len(frame))
    frame["label"] ^= draw.random(len(frame)) < 0.2
    one = train(frame, target=target, task=task, threads=1)
    two = train(frame, target=target, task=task, threads=2)
    first = predict(one.artefact, frame, digest=one.digest, threads=1)
    second = predict(two.artefact, frame, digest=two.digest, threads=2)
    assert np.array_equal(first, second)


def test_predict_classification_gives_the_probability_of_true():
    fitted = train()
    frame = pd.DataFrame({"x": [0.0, 0.0], "place": ["a", "c"]})
    low, high = predict(fitted.artefact, frame, digest=fitted.digest)
    assert low < 0.1
    assert high > 0.9


def test_predict_regression_gives_the_value():
    noisy = rows()
    noisy["value"] += np.random.default_rng(4).normal(size=len(noisy))
    fitted = train(noisy, target="value", task="regression", parameters={**SMALL, "max_iter": 100})
    frame = pd.DataFrame({"x": [0.0, 0.0, 0.0], "place": ["a", "b", "c"]})
    assert predict(fitted.artefact, frame, digest=fitted.digest) == pytest.approx([10, 20, 30], abs=1)


def test_fit_regression_with_few_extreme_values_stays_at_the_median():
    frame = pd.DataFrame({"x": np.zeros(200), "place": "a", "value": [5.0] * 190 + [10_000.0] * 10})
    fitted = train(frame, target="value", task="regression")
    assert predict(fitted.artefact, frame[:1], digest=fitted.digest) == pytest.approx([5.0])


def test_predict_another_digest_is_refused_before_anything_is_opened(tmp_path):
    trace = tmp_path / "opened"

    class Trap:
        def __reduce__(self):
            return (open, (str(trace), "w"))

    with pytest.raises(ArtefactRefused, match="was not opened"):
        predict(pickle.dumps(Trap()), rows(2), digest=train().digest)
    assert not trace.exists()


def test_predict_changed_byte_is_refused():
    fitted = train()
    changed = fitted.artefact[:-2] + bytes([fitted.artefact[-2] ^ 1]) + fitted.artefact[-1:]
    with pytest.raises(ArtefactRefused):
        predict(changed, rows(2), digest=fitted.digest)


def test_predict_artefact_of_another_release_is_refused_with_both_named():
    fitted = train()
    version = sklearn.__version__.encode()
    other = fitted.artefact.replace(version, b"0" * len(version))
    assert other != fitted.artefact
    with pytest.raises(ArtefactRefused, match="Train a new version with it"):
        predict(other, rows(2), digest=hashlib.sha256(other).hexdigest())


def test_predict_unknown_category_is_read_as_missing():
    fitted = train()
    frame = pd.DataFrame({"x": [0.0, 0.0], "place": ["never seen", None]})
    unknown, missing = predict(fitted.artefact, frame, digest=fitted.digest)
    assert unknown == missing


def test_fit_more_than_250_categories_keeps_the_most_frequent():
    frame = pd.DataFrame({"x": 0.0, "place": [f"p{i:03}" for i in range(300)] + ["p299"] * 300})
    frame["label"] = frame["place"] == "p299"
    fitted = train(frame)
    probe = pd.DataFrame({"x": [0.0, 0.0], "place": ["p299", "p298"]})
    frequent, rare = predict(fitted.artefact, probe, digest=fitted.digest)
    assert frequent > 0.9
    assert rare < 0.1


def test_fit_rows_without_target_are_left_out_and_counted():
    frame = rows()
    frame["label"] = frame["label"].astype("object")
    frame.loc[:99, "label"] = None
    fitted = train(frame)
    assert (fitted.rows, fitted.without_target) == (500, 100)
    assert fitted.digest == train(rows()[100:]).digest


def test_predict_null_numbers_and_categories_gives_a_figure_for_each_row():
    fitted = train()
    frame = pd.DataFrame({"x": [None, 1.0], "place": [None, "c"]})
    assert np.isfinite(predict(fitted.artefact, frame, digest=fitted.digest)).all()


def test_predict_no_rows_gives_an_empty_array():
    fitted = train()
    assert predict(fitted.artefact, rows()[:0], digest=fitted.digest).shape == (0,)


def test_predict_arrow_and_pandas_give_the_same_figures():
    fitted = train()
    frame = rows(50, seed=2)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    assert np.array_equal(
        predict(fitted.artefact, frame, digest=fitted.digest), predict(fitted.artefact, table, digest=fitted.digest)
    )


def test_predict_whole_number_category_beside_a_null_is_still_known():
    frame = pd.DataFrame({"x": 0.0, "place": [1, 2] * 100, "label": [False, True] * 100})
    fitted = train(frame)
    with_null = pd.DataFrame({"x": [0.0, 0.0], "place": [2, None]})
    assert predict(fitted.artefact, with_null, digest=fitted.digest)[0] > 0.9


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        ({"x": "far"}, {}, "“x” should hold numbers"),
        ({"label": "false"}, {}, "should hold true or false"),
        ({"label": True}, {}, "needs both true and false"),
        ({}, {"target": "absent"}, "lack the column absent"),
        ({}, {"parameters": {"depth": 3}}, "no parameter depth"),
        ({"value": np.inf}, {"target": "value", "task": "regression"}, "only finite ones"),
    ],
)
def test_fit_unusable_input_is_refused_with_a_sentence(change, options, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        train(rows().assign(**change), **options)
