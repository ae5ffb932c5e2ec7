"""Who asked for a promotion that waits must withdraw it before they can be erased."""

from django.db.models import Q

from audit.people.models import User
from audit.retention import erasers
from governance.approvals.models import PromotionRequest, State


def open_requests(user: User) -> list[str]:
    """A sentence for each request that waits, and that only this person can withdraw."""
    asked = Q(requested_by=user) | Q(on_behalf_of=user)
    rows = PromotionRequest.objects.filter(asked, state=State.OPEN).select_related("version__model")
    return [f"{user.name} asked for {row}, which waits: have it decided or withdrawn first." for row in rows]


def register() -> None:
    """Tells retention."""
    erasers.first(open_requests)
