"""What the stored rows say of a week of a model: the version that served, its inputs, outcomes, checks and service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from audit.alerts.domain.looks import SHARE_EFFECT, Trial, of_means
from audit.alerts.models import AlertPolicy
from audit.base import clock
from audit.base.clock import WEEK
from audit.catalogue import states
from audit.catalogue.models import AliasPeriod, Model, ModelVersion, Task
from audit.catalogue.selectors import PRODUCTION
from audit.monitoring.domain.causes import rates
from audit.monitoring.domain.importance import weights
from audit.monitoring.domain.thresholds import limit_of
from audit.monitoring.estimate_models import EstimateWeek
from audit.monitoring.input_models import ColumnWeek, InputWeek, Reference
from audit.monitoring.inputs.days import sealed
from audit.monitoring.models import ServedWeek, Source, Window
from audit.monitoring.outcome_models import FairnessWeek
from audit.monitoring.quality_models import ConceptSign, FeatureImportance, QualityFinding, QualityWeek, ShiftWeek
from audit.monitoring.service_models import ServiceDay
from audit.monitoring.serving import READER

LABELLED_SHARE: Final = 0.8
"""Outcomes of a week are compared once this share of its predictions has labels: early labels are not typical."""
BASE_WEEKS: Final = 4
"""Without labelled weeks in its reference, a version's outcomes are held against its first labelled weeks."""


@dataclass(slots=True)
class Seen:
    """The rows about a week from ``week`` (Monday 00:00 UTC) of the version that served in it.

    ``over`` says whether the week has ended by the clock. ``base`` are the windows that outcomes are held against,
    which is empty where the week is one of them, or nothing is known.
    """

    model: Model
    version: ModelVersion
    week: datetime
    policy: AlertPolicy
    over: bool
    inputs: InputWeek | None = None
    columns: list[ColumnWeek] = field(default_factory=list)
    window: Window | None = None
    base: list[Window] = field(default_factory=list)
    quality: QualityWeek | None = None
    findings: list[QualityFinding] = field(default_factory=list)
    shift: ShiftWeek | None = None
    concept: list[ConceptSign] = field(default_factory=list)
    served: ServedWeek | None = None
    days: list[ServiceDay] = field(default_factory=list)
    fairness: list[FairnessWeek] = field(default_factory=list)
    estimates: list[EstimateWeek] = field(default_factory=list)

    @property
    def end(self) -> datetime:
        """The week's end, which does not belong to it."""
        return self.week + WEEK

    def evidence_of_inputs(self) -> str:
        """The SHA-256 in hex of what the look at inputs follows from; empty without."""
        return sealed([str(self.inputs.reference_id), self.inputs.evidence]) if self.inputs and self.over else ""

    def evidence_of_outcomes(self) -> str:
        """The SHA-256 in hex of what the look at outcomes follows from; empty without."""
        if self.window is None or not self.base or not self.over:
            return ""
        return sealed([str(self.window.pk), *(str(one.pk) for one in self.base)])

    def evidence(self) -> str:
        """The SHA-256 in hex of all of it: the same again is weighed once."""
        told = [
            str(self.version.pk), self.evidence_of_inputs(), self.evidence_of_outcomes(),
            self.quality.digest if self.quality else "",
            f"{self.shift.pk}:{self.shift.value}" if self.shift else "",
            *(str(one.pk) for one in self.concept),
            f"{self.served.state}:{self.served.value}" if self.served else "",
            *(f"{one.start}:{one.place}:{one.errors}:{one.worst_p99}" for one in self.days),
            *(f"{one.column}:{one.metric}:{one.low}:{one.high}" for one in self.fairness),
            *(f"{one.metric}:{one.value}" for one in self.estimates),
        ]  # fmt: skip
        return sealed(told)


def served(model: Model, week: datetime) -> ModelVersion | None:
    """The version that served in the week: that which held the alias "production" at its end, or had most rows."""
    end = week + WEEK
    held = AliasPeriod.objects.filter(model=model, alias=PRODUCTION, since__lt=end).order_by("-since").first()
    if held is not None and (held.until is None or held.until >= end):
        return _version(held.version_id)
    counts: dict[UUID, int] = {}
    for pk, rows in InputWeek.objects.filter(version__model=model, start=week).values_list("version", "rows"):
        counts[pk] = max(counts.get(pk, 0), rows)
    for pk, rows in _windows(model, week).values_list("version", "predictions"):
        counts[pk] = max(counts.get(pk, 0), rows)
    return _version(max(counts, key=lambda pk: (counts[pk], str(pk)))) if counts else None


def _version(pk: UUID) -> ModelVersion:
    return ModelVersion.objects.select_related("model__use_case__team", "model__owner").get(pk=pk)


def _windows(model: Model, week: datetime) -> QuerySet[Window]:
    return Window.objects.filter(version__model=model, start=week, superseded_at=None, source=Source.COMPUTED)


def policy_of(model: Model) -> AlertPolicy:
    """What the model keeps to; unsaved, with what is usual, where nobody has set it."""
    return AlertPolicy.objects.filter(model=model).first() or AlertPolicy(model=model)


