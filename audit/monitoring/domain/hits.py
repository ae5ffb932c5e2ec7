"""How often an estimator of performance was right, once the labels came; one that misses may not raise alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.monitoring.domain.estimating import WINDOWS, Bounds, Expected


@dataclass(frozen=True, slots=True)
class Record:
    """How an estimator did over the windows whose labels have come.

    ``windows`` had both values; in ``inside`` of them the realised value lay within 3 sampling errors of the estimate.
    The others count windows outside the bounds: by the realised value, by the estimate, by both at once.
    """

    windows: int
    inside: int
    realised_alarms: int
    estimated_alarms: int
    agreed_alarms: int

    @property
    def coverage(self) -> float | None:
        """The share of windows in which the realised value lay where the estimate said."""
        return _rate(self.inside, self.windows)

    @property
    def found(self) -> float | None:
        """The share of realised alarms that the estimate raised too; None where there was nothing to find."""
        return _rate(self.agreed_alarms, self.realised_alarms)

    @property
    def right(self) -> float | None:
        """The share of its own alarms that labels confirmed; None where it raised none."""
        return _rate(self.agreed_alarms, self.estimated_alarms)

    def may_alarm(self, least: float = 0.5, windows: int = WINDOWS) -> bool:
        """Whether estimates may raise alarms: enough windows compared, and no known rate below ``least``.

        With fewer windows than asked there is no record yet, and an estimator without a record has no such right.
        Where labels and estimates both stayed silent, coverage alone is judged.
        """
        if self.windows < windows:
            return False
        rates = [rate for rate in (self.found, self.right) if rate is not None] or [self.coverage or 0.0]
        return min(rates) >= least


def hits(estimated: Sequence[Expected], realised_values: Sequence[float | None], bounds: Bounds) -> Record:
    """The estimator's record for one metric, window by window. Windows where either is unknown are left out."""
    windows = inside = by_label = by_estimate = both = 0
    for expected, truth in zip(estimated, realised_values, strict=True):
        reach = expected.reach()
        if truth is None or reach is None:
            continue
        real, said = bool(bounds.alarms(truth)), bool(bounds.alarms(expected.value))
        windows += 1
        inside += reach[0] <= truth <= reach[1]
        by_label, by_estimate, both = by_label + real, by_estimate + said, both + (real and said)
    return Record(windows, inside, by_label, by_estimate, both)


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
