"""What the ledger says about promotion requests."""

from audit.ledger.registry import Action, register

PAGE = "approvals:request"
ASKED = register(Action("approvals.asked", "asked for the promotion {subject}", link=PAGE, weighty=True))
VOTED = register(Action("approvals.voted", "voted on the promotion {subject}", link=PAGE, weighty=True, touches=False))
APPROVED = register(Action("approvals.approved", "approved the promotion {subject}", link=PAGE, weighty=True))
REJECTED = register(Action("approvals.rejected", "rejected the promotion {subject}", link=PAGE, weighty=True))
CHANGES_ASKED = register(
    Action("approvals.changes_asked", "asked for changes to the promotion {subject}", link=PAGE, weighty=True)
)
WITHDRAWN = register(Action("approvals.withdrawn", "withdrew the promotion {subject}", link=PAGE, weighty=True))
