"""A first sign: held against estimates of the reference's windows, by hand."""

import numpy as np
import pytest

from audit.monitoring.domain import signs
from audit.monitoring.domain.estimating import Bounds, Fitted

AS_IS = Fitted(None, (0.5,), {}, {}, 0)


def test_usual_is_the_mean_and_two_sd_of_the_windows_estimates():
    # Every row is called rightly with the chance of its score: 0.9, 0.8 and 0.7 in the three windows.
    found = signs.usual(AS_IS, [0.9, 0.9, 0.8, 0.8, 0.7, 0.7], [1] * 6, ["a", "a", "b", "b", "c", "c"])["accuracy"]
    half = 2 * float(np.std([0.9, 0.8, 0.7]))

    assert (found.low, found.high, found.windows) == (pytest.approx(0.8 - half), pytest.approx(0.8 + half), 3)
    assert signs.is_sign(0.8 - half - 0.001, found)
    assert not signs.is_sign(0.8 - half + 0.001, found)
    assert not signs.is_sign(1.0, found), "a rise is no sign that it got worse"


def test_unknown_is_no_sign_and_no_absence_of_one():
    assert signs.is_sign(None, Bounds(0.5, 0.9, 6)) is None
    assert signs.is_sign(0.1, Bounds(None, None, 1)) is None
