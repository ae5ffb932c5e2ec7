"""Reads rules, evaluations, retrainings and reviews as the viewer may see them, and the weeks that a rule judges."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK, start_of
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.states import Threshold
from audit.catalogue.words import MAIN_METRIC
from audit.monitoring.models import Measurement, Source, Window
from governance.retraining.domain import Week
from governance.retraining.models import Evaluation, Retraining, Review, ReviewState, Rule, State

TEAM = "model__use_case__team"
FEW = 200
"""Of more models than this the rules are all read: to name each model costs more."""


def rules(*, viewer: Actor) -> QuerySet[Rule]:
    """Rules for models of the viewer's teams."""
    return visible(Rule.objects.select_related(TEAM, "pipeline"), viewer=viewer, team=TEAM, model="model")


def rule(*, viewer: Actor, rule_id: UUID | str) -> Rule:
    """One rule.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = rules(viewer=viewer).filter(pk=rule_id).first()
    if found is None:
        raise NotFound("There is no such rule, or it belongs to a team that you are not in.")
    return found


def evaluations(*, viewer: Actor, rule: Rule | None = None) -> QuerySet[Evaluation]:
    """Evaluations, newest week first."""
    rows = Evaluation.objects.select_related(f"rule__{TEAM}").prefetch_related("retrainings")
    rows = visible(rows, viewer=viewer, team=f"rule__{TEAM}", model="rule__model", at="at")
    return rows.filter(rule=rule) if rule else rows


def last_evaluations(*, viewer: Actor, rules: Sequence[Rule]) -> dict[UUID, Evaluation]:
    """The last evaluation of each rule that could judge its week, or else the last one, in one query."""
    own = evaluations(viewer=viewer).select_related(None).prefetch_related(None).filter(rule=OuterRef("pk"))
    newest = own.order_by("-conclusive", "-week", "-at").values("pk")[:1]
    wanted = Rule.objects.filter(pk__in=[rule.pk for rule in rules]).annotate(newest=Subquery(newest)).values("newest")
    return {row.rule_id: row for row in Evaluation.objects.filter(pk__in=wanted)}


def retrainings(*, viewer: Actor, model: Model | None = None) -> QuerySet[Retraining]:
    """Retrainings, newest first."""
    rows = Retraining.objects.select_related(
        TEAM, "rule__model", "evaluation", "champion", "candidate__model", "job", "run__pipeline", "request", "review"
    )
    rows = visible(rows, viewer=viewer, team=TEAM, model="model", at="created_at")
    return rows.filter(model=model) if model else rows


def retraining(*, viewer: Actor, retraining_id: UUID | str) -> Retraining:
    """One retraining.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = retrainings(viewer=viewer).filter(pk=retraining_id).first()
    if found is None:
        raise NotFound("There is no such retraining, or it belongs to a team that you are not in.")
    return found


def reviews(*, viewer: Actor) -> QuerySet[Review]:
    """Reviews, newest first."""
    rows = Review.objects.select_related(TEAM, "retraining__candidate__model", "retraining__champion", "closed_by")
    return visible(rows, viewer=viewer, team=TEAM, model="model", at="opened_at")


def review(*, viewer: Actor, review_id: UUID | str) -> Review:
    """One review.

    Raises:
        NotFound: there is none with this id that the viewer may see.
    """
    found = reviews(viewer=viewer).filter(pk=review_id).first()
    if found is None:
        raise NotFound("There is no such review, or it belongs to a team that you are not in.")
    return found


def open_reviews(*, viewer: Actor) -> QuerySet[Review]:
    """Reviews that wait for a validator, oldest first."""
    return reviews(viewer=viewer).filter(state=ReviewState.OPEN).order_by("opened_at")


def weeks(*, version: ModelVersion, metric: str, until: date) -> list[Week]:
    """The measured weeks of ``version`` that are over, oldest first, up to the one that starts on ``until``."""
    rows = Window.objects.filter(
        version=version,
        source=Source.COMPUTED,
        superseded_at=None,
        start__lte=start_of(until),
        end__lte=clock.now(),
    ).prefetch_related(Prefetch("measurements", Measurement.objects.filter(metric=metric)))
    found = []
    for row in rows.order_by("start"):
        value = next((one.value for one in row.measurements.all()), None)
        found.append(Week(row.start.date(), value, row.labelled, row.predictions))
    return found


def in_a_row(weeks: Sequence[Week], *, until: date, count: int) -> list[Week]:
    """Those of ``weeks`` that are among the ``count`` calendar weeks that end with ``until``, oldest first."""
    first = until - (count - 1) * WEEK
    return [week for week in weeks if first <= week.start <= until]


def served(model: Model) -> list[ModelVersion]:
    """The versions that are or were in production, the present one first: they logged the model's own cases."""
    rows = ModelVersion.objects.filter(model=model, aliases__alias="production").distinct()
    current = set(rows.filter(aliases__until=None).values_list("pk", flat=True))
    return sorted(rows, key=lambda version: (version.pk not in current, -version.number))


def is_running(rule: Rule) -> bool:
    """Whether a retraining of the rule's model is under way; one whose job was cancelled is not."""
    rows = Retraining.objects.filter(model=rule.model_id, state__in=(State.QUEUED, State.RUNNING, State.WAITING))
    return rows.exclude(job__state__in=("cancelled", "failed")).exists()


def waiting(rule: Rule) -> QuerySet[Retraining]:
    """Retrainings of the rule whose challenger waits for labelled weeks to be compared on."""
    return Retraining.objects.filter(rule=rule, state=State.WAITING).select_related(
        TEAM, "model__owner", "rule__pipeline", "rule__model", "champion", "candidate__model"
    )


def compared_weeks(retraining: Retraining) -> list[Week]:
    """The champion's labelled weeks after those that fired, oldest first: at most as many as the rule asks for."""
    rule = retraining.rule
    known = weeks(version=retraining.champion, metric=rule.metric, until=clock.now().date())
    return [week for week in known if week.start > retraining.week and week.complete(rule.min_n)][: rule.compare_weeks]


def thresholds(viewer: Actor, models: Sequence[Model]) -> dict[UUID, Threshold]:
    """The bound of each model's main metric, as its rules state it."""
    tasks = {model.pk: model.task for model in models}
    rows = Rule.objects.filter(enabled=True).order_by()
    if len(tasks) <= FEW:
        rows = rows.filter(model__in=list(tasks))
    found = rows.values_list("model", "metric", "threshold", "comparison", "windows")
    return {
        pk: Threshold(metric, threshold, comparison == "below", windows)
        for pk, metric, threshold, comparison, windows in found
        if pk in tasks and metric == MAIN_METRIC[tasks[pk]]
    }
