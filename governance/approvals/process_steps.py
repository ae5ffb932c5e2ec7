"""What approvals tell of a model's process: who allowed its newest version, or for whom the question waits."""

from django.db.models import Max
from django.urls import reverse

from audit.base.actors import TITLES, Actor, Role, listed
from audit.catalogue.models import Model
from audit.catalogue.process import StepFacts, StepState, counted_since, register
from governance.approvals import domain, selectors
from governance.approvals.models import PromotionRequest, State


def register_own() -> None:
    """Adds the step."""
    register("approve", approve)


def approve(viewer: Actor, model: Model) -> StepFacts:
    """The newest request, and how many were decided; each decision is a person's."""
    rows = selectors.requests(viewer=viewer).filter(model=model).select_related(None)
    rows = rows.select_related("version__model", "replaces")
    newest = rows.first()
    if newest is None:
        return StepFacts(StepState.NEVER, "Nobody has asked for a promotion yet.")
    decided = rows.exclude(state__in=(State.OPEN, State.WITHDRAWN))
    waits = newest.state == State.OPEN
    return StepFacts(
        StepState.WAITING if waits else StepState.DONE,
        f"{newest.question} {'It waits for a decision.' if waits else f'{newest.get_state_display()}.'}",
        by=_by(newest),
        last=decided.aggregate(last=Max("decided_at"))["last"],
        by_hand=decided.filter(decided_at__gte=counted_since()).count(),
        evidence=(("The request", reverse("approvals:request", args=[newest.pk])),),
    )


def _by(row: PromotionRequest) -> str:
    """Who decided, or, while it waits, the roles that may."""
    names = [vote.user.name for vote in row.votes.all()]
    if names and row.state != State.OPEN:
        return domain.listed(names)
    return listed([TITLES[Role(name)] for name in row.policy["roles"]])