def gather(version: ModelVersion, week: datetime) -> Seen:
    """All rows about the week of the version."""
    model = version.model
    found = Seen(model, version, week, policy_of(model), clock.now() >= week + WEEK)
    found.inputs = (
        InputWeek.objects.filter(version=version, start=week, reference__replaced_at=None)
        .select_related("reference")
        .first()
    )
    if found.inputs is not None:
        found.columns = list(found.inputs.column_weeks.defer("shape"))
    reference = found.inputs.reference if found.inputs else _reference(version)
    own = Window.objects.filter(version=version, superseded_at=None, source=Source.COMPUTED)
    window = own.filter(start=week, end=found.end).first()
    if window is not None and _labelled(window):
        found.window, found.base = window, _base(own, reference, week)
    found.quality = QualityWeek.objects.filter(version=version, start=week).first()
    if found.quality is not None:
        found.findings = list(found.quality.findings.all())
    found.shift = ShiftWeek.objects.filter(version=version, start=week, reference=reference).first()
    found.concept = list(
        ConceptSign.objects.filter(version=version, at__gte=week.date(), at__lt=found.end.date(), sign="change")
    )
    found.served = ServedWeek.objects.filter(model=model, version=version, start=week).first()
    found.days = list(ServiceDay.objects.filter(model=model, start__gte=week, start__lt=found.end))
    found.fairness = list(FairnessWeek.objects.filter(version=version, start=week))
    estimates = EstimateWeek.objects.filter(version=version, start=week, alarm=True, fit__replaced_at=None)
    found.estimates = list(estimates.select_related("fit"))
    return found


def _reference(version: ModelVersion) -> Reference | None:
    return Reference.objects.filter(version=version, replaced_at=None).first()


def _labelled(window: Window) -> bool:
    return (window.labelled_share or 0.0) >= LABELLED_SHARE


def _base(own: QuerySet[Window], reference: Reference | None, week: datetime) -> list[Window]:
    labelled = [one for one in own.order_by("start") if _labelled(one) and one.end - one.start == WEEK]
    base = []
    if reference is not None and reference.since and reference.until and reference.kind != Reference.Kind.SEASON:
        base = [one for one in labelled if reference.since <= one.start and one.end <= reference.until]
    base = base or labelled[:BASE_WEEKS]
    return base if all(one.end <= week for one in base) else []


def input_tests(seen: Seen) -> list[Trial]:
    """A test of each column, against the bound that the policy gives it; none in a week of the reference itself."""
    if seen.inputs is None or _within_reference(seen.inputs):
        return []
    bound, policy = seen.policy.bound, seen.policy
    history = _history(seen) if bound.kind != "fixed" else {}
    found = []
    for row in seen.columns:
        own = history.get(row.column, [])
        mean = sum(own) / len(own) if own else None
        limit = limit_of(bound, reference=mean, history=own).value
        told = row.statistics.get("ks") or row.statistics.get("chi2/contingency") or {}
        least = policy.least_effect if limit is None else max(limit, policy.least_effect)
        found.append(Trial(row.column, told.get("p"), row.value, least, row.variant, row.n, row.n_reference))
    return found


def _within_reference(week: InputWeek) -> bool:
    reference = week.reference
    if reference.kind == Reference.Kind.SEASON or reference.since is None or reference.until is None:
        return False
    return reference.since < week.end and week.start < reference.until


def _history(seen: Seen) -> dict[str, list[float]]:
    """Each column's figures in the weeks of its reference."""
    reference = seen.inputs.reference if seen.inputs else None
    found: dict[str, list[float]] = {}
    if reference is None or reference.since is None or reference.until is None:
        return found
    rows = ColumnWeek.objects.filter(
        week__reference=reference, week__version=seen.version, value__isnull=False,
        week__start__gte=reference.since, week__end__lte=reference.until,
    )  # fmt: skip
    for column, value in rows.values_list("column", "value"):
        if value is not None:
            found.setdefault(column, []).append(value)
    return found


def outcome_tests(seen: Seen) -> list[Trial]:
    """Tests of the labels and of the errors, against the windows that they are held against."""
    now, base = seen.window, seen.base
    if now is None or not base:
        return []
    if any(one.tp is None and one.absolute_error_sum is None for one in (now, *base)):
        return []
    if seen.model.task == Task.CLASSIFICATION:
        labels = _shares(base, now, lambda one: (one.tp or 0) + (one.fn or 0))
        errors = _shares(base, now, lambda one: (one.fp or 0) + (one.fn or 0))
        return [_of_shares("labels", *labels), _of_shares("errors", *errors)]
    return [of_means("errors", _sums(base), _sums([now]))]


def _shares(base: list[Window], now: Window, count: Callable[[Window], int]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (sum(count(one) for one in base), sum(one.labelled for one in base)), (count(now), now.labelled)


def _of_shares(name: str, reference: tuple[int, int], current: tuple[int, int]) -> Trial:
    moved = rates(name, reference, current)
    return Trial(name, moved.p, moved.effect, SHARE_EFFECT, moved.variant, current[1], reference[1])


def _sums(windows: list[Window]) -> tuple[int, float, float]:
    return (
        sum(one.labelled for one in windows),
        sum(one.absolute_error_sum or 0.0 for one in windows),
        sum(one.squared_error_sum or 0.0 for one in windows),
    )


def importance_of(seen: Seen) -> dict[str, float]:
    """Each column's share of what the version's answers rest on, 0 to 1; empty where nobody told."""
    found = FeatureImportance.objects.filter(version=seen.version).first()
    return weights({name: told["mean"] for name, told in found.columns.items()}) if found else {}


def threshold_of(model: Model) -> states.Threshold | None:
    """The threshold that was agreed for the model's main measure."""
    return states.thresholds_of(READER, [model]).get(model.pk)
