"""What monitoring tells of a model's process: the predictions that come, the weeks that are measured, the labels."""

from typing import Final

from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue.doers import MOST, doings_of
from audit.catalogue.models import Model
from audit.catalogue.process import StepFacts, StepState, counted_since, owner_of, register
from audit.monitoring import ledger_actions, selectors
from audit.monitoring.models import Kind, State

STATES: Final = {
    State.RECEIVED: (StepState.RUNNING, "is being taken in"),
    State.IMPORTED: (StepState.DONE, "was taken whole"),
    State.FAILED: (StepState.FAILED, "could not be used"),
}


def register_own() -> None:
    """Adds the three steps."""
    register("infer", infer)
    register("monitor", monitor)
    register("feedback", feedback)


def infer(viewer: Actor, model: Model) -> StepFacts | None:
    """The prediction logs that were sent."""
    return _uploads(viewer, model, Kind.PREDICTIONS)


def feedback(viewer: Actor, model: Model) -> StepFacts | None:
    """The labels that were sent."""
    return _uploads(viewer, model, Kind.LABELS)


def _uploads(viewer: Actor, model: Model, kind: Kind) -> StepFacts | None:
    rows = selectors.uploads(viewer=viewer, model=model).filter(kind=kind)
    newest, by = rows.first(), owner_of(model)
    if newest is None:
        if kind == Kind.PREDICTIONS:
            return None
        return StepFacts(StepState.NEVER, "Nobody has sent labels yet, so what was true is unknown.", by=by)
    done = doings_of(ledger_actions.RECEIVED, rows.filter(created_at__gte=counted_since())[:MOST], pulled=True)
    state, words = STATES[State(newest.state)]
    return StepFacts(
        state,
        f"The newest file of {kind.label.lower()} {words}.",
        by=by,
        last=newest.created_at,
        automatic=done.automatic,
        by_hand=done.by_hand,
        evidence=((newest.filename, reverse("monitoring:upload", args=[model.slug, newest.pk])),),
    )


def monitor(viewer: Actor, model: Model) -> StepFacts | None:
    """The weeks that Tollgate measured from predictions and labels: a job does it whenever either comes."""
    rows = selectors.windows(viewer=viewer, model=model).prefetch_related(None)
    newest = rows.order_by("-start", "-version__number").first()
    if newest is None:
        if selectors.uploads(viewer=viewer, model=model).exists():
            return StepFacts(StepState.NEVER, "No week is measured yet, although files have come.", by=owner_of(model))
        return None
    last = rows.order_by("-recorded_at").values_list("recorded_at", flat=True)[0]
    waits = not newest.labelled
    return StepFacts(
        StepState.WAITING if waits else StepState.DONE,
        f"The newest week is that of {newest.week:%-d %B %Y}" + ("; its labels have not come." if waits else "."),
        by=owner_of(model),
        last=last,
        automatic=rows.filter(recorded_at__gte=counted_since()).count(),
        evidence=(("Performance", f"{reverse('catalogue:model', args=[model.slug])}#performance"),),
    )
