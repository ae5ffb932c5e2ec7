"""The step of a new installation that makes the policy workable: the people whom it needs are there."""

from django.db.models import Q

from audit.base import clock
from audit.base.actors import Actor, Role
from audit.people import selectors
from audit.people.steps import Step, register


def _done(viewer: Actor) -> bool:
    live = Q(until=None) | Q(until__gt=clock.now())
    held = selectors.members(viewer=viewer).filter(live, role__in=(Role.VALIDATOR, Role.APPROVER))
    return held.order_by().values("user").distinct().count() > 1


def register_own() -> None:
    """Two people who may decide."""
    register(
        Step(
            order=80,
            title="Name who decides",
            text="A version goes into production when two people approve: a validator and an approver, neither of whom "
            "asked for it or trained it.",
            done=_done,
            link="people:people",
            link_words="People",
        )
    )
