"""What the ledger says about holds, erasure and retention."""

from audit.ledger import pruning
from audit.ledger.registry import Action, register

PAGE = "retention:hold"
PERSONAL = ("subject_name", "reason")

HOLD_PLACED = register(
    Action("retention.hold_placed", "placed a hold on {subject}", link=PAGE, personal=PERSONAL, weighty=True)
)
HOLD_RELEASED = register(
    Action("retention.hold_released", "released the hold on {subject}", link=PAGE, personal=PERSONAL, weighty=True)
)
ERASED = register(Action("retention.person_erased", "erased a person, who is now {subject}", weighty=True))
COPIES_ERASED = register(Action("retention.copies_erased", "erased the name and e-mail of {subject} from records"))
ERASURE_REFUSED = register(
    Action(
        "retention.erasure_refused",
        "was refused the erasure of {subject}",
        personal=PERSONAL,
        weighty=True,
        touches=False,
    )
)
PRUNED = register(Action(pruning.ACTION, "removed the content of entries: {subject}", weighty=True))
PRUNING_REFUSED = register(Action("retention.pruning_refused", "kept what a hold is on: {subject}", weighty=True))
DOCUMENTS_REMOVED = register(Action("retention.documents_removed", "removed documents: {subject}", weighty=True))
POLICY_TAKEN_UP = register(Action("retention.policy_taken_up", "took up the policy: {subject}", weighty=True))
