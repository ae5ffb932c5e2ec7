"""The groups of a measured week: how the model did for each, and how far groups of people lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from audit.catalogue.models import Model, Task
from audit.monitoring.domain.meaning import VARIANTS
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Source, Window
from audit.monitoring.outcome_models import FairnessWeek, SliceFigure
from audit.monitoring.outcomes import figures

if TYPE_CHECKING:
    from audit.monitoring.domain.outcomes import Outcomes, Part, Segment
    from audit.monitoring.measuring import Measured


def replace(model: Model, measured: Iterable[Measured]) -> None:
    """Writes the groups of these weeks anew, with the windows that are current now; others have none.

    They follow from the same days as the windows, so they write no entry. The caller holds the model's lock.
    """
    sensitive = LogMapping.of(model).sensitive if model.task == Task.CLASSIFICATION else []
    for one in measured:
        if one.outcomes is None:
            continue
        made = one.window
        own = Window.objects.filter(version=made.version, source=Source.COMPUTED, start=made.start, end=made.end)
        window = own.get(superseded_at=None)
        SliceFigure.objects.filter(window__in=own).delete()
        SliceFigure.objects.bulk_create(_slices(window, one.outcomes), batch_size=500)
        FairnessWeek.objects.filter(version=made.version, start=made.start).delete()
        FairnessWeek.objects.bulk_create(_fairness(window, one.outcomes, sensitive))


def _slices(window: Window, outcomes: Outcomes) -> Iterator[SliceFigure]:
    yield _slice(window, "", SliceFigure.Kind.WHOLE, "", outcomes.whole)
    for column, segment in sorted(outcomes.segments.items()):
        for kind, value, part in _parts(segment):
            yield _slice(window, column, kind, value, part)


def _slice(window: Window, column: str, kind: str, value: str, part: Part) -> SliceFigure:
    return SliceFigure(
        window=window, column=column, kind=kind, value=value, predictions=part.rows, labelled=part.labelled,
        figures=figures.told(part, window.threshold),
    )  # fmt: skip


def _parts(segment: Segment) -> Iterator[tuple[str, str, Part]]:
    for name, part in sorted(segment.values.items()):
        yield SliceFigure.Kind.VALUE if name else SliceFigure.Kind.UNKNOWN, name, part
    if segment.others is not None:
        yield SliceFigure.Kind.OTHERS, "", segment.others


def _fairness(window: Window, outcomes: Outcomes, sensitive: Iterable[str]) -> Iterator[FairnessWeek]:
    from audit.monitoring.domain import fairness

    level = figures.level_of(window.threshold)
    for column in sensitive:
        if column not in outcomes.segments:
            continue
        found = fairness.measure(fairness.groups(outcomes, column, threshold=level))
        gaps = {"demographic_parity_ratio": found.parity, "equalised_odds_difference": found.odds}
        for metric, estimate in found.metrics().items():
            gap = gaps.get(metric, found.parity)
            yield FairnessWeek(
                window=window, version=window.version, start=window.start, column=column, metric=metric,
                variant=VARIANTS[metric], value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n,
                threshold=window.threshold, rate=gap.rate, highest=gap.highest, lowest=gap.lowest,
                minimum=found.minimum, too_small={rate: list(names) for rate, names in found.too_small.items()},
            )  # fmt: skip
