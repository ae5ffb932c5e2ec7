"""Metrics of a regression, from arrays of errors (prediction minus truth, in the model's unit)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from audit.monitoring.domain.estimate import Estimate, mean, within

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def mae(errors: ArrayLike) -> Estimate:
    """The mean absolute error with a normal interval, cut at 0."""
    import numpy as np

    return within(mean(np.abs(np.asarray(errors, dtype=float))), 0.0, math.inf)


def rmse(errors: ArrayLike) -> Estimate:
    """The root of the mean squared error; its interval is the root of the normal interval of the squared errors."""
    import numpy as np

    squared = within(mean(np.asarray(errors, dtype=float) ** 2), 0.0, math.inf)

    def root(value: float | None) -> float | None:
        return None if value is None else math.sqrt(value)

    return Estimate(root(squared.value), root(squared.low), root(squared.high), squared.n)


def bias(errors: ArrayLike) -> Estimate:
    """The mean of prediction minus truth, with a normal interval."""
    return mean(errors)


def regression(*, errors: ArrayLike) -> dict[str, Estimate]:
    """Each metric of a regression; ``errors`` are prediction minus truth of the labelled rows."""
    return {"mae": mae(errors), "rmse": rmse(errors), "bias": bias(errors)}
