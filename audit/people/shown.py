"""Where people show in the shell: who looks, as what, within which limits; a line of the rail; the first step."""

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from audit.base.actors import TITLES, Role
from audit.people import selectors, steps, words
from audit.people.models import Membership
from config.ui import navigation, notices, shell

ALL_DONE, FIRST_LEFT = "first-steps-done", "first-step-left"


def register() -> None:
    """Adds them."""
    navigation.register(
        floor="What happened",
        label="People",
        url_name="people:people",
        order=80,
        key="p",
        visible=lambda request: not request.actor.sees_models_only(),
        prefixes=("people:people", "people:revoke_role"),
    )
    navigation.register(
        floor=None,
        label="First steps",
        url_name="people:first_steps",
        order=5,
        visible=_empty,
        prefixes=("people:first_steps",),
    )
    shell.register_viewer(_viewer)
    notices.register(_access)
    steps.register(
        steps.Step(
            order=10,
            title="Add people and teams",
            text="A model belongs to a team. Whoever trains it, checks it and approves it are different people.",
            done=lambda viewer: selectors.members(viewer=viewer).values("user").distinct().count() > 1,
            link="people:people",
            link_words="People",
        )
    )


def _viewer(request: HttpRequest) -> shell.Viewer:
    held = list(selectors.roles_of(request.user))
    return shell.Viewer(request.actor.name, _words(held), reverse("people:settings"))


def _words(held: list[Membership]) -> str:
    """The roles in a line: "Auditor, Flight operations"; beyond two, how many more."""
    parts = [f"{TITLES[Role(row.role)]}, {row.team.name if row.team else 'whole organisation'}" for row in held[:2]]
    more = len(held) - len(parts)
    return "; ".join([*parts, f"{more} more"] if more else parts) or "No role yet"


def _access(request: HttpRequest) -> str | None:
    """Within what an auditor sees, and when that ends; that it has ended, for who has no other role."""
    if not request.user.is_authenticated:
        return None
    actor = request.actor
    if actor.limits:
        return " ".join(words.notice(limit, also=bool(actor.grants)) for limit in actor.limits)
    if not actor.grants:
        ended = selectors.last_ended(request.user)
        if ended is not None and ended.until:
            role, day = TITLES[Role(ended.role)].lower(), words.last_day(ended.until)
            return f"Your access as {role} ended on {day}. An administrator can grant it again."
    if any(Role.AUDITOR in roles for roles in actor.grants.values()):
        ends = [row.until for row in selectors.roles_of(request.user) if row.role == Role.AUDITOR and row.until]
        return f"Your access as an auditor ends on {words.last_day(min(ends))}." if ends else None
    return None


def _empty(request: HttpRequest) -> bool:
    """Until every step is done, the way to the first steps stays in the rail, for those who can take them."""
    actor = request.actor
    if not actor.may_anywhere("catalogue.write") or cache.get(ALL_DONE):
        return False
    left = steps.left(actor, first=cache.get(FIRST_LEFT, ""))
    if left:
        cache.set(FIRST_LEFT, left, 300)
    else:
        cache.set(ALL_DONE, True, 300)
    return bool(left)
