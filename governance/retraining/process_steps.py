"""What retraining tells of a model's process: when it learned anew, and whether a rule or a person wanted that."""

from typing import Final

from django.urls import reverse

from audit.base.actors import TITLES, Actor, Role
from audit.catalogue.doers import MOST
from audit.catalogue.models import Model
from audit.catalogue.process import StepFacts, StepState, counted_since, owner_of, register
from governance.retraining import selectors
from governance.retraining.models import Retraining, State

STATES: Final = {
    State.QUEUED: StepState.RUNNING,
    State.RUNNING: StepState.RUNNING,
    State.WAITING: StepState.WAITING,
    State.FINISHED: StepState.DONE,
    State.FAILED: StepState.FAILED,
}


def register_own() -> None:
    """Adds the step."""
    register("retrain", retrain)


def retrain(viewer: Actor, model: Model) -> StepFacts | None:
    """The newest retraining; one that a rule's judgement started ran by itself."""
    rows = selectors.retrainings(viewer=viewer, model=model).select_related(None)
    newest = rows.first()
    if newest is None:
        rule = selectors.rules(viewer=viewer).filter(model=model, enabled=True).first()
        if rule is None:
            return None
        return StepFacts(
            StepState.NEVER,
            "A rule watches it and has not started a retraining.",
            by=owner_of(model),
            evidence=(("The rule", reverse("retraining:rule", args=[rule.pk])),),
        )
    recent = list(rows.filter(created_at__gte=counted_since()).values_list("evaluation", flat=True)[:MOST])
    by_hand = sum(evaluation is None for evaluation in recent)
    review = selectors.open_reviews(viewer=viewer).filter(model=model).first()
    said = _sentence(newest)
    return StepFacts(
        StepState.WAITING if review else STATES[State(newest.state)],
        f"{said} A review of the model is open." if review else said,
        by=TITLES[Role.VALIDATOR] if review else owner_of(model),
        last=newest.finished_at or newest.created_at,
        automatic=len(recent) - by_hand,
        by_hand=by_hand,
        evidence=(("The newest retraining", reverse("retraining:run", args=[newest.pk])),),
    )


def _sentence(row: Retraining) -> str:
    wanted = "A person started it" if row.evaluation_id is None else "A rule started it"
    return {
        State.QUEUED: f"{wanted}; it is queued.",
        State.RUNNING: f"{wanted}; it trains now.",
        State.WAITING: f"{wanted}; the challenger waits for labelled weeks.",
        State.FINISHED: f"{wanted}; it finished: {row.get_outcome_display().lower() or 'no outcome is on record'}.",
        State.FAILED: f"{wanted}; it failed.",
    }[State(row.state)]
